//! Logins whose result is pasted.

use super::*;

fn paste() -> Options {
    Options { way: Way::Paste, ..options() }
}

/// What comes of pasting this, given the right state.
#[track_caller]
fn check_pasted(way: Way, pasted: impl Fn(&str) -> Vec<String> + Send + Sync + 'static, expected: Result<&str, &str>) {
    let idp = Idp::new();
    let options = Options { way, ..options() };
    let outcome = log_in(&idp, &options, move |sent| pasted(&sent.parameter("state")));
    let found = outcome.result.map(|_| idp.shared.last_form()["code"].clone()).map_err(|error| error.to_string());
    assert_eq!(found.as_deref().map_err(String::as_str), expected, "{:?}", outcome.lines);
    if expected.is_err() {
        assert!(idp.shared.forms().is_empty(), "something was sent to the provider");
    }
}

#[test]
fn without_device_login_the_address_is_pasted() {
    let idp = Idp::new();
    let outcome = log_in(&idp, &Options { way: Way::Console, ..options() }, |sent| {
        vec!["?code=x&state=wrong".to_owned(), format!("?code=c0de&state={}#x", sent.parameter("state"))]
    });
    outcome.result.unwrap();
    assert_eq!(idp.shared.last_form()["code"], "c0de");
    assert!(outcome.lines.iter().any(|line| line.starts_with("That is not an address of this login.")));
    let redirect_uri = outcome.redirect_uri.unwrap();
    assert_eq!(idp.shared.last_form()["redirect_uri"], redirect_uri.as_str().trim_end_matches('/'));
}

#[test]
fn the_address_may_be_pasted_in_parts() {
    for way in [Way::Paste, Way::OutOfBand] {
        check_pasted(way, |state| vec![format!("!http://127.0.0.1:1/x?code=c0de&state={state}&a=b#y")], Ok("c0de"));
        check_pasted(way, |state| vec![format!("!  ?code=c0de&state={state}  ")], Ok("c0de"));
        check_pasted(way, |state| vec![format!("!code=c0de&state={state}")], Ok("c0de"));
        check_pasted(way, |state| vec![format!("!4/0Ab_c-d#{state}")], Ok("4/0Ab_c-d"));
        check_pasted(way, |_| vec!["!4/0Ab_c-d==".to_owned()], Ok("4/0Ab_c-d=="));
    }
}

#[test]
fn o17_what_belongs_to_another_login_is_not_taken() {
    let wrong = Err("the result of the login was not entered: nothing that was entered belongs to this login");
    for text in [
        "!http://127.0.0.1:1/?code=c0de&state=other",
        "!?code=c0de",
        "!code=c0de&state=other",
        "!c0de#other",
        "!http://127.0.0.1:1/",
        "!127.0.0.1:61861/",
        "!two words",
        "!\u{1b}[2J",
    ] {
        check_pasted(Way::Paste, move |_| vec![text.to_owned(); 5], wrong);
        check_pasted(Way::OutOfBand, move |_| vec![text.to_owned(); 5], wrong);
    }
    let denied = "the identity provider refused the login: No (access_denied)";
    let url = |state: &str| vec![format!("?error=access_denied&error_description=No&state={state}")];
    check_pasted(Way::Paste, url, Err(denied));
}

#[test]
fn nothing_pasted_is_an_error() {
    let idp = Idp::new();
    let end = log_in(&idp, &paste(), |_| Vec::new()).result.unwrap_err().to_string();
    assert_eq!(end, "the result of the login was not entered: unexpected end of file");
    let empty = log_in(&idp, &paste(), |_| vec!["! ".to_owned()]).result.unwrap_err().to_string();
    assert_eq!(empty, "the result of the login was not entered: the input is empty");
}

#[test]
fn out_of_band_the_provider_is_asked_to_show_the_code() {
    let idp = Idp::new();
    let outcome = log_in(&idp, &Options { way: Way::OutOfBand, ..options() }, |_| vec!["!c0de".to_owned()]);
    outcome.result.unwrap();
    assert_eq!(outcome.lines[..2], ["Open a local web browser and visit:", ""]);
    assert_eq!(idp.shared.last_form()["redirect_uri"], "urn:ietf:wg:oauth:2.0:oob");
    assert_eq!(outcome.redirect_uri.unwrap().as_str(), "urn:ietf:wg:oauth:2.0:oob");
}
