//! Logins at a scripted provider, with a scripted browser, over real sockets.

mod device;
mod idp;
mod machine;
mod pages;
mod paste;
mod terminals;
mod tokens;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::json;
use url::Url;

use super::*;
use idp::{Idp, Reply, id_token as make_token};

/// What the browser gets to see: status line and headers, and the page.
struct Seen {
    head: String,
    page: String,
}

/// What the authorization URL holds.
struct Sent {
    url: Url,
}

impl Sent {
    fn parameter(&self, name: &str) -> String {
        let found = self.url.query_pairs().find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }
}

type Answers = dyn Fn(&Sent) -> Vec<String> + Send + Sync;

/// A person with a browser: follows the first address that is shown.
struct Person {
    lines: Vec<String>,
    /// The queries to come back with, given what the URL held.
    answers: Box<Answers>,
    idp: Arc<idp::Shared>,
    browser: Option<JoinHandle<Vec<Seen>>>,
    pasted: Vec<String>,
    drawings: Vec<Drawing>,
    progress: Vec<String>,
}

impl Ui for Person {
    fn line(&mut self, text: &str) {
        self.lines.push(text.to_owned());
        let url = text.parse::<Url>().ok().filter(|url| url.path() == "/authorize");
        let Some(url) = url else { return };
        let sent = Sent { url };
        *self.idp.nonce.lock().unwrap() = sent.parameter("nonce");
        let redirect_uri = sent.parameter("redirect_uri");
        let answers = (self.answers)(&sent);
        // After an exclamation mark, what is pasted is no address.
        let pasted = |answer: &String| match answer.strip_prefix('!') {
            Some(text) => text.to_owned(),
            None => format!("{redirect_uri}/{answer}"),
        };
        self.pasted.extend(answers.iter().rev().map(pasted));
        if self.browser.is_none() {
            self.browser = Some(std::thread::spawn(move || {
                let place: Url = redirect_uri.parse().unwrap();
                // Made in advance and never used, as browsers do it; a login may be over by then.
                let _idle: Vec<_> = (0..3).map(|_| connect(&place)).collect();
                answers.iter().map(|answer| get(&place, answer)).collect()
            }));
        }
    }

