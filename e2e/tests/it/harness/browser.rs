//! A person at a browser.

use serde_json::Value;

use super::place::{Place, own_file};
use super::process::Finished;

/// The page that was shown in the end.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its address.
    pub(crate) url: String,
    /// What the browser's window is called.
    pub(crate) title: String,
    /// What can be read.
    pub(crate) text: String,
    /// The HTTP status.
    pub(crate) status: u64,
    /// The headers, by their names in small letters.
    pub(crate) headers: Value,
    /// The addresses that the page made the browser load, its own first.
    pub(crate) loaded: Vec<String>,
}

/// Let a person do something in a browser: `["login", url, email]`, `["deny", url, email]`, `["device", url, email]`,
/// `["deny-device", url, email]`, `["elsewhere", url, email]`, `["demo", url, email]` or `["open", url]`.
#[track_caller]
pub(crate) fn browse(arguments: &[&str]) -> Page {
    let place = Place::new();
    let mut node = place.command("node");
    node.arg(own_file("node/browser.mjs")).args(arguments);
    let printed = Finished::run(&node).success().stdout;
    let page: Value = serde_json::from_str(printed.trim()).expect("it prints JSON");
    let text = |name: &str| page[name].as_str().expect("it is text").to_owned();
    let loaded = page["loaded"].as_array().expect("it is a list").iter();
    Page {
        url: text("url"),
        title: text("title"),
        text: text("text"),
        status: page["status"].as_u64().expect("it is a number"),
        headers: page["headers"].clone(),
        loaded: loaded.map(|address| address.as_str().expect("it is text").to_owned()).collect(),
    }
}

/// The address that a person is asked to open, in what a command printed.
pub(crate) fn find_login_url(printed: &str) -> Option<String> {
    let start = printed.find("https://127.0.0.1:")?;
    let (url, _) = printed[start..].split_once(char::is_whitespace)?;
    url.contains("/auth?").then(|| url.to_owned())
}
