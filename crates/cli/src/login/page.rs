//! The pages that a person sees when the browser comes back.
//!
//! One style sheet and two drawings, all inside the page; nothing from elsewhere, and the
//! policy that is sent along lets the browser load nothing else. One page has a script, of
//! one line.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::LoginError;
use super::claims::Person;

/// A page.
pub(super) struct Page {
    /// Its HTTP status.
    pub(super) status: u16,
    tone: Tone,
    title: &'static str,
    /// What happened: a sentence of ours, already HTML.
    story: String,
    /// Somebody else's words, escaped when they are shown.
    reason: Option<String>,
    next: &'static str,
    /// Where the browser goes instead of showing the page.
    pub(super) location: Option<String>,
    script: &'static str,
}

#[derive(Clone, Copy)]
enum Tone {
    Bad,
    Good,
    Odd,
}

impl Page {
    /// The login is done.
    pub(super) fn success(person: Option<&Person>) -> Self {
        let welcome = person.map(|person| format!("Welcome, <b>{}</b>. ", escape(&person.0))).unwrap_or_default();
        Self {
            status: 200,
            tone: Tone::Good,
            title: "You are logged in",
            story: format!("{welcome}Your terminal has what it needs."),
            reason: None,
            next: "Go back to your terminal to continue. You can close this tab.",
            location: None,
            script: "",
        }
    }

    /// The login is done, and the person wants to see something else then.
    pub(super) fn elsewhere(place: &Url) -> Self {
        Self { status: 302, location: Some(place.as_str().to_owned()), ..Self::success(None) }
    }

    /// The tokens are in a part of the address that browsers keep to themselves; this page
    /// comes back with them.
    pub(super) fn fragment() -> Self {
        Self {
            title: "Finishing the login",
            story: "This takes a moment.".to_owned(),
            next: "If this page stays, allow scripts for it and run the command in your terminal again.",
            tone: Tone::Odd,
            script: FRAGMENT,
            ..Self::success(None)
        }
    }

    /// The login ended without a token.
    pub(super) fn failure(error: &LoginError) -> Self {
        let reason = Some(match error {
            LoginError::Refused { error, description } => super::error::describe(error, description),
            _ => error.to_string(),
        });
        let (title, story, next) = match error {
            LoginError::Refused { error: code, .. } if code == "access_denied" => (
                "The login was denied",
                "Your identity provider ended the login, or you cancelled it there.",
                TRY_AGAIN,
            ),
            LoginError::Refused { error: code, .. } if code == "invalid_grant" => (
                "This login has expired",
                "Your identity provider no longer accepts it, most likely because it took too long or was used before.",
                "Run the command in your terminal again to start a new one. You can close this tab.",
            ),
            LoginError::Refused { .. } => (
                "The login did not work",
                "Your identity provider refused it. The reason it gave may help whoever runs it.",
                TRY_AGAIN,
            ),
            LoginError::Fetch(_) => (
                "The login could not be finished",
                "Your identity provider could not be reached for the last step.",
                "Run the command in your terminal again in a moment. You can close this tab.",
            ),
            LoginError::MixUp { .. } => (
                "The login was stopped",
                "The answer came from another identity provider than the one that was asked, which may be an attack.",
                "Tell whoever runs your certificate authority. You can close this tab.",
            ),
            _ => ("The login did not work", "The answer of your identity provider cannot be used.", TRY_AGAIN),
        };
        let story = story.to_owned();
        Self { status: 400, tone: Tone::Bad, title, story, reason, next, location: None, script: "" }
    }

    /// Not an answer to the login that is waited for.
    pub(super) fn not_ours() -> Self {
        Self {
            status: 400,
            tone: Tone::Odd,
            title: "This page is not from your login",
            story: "It belongs to another login, perhaps an older one, so nothing was done. \
                    The login that your terminal is waiting for is not affected."
                .to_owned(),
            reason: None,
            next: "Open the address that your terminal shows, and finish the login there.",
            location: None,
            script: "",
        }
    }

    /// The answer came before.
    pub(super) fn used() -> Self {
        Self {
            status: 409,
            tone: Tone::Odd,
            title: "This login was finished before",
            story: "A login counts once, so this time nothing was done.".to_owned(),
            reason: None,
            next: "Look at your terminal for what came of it. You can close this tab.",
            location: None,
            script: "",
        }
    }