    fn paste(&mut self, _: &str) -> io::Result<String> {
        self.pasted.pop().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn can_ask(&self) -> bool {
        true
    }

    fn drawing(&mut self, drawing: &Drawing) {
        self.drawings.push(drawing.clone());
    }

    fn progress(&mut self, text: &str) {
        self.progress.push(text.to_owned());
    }
}

fn connect(place: &Url) -> io::Result<TcpStream> {
    TcpStream::connect((place.host_str().unwrap(), place.port().unwrap()))
}

fn get(place: &Url, target: &str) -> Seen {
    request(place, &format!("GET /{target}"))
}

fn request(place: &Url, method_and_target: &str) -> Seen {
    let mut stream = connect(place).unwrap();
    let mut all = String::new();
    // A listener that is gone, or that has read enough, closes the connection.
    let _ = write!(stream, "{method_and_target} HTTP/1.1\r\nHost: x\r\n\r\n");
    let _ = stream.read_to_string(&mut all);
    let (head, page) = all.split_once("\r\n\r\n").unwrap_or((&all, ""));
    Seen { head: head.to_owned(), page: page.to_owned() }
}

/// The address that a person was asked to open.
fn address(lines: &[String]) -> Url {
    lines.iter().find(|line| line.starts_with("http")).unwrap().parse().unwrap()
}

struct Outcome<T = IdToken> {
    result: Result<T, LoginError>,
    seen: Vec<Seen>,
    lines: Vec<String>,
    redirect_uri: Option<Url>,
    drawings: Vec<Drawing>,
    progress: Vec<String>,
}

fn options() -> Options {
    let clock = Clock { now: || SystemTime::UNIX_EPOCH + Duration::from_secs(idp::NOW), sleep: device::remember };
    Options { open_browser: false, time_limit: Duration::from_secs(10), ..Options::new(clock) }
}

fn log_in(idp: &Idp, options: &Options, answers: impl Fn(&Sent) -> Vec<String> + Send + Sync + 'static) -> Outcome {
    log_in_with(idp, &idp.provider(), options, answers)
}

fn log_in_with(
    idp: &Idp,
    provider: &Provider,
    options: &Options,
    answers: impl Fn(&Sent) -> Vec<String> + Send + Sync + 'static,
) -> Outcome {
    run(idp, (provider, options), answers, id_token)
}

fn run<T>(
    idp: &Idp,
    (provider, options): (&Provider, &Options),
    answers: impl Fn(&Sent) -> Vec<String> + Send + Sync + 'static,
    ask: impl Fn(&Provider, &Options, &mut dyn Ui) -> Result<T, LoginError>,
) -> Outcome<T> {
    let mut person = Person {
        lines: Vec::new(),
        answers: Box::new(answers),
        idp: Arc::clone(&idp.shared),
        browser: (![Way::Auto, Way::Browser, Way::Implicit].contains(&options.way))
            .then(|| std::thread::spawn(Vec::new)),
        pasted: Vec::new(),
        drawings: Vec::new(),
        progress: Vec::new(),
    };
    let result = ask(provider, options, &mut person);
    let seen = person.browser.map_or_else(Vec::new, |browser| browser.join().unwrap());
    let url = person.lines.iter().find_map(|line| line.parse::<Url>().ok());
    let redirect_uri = url.and_then(|url| Sent { url }.parameter("redirect_uri").parse().ok());
    Outcome { result, seen, lines: person.lines, redirect_uri, drawings: person.drawings, progress: person.progress }
}

/// The usual way back.
fn good(sent: &Sent) -> Vec<String> {
    vec![format!("?code=c0de&state={}", sent.parameter("state"))]
}

#[test]
fn a_login_ends_with_a_token_and_a_page() {
    let idp = Idp::new();
    let outcome = log_in(&idp, &options(), good);
    assert_eq!(outcome.result.unwrap().as_str(), make_token(&idp.shared, json!({})));
    let [seen] = &outcome.seen[..] else { panic!("one page") };
    assert!(seen.head.starts_with("HTTP/1.1 200 OK\r\n"), "{}", seen.head);
    assert!(seen.page.contains("<h1>You are logged in</h1>"), "{}", seen.page);
    assert!(seen.page.contains("<b>alice@example.com</b>"), "{}", seen.page);
    let head = seen.head.to_lowercase();
    for header in [
        "content-type: text/html; charset=utf-8",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'; style-src 'sha256-",
    ] {
        assert!(head.contains(header), "{header}: {head}");
    }
    let place = outcome.redirect_uri.unwrap();
    connect(&place).expect_err("nobody listens");
}

#[test]
fn o17_the_authorization_url_holds_state_nonce_and_pkce_in_order() {
    let idp = Idp::new();
    let auth_params = vec!["prompt=login".to_owned(), "hd".to_owned()];
    let provider = Provider { auth_params, ..idp.provider() };
    let outcome = log_in_with(&idp, &provider, &options(), good);
    outcome.result.unwrap();
    let url: Url = address(&outcome.lines);
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(
        names,
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "hd",
            "nonce",
            "prompt",
            "redirect_uri",
            "response_type",
            "scope",
            "state"
        ]
    );
    let sent = Sent { url: url.clone() };
    assert_eq!(sent.parameter("code_challenge").len(), 43);
    for name in ["state", "nonce"] {
        assert_eq!(sent.parameter(name).len(), 43, "{name}");
    }
    assert!(sent.url.as_str().contains("scope=openid+email"), "{}", sent.url);

    let form = idp.shared.last_form();
    assert_eq!(form["code"], "c0de");
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["redirect_uri"], sent.parameter("redirect_uri"));
    assert!(!form.contains_key("client_secret"), "{form:?}");
    let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form["code_verifier"].as_bytes());
    let challenge = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, challenge.as_ref());
    assert_eq!(challenge, sent.parameter("code_challenge"));
}

