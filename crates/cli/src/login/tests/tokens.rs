//! Logins for whatever tokens a provider gives.

use serde_json::Value;

use super::*;

/// Log in for tokens with this answer of the token endpoint.
fn ask(reply: Value) -> (Outcome<Tokens>, Idp) {
    let idp = Idp::new();
    *idp.shared.reply.lock().unwrap() = Reply::Json(200, reply);
    (run(&idp, (&idp.provider(), &options()), good, tokens), idp)
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
    let sent = |outcome: &[String]| Sent { url: outcome[0].parse().unwrap() }.parameter("scope");
    let plain = run(&idp, (&provider, &options()), good, tokens);
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
    run(&idp, (&provider, &options()), good, tokens).result.map(drop).unwrap();
    *idp.shared.reply.lock().unwrap() = Reply::Token(json!({"nonce": "x"}));
    assert!(run(&idp, (&provider, &options()), good, tokens).result.is_err());
    let options = Options { way: Way::Device, ..options() };
    let error = run(&idp, (&provider, &options), good, tokens).result.err().map(|error| error.to_string());
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
        tokens,
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
