//! Logging in for tokens: what is refused, and the flows that need no browser.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rung_pki::jose::{UnverifiedJws, VerificationKey};
use rung_pki::{KeyAlgorithm, PrivateKey, Signer, keyfile};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::sandbox::{Outcome, Sandbox};

#[track_caller]
fn check_usage(words: &[&str], expected: &str) {
    let outcome = Sandbox::new().run(&[&["oauth"], words].concat());
    outcome.failed(1, expected);
    assert!(outcome.stderr.starts_with(expected), "{words:?}: {}", outcome.stderr);
}

#[test]
fn wrong_flags_are_named() {
    check_usage(&["--provider", "foo", "--client-id", "x"], "use a valid provider: google or github\n");
    check_usage(&["--provider", "http://10.0.0.1", "--client-id", "x"], "use a valid provider: google or github\n");
    for words in [&[][..], &["--provider", "github"], &["--provider", "https://127.0.0.1:1"]] {
        check_usage(words, "flag '--client-id' required with '--provider'\nThere is no client built in");
    }
    let ends = ["--authorization-endpoint", "https://a", "--token-endpoint", "https://b"];
    check_usage(&ends, "flag '--client-id' required with '--provider'\n");
    check_usage(&ends[..2], "flag '--authorization-endpoint' requires flag '--token-endpoint'\n");
    let device = ["--device-authorization-endpoint", "https://a"];
    check_usage(&device, "flag '--device-authorization-endpoint' requires flag '--token-endpoint'\n");
    let flow = "invalid value 'foo' for flag '--console-flow'; options are device, oob, paste\n";
    check_usage(&["--console-flow", "foo"], flow);
    check_usage(&["--auth-param", "=x"], "invalid value '=x' for flag '--auth-param'\n");
    check_usage(&["--listen", "foo"], "invalid value 'foo' for flag '--listen': `foo` is not an address");
    check_usage(&["--listen-url", "127.0.0.1/cb"], "invalid value '127.0.0.1/cb' for flag '--listen-url': ");
    check_usage(&["--redirect-url", "x"], "invalid value 'x' for flag '--redirect-url'; it is not a web address\n");
    check_usage(&["--implicit", "--client-id", "x"], "flag '--implicit' requires the '--insecure' flag\n");
    check_usage(&["--jwt"], "flag '--jwt' requires a service account: give its key file with --account\n");
    check_usage(&["--account", "none"], "could not read the account, none: ");
}

#[test]
fn an_account_of_another_kind_is_refused() {
    let sandbox = Sandbox::new();
    for (contents, expected) in [
        ("[", "it is not the JSON that it should be"),
        ("{}", "it has neither an `installed` client nor the type 'service_account'"),
        (
            r#"{"type": "authorized_user"}"#,
            "its type is 'authorized_user'; known are 'service_account' and 'installed'",
        ),
        (r#"{"type": "service_account"}"#, "it has no `private_key`"),
        (r#"{"type": "service_account", "private_key": "x"}"#, "its `private_key`"),
        (r#"{"installed": {"auth_uri": "x", "token_uri": "x", "client_id": "x"}}"#, "its `auth_uri` is not a web"),
    ] {
        sandbox.write("account.json", contents);
        sandbox.run(&["oauth", "--account", "account.json"]).failed(1, expected);
    }
}

/// A service account whose tokens come from `token_uri`, and its key.
fn service_account(sandbox: &Sandbox, token_uri: &str) -> PrivateKey {
    let key = PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).expect("a key");
    let account = json!({
        "type": "service_account", "project_id": "x", "private_key_id": "key-1", "client_email": "bot@example.com",
        "private_key": keyfile::to_pem(&key).as_str(), "token_uri": token_uri,
    });
    sandbox.write("account.json", &account.to_string());
    key
}

/// Verify a token with the account's key; gives its header and claims.
#[track_caller]
fn verified(token: &str, key: &PrivateKey) -> (Value, Value) {
    let jws = UnverifiedJws::parse(token).expect("a token");
    jws.verify(&VerificationKey::new(key.public_key().clone())).expect("it is signed by the account");
    let part = |place| URL_SAFE_NO_PAD.decode(token.split('.').nth(place).expect("a part")).expect("base64url");
    let read = |place| serde_json::from_slice(&part(place)).expect("JSON");
    (read(0), read(1))
}

#[test]
fn a_service_account_signs_its_own_token() {
    let sandbox = Sandbox::new();
    let key = service_account(&sandbox, "https://127.0.0.1:1/token");
    let outcome = sandbox.run(&["oauth", "--account", "account.json", "--jwt", "--scope", "https://a.test/b"]);
    let printed: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!((&printed["expires_in"], &printed["token_type"]), (&json!(3600), &json!("Bearer")), "{outcome:?}");
    let (header, claims) = verified(printed["access_token"].as_str().expect("text"), &key);
    assert_eq!(header, json!({"alg": "RS256", "kid": "key-1", "typ": "JWT"}));
    let wanted = json!("bot@example.com");
    assert_eq!((&claims["iss"], &claims["sub"], &claims["aud"]), (&wanted, &wanted, &json!("https://a.test/b")));
    let seconds = |name: &str| claims[name].as_u64().expect("a number");
    assert_eq!((seconds("exp") - seconds("iat"), seconds("nbf")), (3600, seconds("iat")));

    let header = sandbox.run(&["oauth", "--account", "account.json", "--jwt", "--header", "--bare"]).stdout;
    let token = header.strip_prefix("Authorization: Bearer ").expect("a header").trim_end();
    assert_eq!(verified(token, &key).1["aud"], "openid email");
    let missing = "the provider gave no id token; ask for it with --scope openid, if the provider has any\n";
    sandbox.run(&["oauth", "--account", "account.json", "--jwt", "--oidc", "--bare"]).failed(1, missing);
}

/// Run `oauth` with a provider at `PROVIDER` in `words` that gives these answers, one for each request; gives what
/// came of it and the forms that arrived.
fn with_provider(sandbox: &Sandbox, words: &[&str], input: &str, answers: &[(u16, Value)]) -> (Outcome, Vec<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = format!("http://{}", listener.local_addr().expect("an address"));
    let words: Vec<String> = words.iter().map(|word| word.replace("PROVIDER", &place)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let forms = Mutex::new(Vec::new());
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            for (status, answer) in answers {
                let (mut stream, _) = listener.accept().expect("a request");
                let form = read_form(&mut BufReader::new(&stream));
                forms.lock().expect("a lock").push(form);
                let body = answer.to_string();
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                // Who does not read the answer fails for that.
                let _ = stream.write_all((head + &body).as_bytes());
            }
        });
        let outcome = sandbox.run_with(&[&["oauth"], &words[..]].concat(), input);
        // Requests that never came are visible as empty forms.
        for _ in answers {
            let _ = TcpStream::connect(listener.local_addr().expect("an address"));
        }
        outcome
    });
    (outcome, forms.into_inner().expect("a lock"))
}