#[test]
fn an_auth_param_of_ours_is_refused() {
    let idp = Idp::new();
    for (parameter, text) in [
        ("state=x", "the login itself decides about that"),
        ("redirect_uri=x", "the login itself decides about that"),
        ("response_mode=form_post", "the login itself decides about that"),
        ("=x", "it is not of the form key=value"),
    ] {
        let provider = Provider { auth_params: vec![parameter.to_owned()], ..idp.provider() };
        let error = log_in_with(&idp, &provider, &options(), good).result.unwrap_err().to_string();
        assert!(error.contains(parameter) && error.contains(text), "{error}");
    }
}

#[test]
fn o17_what_does_not_belong_to_the_login_changes_nothing() {
    let idp = Idp::new();
    let outcome = log_in(&idp, &options(), |sent| {
        let state = sent.parameter("state");
        vec![
            "?code=evil&state=wrong".to_owned(),
            "?error=access_denied&error_description=evil".to_owned(),
            format!("?error=access_denied&state={}x", state),
            format!("?code=a&code=b&state={state}"),
            format!("?code=a&state={state}&state={state}"),
            format!("favicon.ico?code=evil&state={state}"),
            String::new(),
            "?".to_owned() + &"a".repeat(200_000),
            format!("?code=c0de&state={state}"),
        ]
    });
    outcome.result.unwrap();
    let statuses: Vec<_> = outcome.seen.iter().map(|seen| seen.head.get(9..12).unwrap_or_default()).collect();
    assert_eq!(statuses[..7], ["400", "400", "400", "400", "400", "404", "400"]);
    assert_eq!(statuses[8], "200");
    assert!(outcome.seen[0].page.contains("This page is not from your login"));
    let told = outcome.lines.iter().filter(|line| line.contains("does not belong to this login")).count();
    assert_eq!(told, 1, "{:?}", outcome.lines);
    assert_eq!(idp.shared.last_form()["code"], "c0de");
}

#[test]
fn other_methods_than_get_are_refused() {
    let idp = Idp::new();
    let statuses = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&statuses);
    let outcome = log_in(&idp, &options(), move |sent| {
        let place: Url = sent.parameter("redirect_uri").parse().unwrap();
        let (state, noted) = (sent.parameter("state"), Arc::clone(&noted));
        // The listener answers once the login waits, so this must not block it.
        std::thread::spawn(move || {
            for method in ["POST", "OPTIONS", "HEAD"] {
                let seen = request(&place, &format!("{method} /?code=c&state={state}"));
                noted.lock().unwrap().push(seen.head.get(..12).unwrap_or_default().to_owned());
            }
            get(&place, &format!("?code=c0de&state={state}"));
        });
        Vec::new()
    });
    outcome.result.unwrap();
    assert_eq!(*statuses.lock().unwrap(), ["HTTP/1.1 405"; 3]);
}

