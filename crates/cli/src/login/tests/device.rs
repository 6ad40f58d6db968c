//! Logins with a code (RFC 8628), at the provider's pace.

use std::cell::Cell;

use serde_json::Value;

use super::*;

thread_local! {
    static WAITED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Instead of sleeping.
pub(super) fn remember(duration: Duration) {
    WAITED.set(WAITED.get() + duration);
}

fn console() -> Options {
    WAITED.set(Duration::ZERO);
    Options { way: Way::Console, ..options() }
}

/// Log in with these answers to the questions for the token, and with the answer to the first question changed.
fn poll(answers: Vec<&'static str>, changed: Value) -> (Outcome, Idp) {
    let idp = Idp::new();
    idp.shared.offer_device_with(changed);
    *idp.shared.reply.lock().unwrap() = Reply::After(answers);
    let outcome = log_in(&idp, &console(), |_| Vec::new());
    (outcome, idp)
}

#[test]
fn o18_the_code_and_the_client_are_shown_and_nothing_is_opened() {
    let (outcome, idp) = poll(Vec::new(), json!({}));
    outcome.result.unwrap();
    assert_eq!(
        outcome.lines,
        [
            "Open this address in a browser, on any device, and check that it shows the code below:",
            "",
            "https://idp.test/device?code=ABCD-EFGH",
            "",
            "Code: ABCD-EFGH",
            "To type both by hand, go to https://idp.test/device",
            "",
            "The page must be about the client `client`. Waiting for 5 minutes at most.",
        ]
    );
    assert_eq!(outcome.drawings, [Drawing::of("https://idp.test/device?code=ABCD-EFGH").unwrap()]);
    let forms = idp.shared.forms();
    assert_eq!(forms[0]["scope"], "openid email");
    assert!(!forms[0].contains_key("client_secret"), "{forms:?}");
    assert_eq!(forms[1]["grant_type"], "urn:ietf:params:oauth:grant-type:device_code");
    assert_eq!(forms[1]["device_code"], "d");
    assert_eq!(outcome.progress[0], "Waiting for the login … 5:00 left");
    assert_eq!(outcome.progress.last().unwrap(), "", "the progress is wiped");
}

#[test]
fn o18_a_code_does_not_live_long_whatever_the_provider_says() {
    for (expires_in, limit) in [(json!(86_400), "15 minutes"), (json!(null), "15 minutes"), (json!("60"), "a minute")] {
        let (outcome, _idp) = poll(vec!["authorization_pending"; 400], json!({"expires_in": expires_in}));
        let expected = format!("nobody logged in within {limit}: run the command again");
        assert_eq!(outcome.result.unwrap_err().to_string(), expected);
    }
}

/// How long a login takes at these answers.
#[track_caller]
fn check_pace(answers: Vec<&'static str>, interval: Value, expected: u64) {
    let shown = format!("{answers:?} {interval}");
    let asked = answers.len() + 2;
    let (outcome, idp) = poll(answers, json!({"interval": interval}));
    outcome.result.unwrap();
    assert_eq!(WAITED.get().as_secs(), expected, "{shown}");
    assert_eq!(idp.shared.forms().len(), asked, "{shown}");
}

#[test]
fn the_provider_sets_the_pace() {
    const PENDING: &str = "authorization_pending";
    const SLOWER: &str = "slow_down";
    check_pace(vec![], json!(5), 5);
    check_pace(vec![], json!(null), 5);
    check_pace(vec![], json!("7"), 7);
    check_pace(vec![], json!(0), 1);
    check_pace(vec![PENDING, PENDING], json!(2), 2 + 2 + 2);
    check_pace(vec![PENDING, SLOWER, PENDING], json!(5), 5 + 5 + 10 + 10);
    check_pace(vec![SLOWER, SLOWER], json!(5), 5 + 10 + 15);
    // Trouble on the way halves the pace while it lasts, and ends nothing.
    check_pace(vec!["!503", PENDING, "!", "!429"], json!(1), 1 + 2 + 1 + 2 + 4);
    check_pace(vec![SLOWER, "!503", PENDING], json!(1), 1 + 6 + 12 + 6);
}

#[track_caller]
fn check_end(answers: Vec<&'static str>, expected: &str) {
    let (outcome, idp) = poll(answers, json!({}));
    assert_eq!(outcome.result.unwrap_err().to_string().replace(&idp.shared.base, "IDP"), expected);
}

#[test]
fn a_device_login_that_ends_is_told() {
    let late = "nobody logged in within 5 minutes: run the command again";
    check_end(vec!["access_denied"], "the identity provider refused the login: access_denied");
    check_end(vec!["authorization_pending", "expired_token"], late);
    check_end(vec!["authorization_pending"; 400], late);
    check_end(vec!["invalid_grant"], "the identity provider refused the login: invalid_grant");
    check_end(vec!["!404"], "the login could not be finished: IDP/token answered with status 404");
    check_end(vec!["!503"; 100], "the login could not be finished: IDP/token answered with status 503");
}

#[track_caller]
fn check_answer(changed: Value, expected: Result<&str, &str>) {
    let idp = Idp::new();
    idp.shared.offer_device_with(changed.clone());
    let outcome = log_in(&idp, &Options { way: Way::Device, ..console() }, |_| Vec::new());
    let found = outcome.result.map(|_| outcome.lines[2].clone()).map_err(|error| error.to_string());
    let start = "the identity provider's answer cannot be used: ";
    let expected = expected.map(str::to_owned).map_err(|reason| format!("{start}{reason}"));
    assert_eq!(found, expected, "{changed}");
}

#[test]
fn the_place_to_go_to_has_several_names_and_must_be_a_web_page() {
    let nowhere = Err("it does not say where to enter the code");
    let old =
        json!({"verification_uri": null, "verification_uri_complete": null, "verification_url": "https://old.test/"});
    check_answer(old, Ok("https://old.test/"));
    check_answer(json!({"verification_uri_complete": null}), Ok("https://idp.test/device"));
    check_answer(json!({"verification_uri": null}), Ok("https://idp.test/device?code=ABCD-EFGH"));
    check_answer(json!({"verification_uri_complete": "javascript:alert(1)"}), Ok("https://idp.test/device"));
    check_answer(json!({"verification_uri_complete": null, "verification_uri": "file:///etc/passwd"}), nowhere);
    check_answer(json!({"verification_uri_complete": null, "verification_uri": null}), nowhere);
    check_answer(json!({"device_code": null}), Err("it holds no code"));
    check_answer(json!({"user_code": ""}), Err("it holds no code"));
}

#[test]
fn l04_what_the_provider_says_cannot_draw_on_the_terminal() {
    let (outcome, _idp) = poll(Vec::new(), json!({"user_code": "A\u{1b}[2J\u{202e}B", "interval": 1}));
    outcome.result.unwrap();
    assert!(outcome.lines.contains(&"Code: A\\u{1b}[2J\\u{202e}B".to_owned()), "{:?}", outcome.lines);
}

#[test]
fn a_client_that_may_not_use_codes_pastes() {
    for (status, answer, reason) in [
        (400, json!({"error": "unauthorized_client"}), "the identity provider refused the login: unauthorized_client"),
        (200, json!({"error": "unauthorized_client"}), "the identity provider refused the login: unauthorized_client"),
        (404, json!({}), "the identity provider's answer cannot be used: status 404 and no reason"),
    ] {
        let idp = Idp::new();
        idp.shared.refuse_device(status, answer.clone());
        let outcome = log_in(&idp, &console(), good);
        outcome.result.unwrap();
        assert_eq!(outcome.lines[0], format!("The provider allows this client no login by code: {reason}."));
        // Who asks for a code by name gets the refusal.
        let device = Options { way: Way::Device, ..options() };
        assert_eq!(log_in(&idp, &device, good).result.unwrap_err().to_string(), reason);
    }
}

#[test]
fn a_provider_without_device_logins_is_told() {
    let idp = Idp::new();
    let device = Options { way: Way::Device, ..options() };
    let error = log_in(&idp, &device, good).result.unwrap_err().to_string().replace(&idp.shared.base, "IDP");
    assert_eq!(error, "the provider metadata at IDP has no `device_authorization_endpoint`");
}
