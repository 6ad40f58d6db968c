//! The pages of the demo's identity provider.

use std::fmt::Write;

use bytes::Bytes;
use http::{Response, StatusCode, header, header::HeaderValue};
use http_body_util::Full;
use rung_pki::sha256;

use super::{Answer, USERS};

/// The login page: who do you want to be?
pub(super) fn login(query: &[(String, String)]) -> Answer {
    let mut form = String::new();
    for (name, value) in query.iter().filter(|(name, _)| name != "user") {
        write!(form, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)).expect(TEXT);
    }
    for user in USERS {
        let local = user.split('@').next().unwrap_or_default();
        let initial = local.chars().next().unwrap_or('?').to_ascii_uppercase();
        write!(
            form,
            "<button name=\"user\" value=\"{user}\"><span class=\"face\">{initial}</span><span>{user}</span></button>"
        )
        .expect(TEXT);
    }
    let body = format!(
        "<h1>Log in</h1><p>Who would you like to be?</p><form method=\"post\" action=\"/login\">{form}\
         <button class=\"plain\" name=\"user\" value=\"\">Cancel</button></form>"
    );
    page(StatusCode::OK, &body)
}

/// A page that only says something.
pub(super) fn message(status: StatusCode, text: &str) -> Answer {
    page(status, &format!("<h1>Sorry</h1><p>{}</p>", escape(text)))
}

fn page(status: StatusCode, body: &str) -> Answer {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Demo login</title><style>{STYLE}</style><main>{body}\
         <footer>This identity provider is part of <b>rung demo</b>. It runs on this machine only and has no passwords.</footer></main></html>"
    );
    let mut answer = Response::new(Full::new(Bytes::from(html)));
    *answer.status_mut() = status;
    let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sha256(STYLE.as_bytes()));
    // The form leads to the client's loopback address, wherever that is: browsers apply form-action to redirects too.
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'");
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).expect("the policy is visible ASCII"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

const TEXT: &str = "a string takes every text";

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d2433;--soft:#667085;--paper:#fff;--ground:#f2f4f7;--line:#d0d5dd;--mark:#2f6f4f}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--paper:#1b2130;--ground:#11151f;--line:#344054;--mark:#6fbf97}}\
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{width:min(26rem,92vw);background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:2rem}\
h1{margin:0;font-size:1.5rem}p{margin:.25rem 0 1.25rem;color:var(--soft)}form{display:grid;gap:.6rem}\
button{display:flex;align-items:center;gap:.8rem;width:100%;padding:.7rem .9rem;font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:10px;cursor:pointer}\
button:hover,button:focus-visible{border-color:var(--mark);outline:2px solid var(--mark);outline-offset:-1px}\
.face{display:grid;place-items:center;width:2.2rem;height:2.2rem;border-radius:50%;background:var(--mark);color:var(--paper);font-weight:600}\
.plain{justify-content:center;border-color:transparent;color:var(--soft)}\
footer{margin-top:1.5rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.85rem;color:var(--soft)}";