#[test]
fn o17_a_denial_is_told_and_escaped() {
    let idp = Idp::new();
    let outcome = log_in(&idp, &options(), |sent| {
        let text = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%1B%5B2J";
        vec![format!("?error=access_denied&error_description={text}&state={}", sent.parameter("state"))]
    });
    assert_eq!(
        outcome.result.unwrap_err().to_string(),
        "the identity provider refused the login: <script>alert(1)</script>\\u{1b}[2J (access_denied)"
    );
    let page = &outcome.seen[0].page;
    assert!(page.contains("<h1>The login was denied</h1>"), "{page}");
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;\\u{1b}[2J (access_denied)"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}

#[test]
fn o17_an_answer_from_another_issuer_stops_the_login() {
    for iss in ["https://evil.test", "http://127.0.0.1"] {
        let idp = Idp::new();
        let outcome =
            log_in(&idp, &options(), move |sent| vec![format!("?code=c&state={}&iss={iss}", sent.parameter("state"))]);
        let error = outcome.result.unwrap_err();
        assert!(matches!(error, LoginError::MixUp { .. }), "{error}");
        assert!(idp.shared.forms().is_empty(), "the code was sent");
    }
    // A provider that names itself always must do so.
    let idp = Idp::new();
    idp.shared.say("authorization_response_iss_parameter_supported", json!(true));
    let error = log_in(&idp, &options(), good).result.unwrap_err();
    assert!(matches!(error, LoginError::MixUp { .. }), "{error}");
    let issuer = idp.shared.base.clone();
    let outcome =
        log_in(&idp, &options(), move |sent| vec![format!("?code=c&state={}&iss={issuer}", sent.parameter("state"))]);
    outcome.result.unwrap();
}

#[test]
fn nobody_coming_back_is_noticed() {
    let idp = Idp::new();
    let options = Options { time_limit: Duration::from_millis(200), ..options() };
    let outcome = log_in(&idp, &options, |_| vec!["?code=c&state=wrong".to_owned()]);
    assert_eq!(outcome.result.unwrap_err().to_string(), "nobody logged in within 200ms: run the command again");
    let limit = |seconds| LoginError::TimedOut(Duration::from_secs(seconds)).to_string();
    assert_eq!(limit(120), "nobody logged in within 2 minutes: run the command again");
    assert_eq!(limit(60), "nobody logged in within a minute: run the command again");
}

/// The error of a login whose exchange is answered with `reply`.
#[track_caller]
fn check_exchange(reply: Reply, title: &str, expected: &str) {
    let idp = Idp::new();
    *idp.shared.reply.lock().unwrap() = reply;
    let outcome = log_in(&idp, &options(), good);
    let error = outcome.result.unwrap_err().to_string().replace(&idp.shared.base, "IDP");
    assert_eq!(error, expected);
    let page = &outcome.seen[0].page;
    assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
    assert!(outcome.seen[0].head.starts_with("HTTP/1.1 400"), "{}", outcome.seen[0].head);
}

#[test]
fn a_failed_exchange_is_told() {
    check_exchange(
        Reply::Json(400, json!({"error": "invalid_grant", "error_description": "too late"})),
        "This login has expired",
        "the identity provider refused the login: too late (invalid_grant)",
    );
    check_exchange(
        Reply::Json(200, json!({"error": "bad_verification_code"})),
        "The login did not work",
        "the identity provider refused the login: bad_verification_code",
    );
    check_exchange(
        Reply::Html(200),
        "The login could not be finished",
        "the login could not be finished: IDP/token answered with a web page instead of JSON: \
         is this the right address?",
    );
    check_exchange(
        Reply::Html(502),
        "The login could not be finished",
        "the login could not be finished: IDP/token answered with status 502",
    );
    check_exchange(
        Reply::HangUp,
        "The login could not be finished",
        "the login could not be finished: cannot reach IDP/token: the connection was closed early",
    );
    check_exchange(
        Reply::Json(200, json!({"access_token": "a"})),
        "The login did not work",
        "the identity provider's answer cannot be used: it holds no id token",
    );
    check_exchange(
        Reply::Json(200, json!({"id_token": "a.b"})),
        "The login did not work",
        "the identity provider's answer cannot be used: the id token was not accepted: it is not a signed token",
    );
}

/// What becomes of an id token with these claims changed.
#[track_caller]
fn check_claims(changed: serde_json::Value, expected: Result<(), &str>) {
    let idp = Idp::new();
    *idp.shared.reply.lock().unwrap() = Reply::Token(changed.clone());
    let result = log_in(&idp, &options(), good).result.map(drop);
    let result = result.map_err(|error| error.to_string().replace(&idp.shared.base, "IDP"));
    let start = "the identity provider's answer cannot be used: the id token was not accepted: ";
    let expected = expected.map_err(|reason| format!("{start}{reason}"));
    assert_eq!(result, expected, "{changed}");
}

#[test]
fn an_id_token_must_be_for_this_login() {
    check_claims(json!({}), Ok(()));
    check_claims(json!({"aud": ["client", "other"], "azp": "client"}), Ok(()));
    check_claims(json!({"exp": idp::NOW - 59}), Ok(()));
    check_claims(json!({"email": null}), Ok(()));
    check_claims(json!({"iss": "https://evil.test"}), Err("it is from `https://evil.test` instead of `IDP`"));
    let not_for_us = "it is not for the client `client`";
    check_claims(json!({"aud": "other"}), Err(not_for_us));
    check_claims(json!({"aud": []}), Err(not_for_us));
    check_claims(json!({"azp": "other"}), Err(not_for_us));
    check_claims(json!({"nonce": "other"}), Err("it belongs to another login"));
    check_claims(json!({"nonce": null}), Err("it belongs to another login"));
    check_claims(json!({"exp": idp::NOW - 61}), Err("it has expired already; is the clock of this machine right?"));
    check_claims(json!({"exp": null}), Err("it is not a signed token"));
}

#[test]
fn a_secret_is_sent_as_the_provider_wants_it() {
    let with_secret = |idp: &Idp| Provider { client_secret: "s3cret".to_owned(), ..idp.provider() };
    let methods = "token_endpoint_auth_methods_supported";

    let idp = Idp::new();
    idp.shared.say(methods, json!(["client_secret_post", "client_secret_basic"]));
    log_in_with(&idp, &with_secret(&idp), &options(), good).result.unwrap();
    assert_eq!(idp.shared.last_form()["client_secret"], "s3cret");

    idp.shared.say(methods, json!(["client_secret_basic", "private_key_jwt"]));
    log_in_with(&idp, &with_secret(&idp), &options(), good).result.unwrap();
    assert!(!idp.shared.last_form().contains_key("client_secret"));
    assert!(idp.shared.last_head().contains("authorization: Basic Y2xpZW50OnMzY3JldA=="));

    // One that does not say how and takes Basic only.
    let idp = Idp::new();
    *idp.shared.reply.lock().unwrap() = Reply::WantsBasic;
    log_in_with(&idp, &with_secret(&idp), &options(), good).result.unwrap();
    assert_eq!(idp.shared.forms().len(), 2);
}

#[test]
fn a_provider_that_is_not_one_is_told_before_anything_is_shown() {
    let idp = Idp::new();
    let show = |endpoint: &str| {
        let provider = Provider { configuration_endpoint: endpoint.to_owned(), ..idp.provider() };
        let outcome = log_in_with(&idp, &provider, &options(), good);
        assert_eq!(outcome.lines, Vec::<String>::new());
        outcome.result.unwrap_err().to_string().replace(&idp.shared.base, "IDP")
    };
    assert_eq!(
        show(&format!("{}/html", idp.shared.base)),
        "IDP/html/.well-known/openid-configuration answered with a web page instead of JSON: \
         is this the right address?"
    );
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(
        show(&format!("http://{free}")),
        format!("cannot reach http://{free}/.well-known/openid-configuration: connection refused")
    );
    idp.shared.say("issuer", json!("https://evil.test"));
    assert!(show(&idp.shared.base).contains("calls itself `https://evil.test`"));
    idp.shared.say("issuer", json!(idp.shared.base));
    idp.shared.say("authorization_endpoint", json!(null));
    assert_eq!(show(&idp.shared.base), "the provider metadata at IDP has no `authorization_endpoint`");
}

#[test]
fn a_login_comes_back_to_the_given_path() {
    let idp = Idp::new();
    let listen_url = Some("http://127.0.0.1:0/a/b".to_owned());
    let options = Options { listen: Some("127.0.0.1:0".to_owned()), listen_url, ..options() };
    let outcome = log_in(&idp, &options, |sent| {
        let state = sent.parameter("state");
        vec![format!("?code=x&state={state}"), format!("a/b?code=c0de&state={state}")]
    });
    outcome.result.unwrap();
    assert!(outcome.seen[0].head.starts_with("HTTP/1.1 404"), "{}", outcome.seen[0].head);
    assert_eq!(idp.shared.last_form()["redirect_uri"], outcome.redirect_uri.unwrap().as_str());
}