fn read_form(reader: &mut impl BufRead) -> Value {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a head");
        match line.to_ascii_lowercase().strip_prefix("content-length:") {
            Some(value) => length = value.trim().parse().expect("a number"),
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
}

#[test]
fn a_service_account_asks_for_a_token() {
    let sandbox = Sandbox::new();
    let token = json!({"access_token": "ya29", "expires_in": 3599, "token_type": "Bearer"});
    let answers = [(200, token), (401, json!({"error": "invalid_grant", "error_description": "no\u{1b}[2J"}))];
    for (place, answer) in answers.into_iter().enumerate() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let uri = format!("http://{}/token", listener.local_addr().expect("an address"));
        let key = service_account(&sandbox, &uri);
        let words = ["oauth", "--account", "account.json", "--scope", "a b", "--bare"];
        let (outcome, form) = std::thread::scope(|scope| {
            let server = scope.spawn(move || {
                let (mut stream, _) = listener.accept().expect("a request");
                let form = read_form(&mut BufReader::new(&stream));
                let body = answer.1.to_string();
                write!(stream, "HTTP/1.1 {} x\r\nContent-Length: {}\r\n\r\n{body}", answer.0, body.len())
                    .expect("read");
                form
            });
            (sandbox.run(&words), server.join().expect("a form"))
        });
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let (_, claims) = verified(form["assertion"].as_str().expect("text"), &key);
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!(uri), &json!("a b")));
        match place {
            0 => outcome.printed("ya29\n"),
            _ => outcome.failed(1, "the identity provider refused the login: no\\u{1b}[2J (invalid_grant)\n"),
        }
    }
}

const ENDPOINTS: [&str; 8] = [
    "--authorization-endpoint",
    "PROVIDER/authorize",
    "--device-authorization-endpoint",
    "PROVIDER/device",
    "--token-endpoint",
    "PROVIDER/token",
    "--client-id",
    "me",
];

fn grant() -> Value {
    json!({
        "device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": "https://idp.test/device", "interval": 1,
        "expires_in": 60,
    })
}

#[test]
fn a_code_on_another_device_leads_to_tokens() {
    let sandbox = Sandbox::new().with_env("STEP_CLIENT_SECRET", "s3cret");
    let words = [&ENDPOINTS[..], &["--console", "--scope", "a", "--scope", "b", "--auth-param", "audience=x"]].concat();
    let token = json!({"access_token": "at", "token_type": "bearer", "scope": "a", "refresh_token": "rt"});
    let answers = [(200, grant()), (400, json!({"error": "authorization_pending"})), (200, token)];
    let (outcome, forms) = with_provider(&sandbox, &words, "", &answers);
    outcome.printed(
        "{\n  \"access_token\": \"at\",\n  \"id_token\": \"\",\n  \"refresh_token\": \"rt\",\n  \"expires_in\": 0,\n  \
         \"token_type\": \"bearer\",\n  \"scope\": \"a\"\n}\n",
    );
    let head = "Open this address in a browser, on any device, and enter the code below:\n\nhttps://idp.test/device\n\n\
                Code: ABCD-EFGH\n";
    assert!(outcome.stderr.starts_with(head), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains('\r') && !outcome.stderr.contains('█'), "{}", outcome.stderr);
    let expected = json!({"audience": "x", "client_id": "me", "client_secret": "s3cret", "scope": "a b"});
    assert_eq!(forms[0], expected);
    let code = "urn:ietf:params:oauth:grant-type:device_code";
    let expected = json!({"client_id": "me", "client_secret": "s3cret", "device_code": "d", "grant_type": code});
    assert_eq!(forms[1..], [expected.clone(), expected]);
}

