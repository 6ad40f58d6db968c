//! Logins for whatever tokens a provider gives.

use serde_json::Value;

use super::*;

fn any(provider: &Provider, options: &Options, ui: &mut dyn Ui) -> Result<Tokens, LoginError> {
    tokens(provider, Need::Any, options, ui)
}

/// Log in for tokens with this answer of the token endpoint.
fn ask(reply: Value) -> (Outcome<Tokens>, Idp) {
    let idp = Idp::new();
    *idp.shared.reply.lock().unwrap() = Reply::Json(200, reply);
    (run(&idp, (&idp.provider(), &options()), good, any), idp)
}

#[test]
fn an_access_token_is_enough() {
    let (outcome, _idp) = ask(json!({"access_token": "a", "token_type": "bearer", "scope": "user"}));
    let tokens = outcome.result.unwrap();
    assert_eq!((tokens.access_token.as_str(), tokens.id_token.as_str(), tokens.expires_in), ("a", "", 0));
    assert_eq!((tokens.token_type.as_str(), tokens.scope.as_str()), ("bearer", "user"));
    let page = &outcome.seen[0].page;
    assert!(page.contains("<h1>You are logged in</h1>") && !page.contains("Welcome"), "{page}");
}

#[test]
fn a_time_is_a_number_or_text() {
    for (value, expected) in
        [(json!(3599), 3599), (json!("3599"), 3599), (json!(1.5), 1), (json!(-1), 0), (json!([]), 0)]
    {
        let (outcome, _idp) = ask(json!({"access_token": "a", "expires_in": value}));
        assert_eq!(outcome.result.unwrap().expires_in, expected);
    }
}

#[track_caller]
fn check_refused(reply: Value, expected: &str) {
    let error = ask(reply.clone()).0.result.err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some(expected), "{reply}");
}

#[test]
fn what_is_no_token_is_refused() {
    let start = "the identity provider's answer cannot be used: ";
    check_refused(json!({}), &format!("{start}it holds no token"));
    check_refused(json!({"access_token": "", "id_token": ""}), &format!("{start}it holds no token"));
    let reason = "the id token was not accepted: it is not a signed token";
    check_refused(json!({"access_token": "a", "id_token": "x"}), &format!("{start}{reason}"));
    check_refused(json!({"error": "x", "access_token": "a"}), "the identity provider refused the login: x");
}

#[test]
fn l04_a_token_cannot_draw_on_the_terminal_or_add_a_header() {
    for text in ["a\u{1b}[2J", "a\r\nCookie: x", "a\u{202e}b", "a\0"] {
        let reason = "the identity provider's answer cannot be used: the access token has characters that no token has";
        check_refused(json!({"access_token": text}), reason);
    }
}

#[test]
fn scopes_are_sent_as_they_are_when_no_id_token_is_needed() {
    let idp = Idp::new();
    let provider = Provider { scopes: vec!["read".to_owned(), "write".to_owned()], ..idp.provider() };
    let sent = |outcome: &[String]| Sent { url: address(outcome) }.parameter("scope");
    let plain = run(&idp, (&provider, &options()), good, any);
    assert_eq!(sent(&plain.lines), "read write");
    let login = run(&idp, (&provider, &options()), good, id_token);
    assert_eq!(sent(&login.lines), "openid read write");
}

#[test]
fn known_endpoints_are_not_discovered() {
    let idp = Idp::new();
    let url = |path: &str| format!("{}/{path}", idp.shared.base).parse().ok();
    let endpoints = Endpoints { authorization: url("authorize"), token: url("token"), ..Endpoints::default() };
    let provider =
        Provider { endpoints: Some(endpoints.clone()), configuration_endpoint: String::new(), ..idp.provider() };
    // Without discovery it is not known who the token should be from.
    *idp.shared.reply.lock().unwrap() = Reply::Token(json!({"iss": "https://other.test"}));
    run(&idp, (&provider, &options()), good, any).result.map(drop).unwrap();
    *idp.shared.reply.lock().unwrap() = Reply::Token(json!({"nonce": "x"}));
    assert!(run(&idp, (&provider, &options()), good, any).result.is_err());
    let options = Options { way: Way::Device, ..options() };
    let error = run(&idp, (&provider, &options), good, any).result.err().map(|error| error.to_string());
    let expected = "the provider's device_authorization_endpoint is needed for this login; give it, too";
    assert_eq!(error.as_deref(), Some(expected));
}

