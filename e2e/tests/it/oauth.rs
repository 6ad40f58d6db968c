//! Logging in for tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::elsewhere::find_device_url;
use crate::harness::{Background, Idp, Place, browse, find_login_url};

/// A provider, and a place that trusts it.
fn provider() -> (Idp, Place) {
    let (idp, mut place) = (Idp::start(), Place::new());
    place.set("SSL_CERT_FILE", idp.root());
    (idp, place)
}

fn start(idp: &Idp, place: &Place, more: &[&str]) -> Background {
    place.start_rung(&[&["oauth", "--provider", &idp.issuer, "--client-id", "rung-public"], more].concat())
}

/// The claims of a token.
fn claims(token: &str) -> Value {
    let payload = token.trim().split('.').nth(1).expect("a signed token");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

#[test]
fn all_tokens_are_printed() {
    let (idp, mut place) = provider();
    place.set("STEP_CLIENT_SECRET", "loopback-secret");
    let command = start(&idp, &place, &["--client-id", "rung", "--scope", "openid email"]);
    let url = command.wait_for("the address to open", find_login_url);
    let page = browse(&["login", &url, "alice@a.com"]);
    assert!(page.text.contains("Welcome, alice@a.com."), "{page:?}");
    let printed = command.finish().success().stdout;
    let tokens: Value = serde_json::from_str(&printed).expect("JSON");
    let names: Vec<&String> = tokens.as_object().expect("an object").keys().collect();
    assert_eq!(names[..5], ["access_token", "id_token", "refresh_token", "expires_in", "token_type"]);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &300.into()), "{printed}");
    assert_eq!(claims(tokens["id_token"].as_str().expect("text"))["email"], "alice@a.com");
}

#[test]
fn one_token_is_printed() {
    let (idp, place) = provider();
    let command = start(&idp, &place, &["--oidc", "--bare", "--prompt", "login", "--email", "bob@b.com"]);
    let url = command.wait_for("the address to open", find_login_url);
    assert!(url.contains("&prompt=login&") && url.contains("&login_hint=bob%40b.com&"), "{url}");
    browse(&["login", &url, "bob@b.com"]);
    assert_eq!(claims(&command.finish().success().stdout)["sub"], "bob@b.com");
}

#[test]
fn a_code_leads_to_a_header() {
    let (idp, place) = provider();
    let command = start(&idp, &place, &["--console", "--oidc", "--header"]);
    let url = command.wait_for("the address to open", find_device_url);
    browse(&["device", &url, "bob@b.com"]);
    let printed = command.finish().success().stdout;
    let token = printed.strip_prefix("Authorization: Bearer ").expect("a header");
    assert_eq!(claims(token)["sub"], "bob@b.com");
}

#[test]
fn a_denied_login_prints_nothing() {
    let (idp, place) = provider();
    let command = start(&idp, &place, &["--bare"]);
    let url = command.wait_for("the address to open", find_login_url);
    browse(&["deny", &url, "bob@b.com"]);
    let finished = command.finish();
    assert_eq!(finished.stdout, "");
    finished.refusal(&["the identity provider refused the login", "access_denied"]);
}
