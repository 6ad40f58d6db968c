//! The pages, all of them. With `RUNG_PAGES=DIR` they are written there, to be looked at.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::LoginError;
use super::super::claims::Person;
use super::super::error::describe;
use super::super::page::{Page, escape};

fn all() -> Vec<(&'static str, Page)> {
    let refused = |error: &str, description: &str| LoginError::refused(error, Some(description));
    let mix_up = LoginError::MixUp {
        expected: "https://sso.example.com/realms/staff".to_owned(),
        found: "https://login.example.net".to_owned(),
    };
    vec![
        ("success", Page::success(Some(&Person("alice@example.com".to_owned())))),
        ("denied", Page::failure(&refused("access_denied", "End-User aborted interaction"))),
        ("expired", Page::failure(&refused("invalid_grant", "grant request is invalid"))),
        ("refused", Page::failure(&refused("invalid_scope", "<script>alert(1)</script> \u{202e}&\"'"))),
        ("mix-up", Page::failure(&mix_up)),
        ("token", Page::failure(&LoginError::Token("it holds no id token".to_owned()))),
        ("late", Page::failure(&LoginError::TimedOut(Duration::from_secs(120)))),
        ("not-ours", Page::not_ours()),
        ("used", Page::used()),
        ("not-found", Page::not_found()),
        ("method", Page::wrong_method()),
    ]
}

#[test]
fn pages_hold_nothing_that_could_run_or_be_fetched() {
    for (name, page) in all() {
        let html = page.html();
        if let Ok(folder) = std::env::var("RUNG_PAGES") {
            std::fs::write(format!("{folder}/{name}.html"), &html).unwrap();
        }
        let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).unwrap().0;
        let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
        assert!(page.policy().contains(&format!("style-src 'sha256-{hash}';")), "{name}");
        for word in ["<script", "<link", "<img", "<form", "url(", "@import", " src=", " href=", " style=", " on"] {
            let outside = html.replace(" one", "").replace(" only", "").replace(" once", "");
            assert!(!outside.contains(word), "{name} holds `{word}`");
        }
        assert!(html.contains("<p class=\"next\">"), "{name} does not say what to do next");
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{name}");
    }
}

#[test]
fn text_of_others_is_escaped() {
    assert_eq!(escape("<a href='x' b=\"&\">é"), "&#60;a href=&#39;x&#39; b=&#34;&#38;&#34;&#62;é");
    assert_eq!(escape("\u{1b}\u{202e}\n"), "\\u{1b}\\u{202e}\\u{a}");
    let page = Page::success(Some(&Person("<script>alert(1)</script>".to_owned()))).html();
    assert!(page.contains("<b>&#60;script&#62;alert(1)&#60;/script&#62;</b>"), "{page}");
}

#[test]
fn a_reason_reads_well() {
    assert_eq!(describe("access_denied", ""), "access_denied");
    assert_eq!(describe("access_denied", "No"), "No (access_denied)");
    let long = LoginError::refused("x", Some(&"é".repeat(10_000))).to_string();
    assert!(long.chars().count() < 500, "{}", long.len());
}