#[test]
fn an_answer_without_the_token_that_is_printed_is_a_failure() {
    let sandbox = Sandbox::new();
    let device = [&ENDPOINTS[..], &["--console-flow", "DEVICE", "--oidc", "--header"]].concat();
    let (outcome, _) = with_provider(&sandbox, &device, "", &[(200, grant()), (200, json!({"access_token": "a"}))]);
    outcome.failed(1, "the provider gave no id token; ask for it with --scope openid, if the provider has any\n");
    // As GitHub answers: a refusal with status 200.
    let refusal = json!({"error": "access_denied", "error_description": "The user has denied your request."});
    let (outcome, _) = with_provider(&sandbox, &device, "", &[(200, grant()), (200, refusal)]);
    outcome.failed(1, "the identity provider refused the login: The user has denied your request. (access_denied)\n");
    let (outcome, _) = with_provider(&sandbox, &device, "", &[(404, json!({}))]);
    outcome.failed(1, "the identity provider's answer cannot be used: status 404 and no reason\n");
}

#[test]
fn a_code_that_a_page_shows_is_read_from_standard_input() {
    let sandbox = Sandbox::new();
    let words =
        [&ENDPOINTS[..], &["--console-flow", "oob", "--bare", "--email", "a@b.test", "--prompt", "none"]].concat();
    let (outcome, forms) = with_provider(&sandbox, &words, "c0de\n", &[(200, json!({"access_token": "at"}))]);
    outcome.printed("at\n");
    assert_eq!((&forms[0]["code"], &forms[0]["redirect_uri"]), (&json!("c0de"), &json!("urn:ietf:wg:oauth:2.0:oob")));
    assert!(!forms[0].as_object().expect("a form").contains_key("client_secret"), "{forms:?}");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(
        (lines[0], lines[1], lines[4]),
        ("Open a local web browser and visit:", "", "Enter verification code: ")
    );
    for part in ["login_hint=a%40b.test", "prompt=none", "code_challenge_method=S256", "scope=openid+email"] {
        assert!(lines[2].contains(part), "no {part} in {}", lines[2]);
    }
    let (outcome, _) = with_provider(&sandbox, &words, "", &[]);
    outcome.failed(1, "the result of the login was not entered: unexpected end of file\n");
}

#[test]
fn an_installed_client_comes_with_its_addresses() {
    let sandbox = Sandbox::new();
    let client = json!({"installed": {
        "auth_uri": "https://idp.test/authorize", "token_uri": "http://127.0.0.1:1/token", "client_id": "installed",
        "client_secret": "s3cret",
    }});
    sandbox.write("client.json", &client.to_string());
    let outcome = sandbox.run_with(&["oauth", "--account", "client.json", "--console-flow", "oob"], "c0de\n");
    outcome.failed(1, "cannot reach http://127.0.0.1:1/token: connection refused\n");
    assert!(outcome.stderr.contains("https://idp.test/authorize?client_id=installed&"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
}

#[test]
fn l11_a_secret_on_the_command_line_is_warned_about() {
    let sandbox = Sandbox::new();
    let words = [&ENDPOINTS[..], &["--console-flow", "oob", "--bare"]].concat();
    let typed = [&words[..], &["--client-secret", "s3cret"]].concat();
    let answer = [(200, json!({"access_token": "at"}))];
    let (outcome, forms) = with_provider(&sandbox, &typed, "c0de\n", &answer);
    assert!(outcome.stderr.starts_with("Others on this machine can see a secret on the command line"), "{outcome:?}");
    assert_eq!((outcome.code, &forms[0]["client_secret"]), (Some(0), &json!("s3cret")));
    sandbox.write("secret", "fr0m-file\n");
    let from_file = [&words[..], &["--client-secret-file", "secret"]].concat();
    let (outcome, forms) = with_provider(&sandbox, &from_file, "c0de\n", &answer);
    assert_eq!(forms[0]["client_secret"], "fr0m-file");
    assert!(outcome.stderr.starts_with("Open a local web browser"), "{outcome:?}");
}

#[test]
fn l11_without_a_terminal_nothing_is_pasted() {
    let sandbox = Sandbox::new();
    let url = sandbox.run(&["oauth", "--provider", "github", "--client-id", "x", "--console-flow", "paste"]);
    url.failed(1, "the result of the login was not entered: unexpected end of file\n");
}