    /// Another path.
    pub(super) fn not_found() -> Self {
        Self {
            status: 404,
            tone: Tone::Odd,
            title: "There is nothing here",
            story: "This address only waits for a login to come back.".to_owned(),
            reason: None,
            next: "Open the address that your terminal shows.",
            location: None,
            script: "",
        }
    }

    /// Another method than GET.
    pub(super) fn wrong_method() -> Self {
        Self { status: 405, ..Self::not_found() }
    }

    /// What the browser may load and run for this page: what is in it, by its hash.
    pub(super) fn policy(&self) -> String {
        let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
        let script = match self.script {
            "" => String::new(),
            script => format!(" script-src 'sha256-{}';", hash(script)),
        };
        let style = hash(STYLE);
        format!(
            "default-src 'none'; style-src 'sha256-{style}';{script} base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        )
    }

    /// The page as HTML.
    pub(super) fn html(&self) -> String {
        let (class, mark) = match self.tone {
            Tone::Bad => ("bad", CROSS),
            Tone::Good => ("good", CHECK),
            Tone::Odd => ("odd", QUESTION),
        };
        let reason = self
            .reason
            .as_deref()
            .map(|reason| format!("<div class=\"reason\"><code>{}</code></div>\n", escape(reason)));
        let script = match self.script {
            "" => String::new(),
            script => format!("<script>{script}</script>\n"),
        };
        format!(
            concat!(
                "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
                "<meta name=\"robots\" content=\"noindex\">\n",
                "<title>{title} · Rung</title>\n<style>{style}</style>\n</head>\n",
                "<body class=\"{class}\">\n<main>\n{mark}<h1>{title}</h1>\n<p>{story}</p>\n{reason}",
                "<p class=\"next\">{next}</p>\n</main>\n<footer>{ladder}Rung command line</footer>\n{script}</body>\n</html>\n",
            ),
            title = self.title,
            style = STYLE,
            class = class,
            mark = mark,
            story = self.story,
            reason = reason.unwrap_or_default(),
            next = self.next,
            ladder = LADDER,
            script = script,
        )
    }
}

/// Escape text for HTML, inside and outside of attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in rung_api::printable(text).chars() {
        match character {
            '"' | '&' | '\'' | '<' | '>' => {
                write!(out, "&#{};", u32::from(character)).expect("a string takes everything");
            }
            _ => out.push(character),
        }
    }
    out
}

const TRY_AGAIN: &str = "Your terminal shows the same reason. Run the command again to retry. You can close this tab.";

/// Marks an address in which what was behind `#` has become the query.
pub(super) const MOVED: &str = "urlhash=true";

const FRAGMENT: &str = "location.replace(location.pathname + '?urlhash=true&' + location.hash.substring(1));";

const STYLE: &str = include_str!("page.css");

const CHECK: &str = concat!(
    "<svg class=\"mark\" viewBox=\"0 0 40 40\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"3\" ",
    "stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\">",
    "<circle cx=\"20\" cy=\"20\" r=\"18\"/><path d=\"M12 20.5l5.5 5.5L28.5 15\"/></svg>\n",
);

const CROSS: &str = concat!(
    "<svg class=\"mark\" viewBox=\"0 0 40 40\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"3\" ",
    "stroke-linecap=\"round\" aria-hidden=\"true\">",
    "<circle cx=\"20\" cy=\"20\" r=\"18\"/><path d=\"M14 14l12 12M26 14L14 26\"/></svg>\n",
);

const QUESTION: &str = concat!(
    "<svg class=\"mark\" viewBox=\"0 0 40 40\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"3\" ",
    "stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\">",
    "<circle cx=\"20\" cy=\"20\" r=\"18\"/><path d=\"M15.5 16a4.5 4.5 0 1 1 6.6 4c-1.5.8-2.1 1.6-2.1 3.2M20 28.3v.1\"/></svg>\n",
);

/// Two rails and three rungs.
const LADDER: &str = concat!(
    "<svg viewBox=\"0 0 16 16\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.6\" ",
    "stroke-linecap=\"round\" aria-hidden=\"true\">",
    "<path d=\"M4 1.5v13M12 1.5v13M4 4.5h8M4 8h8M4 11.5h8\"/></svg>",
);