#[test]
fn a_login_may_end_on_another_page() {
    let idp = Idp::new();
    let after = Some("https://intranet.test/done?x".parse().unwrap());
    let outcome = log_in(&idp, &Options { after: after.clone(), ..options() }, good);
    outcome.result.unwrap();
    let head = outcome.seen[0].head.to_lowercase();
    assert!(head.starts_with("http/1.1 302") && head.contains("location: https://intranet.test/done?x\r\n"), "{head}");
    // A login that failed is told here.
    *idp.shared.reply.lock().unwrap() = Reply::Html(502);
    let outcome = log_in(&idp, &Options { after, ..options() }, good);
    assert!(outcome.seen[0].head.starts_with("HTTP/1.1 400") && outcome.result.is_err(), "{}", outcome.seen[0].head);
}

/// A login in which the browser brings the tokens themselves, with these claims changed.
fn implicit(changed: Value, wrong_state: &'static str) -> Outcome<Tokens> {
    let idp = Idp::new();
    let shared = Arc::clone(&idp.shared);
    let options = Options { way: Way::Implicit, time_limit: Duration::from_secs(2), ..options() };
    run(
        &idp,
        (&idp.provider(), &options),
        move |sent| {
            let token = make_token(&shared, changed.clone());
            let state = sent.parameter("state") + wrong_state;
            assert_eq!(sent.parameter("response_type"), "id_token token");
            assert_eq!(sent.parameter("code_challenge"), "");
            let fragment = format!("access_token=a&expires_in=60&token_type=Bearer&id_token={token}&state={state}");
            vec![String::new(), format!("?urlhash=true&{fragment}")]
        },
        any,
    )
}

#[test]
fn a_browser_may_bring_the_tokens_themselves() {
    let outcome = implicit(json!({}), "");
    let [first, second] = &outcome.seen[..] else { panic!("two pages") };
    assert!(first.head.starts_with("HTTP/1.1 200") && first.head.contains("script-src 'sha256-"), "{}", first.head);
    assert!(first.page.contains("<script>location.replace("), "{}", first.page);
    assert!(second.page.contains("<b>alice@example.com</b>") && !second.page.contains("<script"), "{}", second.page);
    let tokens = outcome.result.unwrap();
    assert_eq!((tokens.access_token.as_str(), tokens.expires_in, tokens.token_type.as_str()), ("a", 60, "Bearer"));
}

#[test]
fn o17_tokens_of_another_login_are_not_taken() {
    assert!(implicit(json!({"nonce": "other"}), "").result.is_err());
    assert!(implicit(json!({"aud": "other"}), "").result.is_err());
    assert!(matches!(implicit(json!({}), "x").result, Err(LoginError::TimedOut(_))));
}

#[test]
fn a_refresh_token_takes_the_place_of_a_login() {
    let idp = Idp::new();
    let refresh = |token: &str| tokens_again(&idp.provider(), Need::IdToken, &options(), token);
    *idp.shared.reply.lock().unwrap() = Reply::Token(json!({"nonce": null}));
    let again = refresh("r1").unwrap();
    let form = idp.shared.last_form();
    assert_eq!((form["grant_type"].as_str(), form["refresh_token"].as_str()), ("refresh_token", "r1"));
    assert_eq!((again.id_token.is_empty(), again.refresh_token.as_str()), (false, "r1"));
    for (reply, is_an_answer) in [
        (Reply::Json(400, json!({"error": "invalid_grant"})), true),
        (Reply::Json(200, json!({"access_token": "a"})), true),
        (Reply::Token(json!({"aud": "other"})), true),
        (Reply::Token(json!({"nonce": "n"})), true),
        (Reply::Html(503), false),
        (Reply::HangUp, false),
    ] {
        *idp.shared.reply.lock().unwrap() = reply;
        let error = refresh("r1").err().unwrap();
        assert_eq!(error.is_an_answer(), is_an_answer, "{error}");
    }
}

#[test]
fn a_login_that_is_to_be_kept_has_no_nonce_where_pkce_takes_its_place() {
    let idp = Idp::new();
    let options = Options { will_refresh: true, ..options() };
    let nonce = |outcome: &Outcome| Sent { url: address(&outcome.lines) }.parameter("nonce");
    assert_ne!(nonce(&log_in(&idp, &options, good)), "");
    idp.shared.say("code_challenge_methods_supported", json!(["plain", "S256"]));
    *idp.shared.reply.lock().unwrap() = Reply::Token(json!({"nonce": null}));
    let outcome = log_in(&idp, &options, good);
    assert_eq!(nonce(&outcome), "");
    outcome.result.unwrap();
    assert!(idp.shared.last_form().contains_key("code_verifier"));
    let outcome = log_in(&idp, &Options { will_refresh: false, ..options }, good);
    assert_ne!(nonce(&outcome), "");
}
