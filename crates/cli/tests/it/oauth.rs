//! Logging in for tokens: what is refused, and the flows that need no browser.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
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

/// A provider that answers as it is told.
struct Provider {
    listener: TcpListener,
    place: String,
}

impl Provider {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let place = format!("http://{}", listener.local_addr().expect("an address"));
        Self { listener, place }
    }

    /// These words, with the address in place of `PROVIDER`.
    fn words(&self, words: &[&str]) -> Vec<String> {
        words.iter().map(|word| word.replace("PROVIDER", &self.place)).collect()
    }

    /// Give these answers, one for each request, while `run` runs; gives the forms that arrived, too.
    fn answer<T>(&self, answers: &[(u16, Value)], run: impl FnOnce() -> T) -> (T, Vec<Value>) {
        let forms = Mutex::new(Vec::new());
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                for (status, answer) in answers {
                    let (mut stream, _) = self.listener.accept().expect("a request");
                    let form = read_form(&mut BufReader::new(&stream));
                    forms.lock().expect("a lock").push(form);
                    let body = answer.to_string();
                    let length = body.len();
                    let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                    // Who does not read the answer fails for that.
                    let _ = stream.write_all((head + &body).as_bytes());
                }
            });
            let outcome = run();
            // Requests that never came are visible as empty forms.
            let came = forms.lock().expect("a lock").len();
            for _ in came..answers.len() {
                let _ = TcpStream::connect(self.listener.local_addr().expect("an address"));
            }
            outcome
        });
        (outcome, forms.into_inner().expect("a lock"))
    }

    /// Run `oauth` with this on standard input.
    fn run(&self, sandbox: &Sandbox, words: &[&str], input: &str, answers: &[(u16, Value)]) -> (Outcome, Vec<Value>) {
        let words = self.words(&[&["oauth"], words].concat());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.answer(answers, || sandbox.run_with(&words, input))
    }
}

/// Run `oauth` with a provider of its own.
fn with_provider(sandbox: &Sandbox, words: &[&str], input: &str, answers: &[(u16, Value)]) -> (Outcome, Vec<Value>) {
    Provider::new().run(sandbox, words, input, answers)
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
        let provider = Provider::new();
        let uri = format!("{}/token", provider.place);
        let key = service_account(&sandbox, &uri);
        let words = ["--account", "account.json", "--scope", "a b", "--bare"];
        let (outcome, forms) = provider.run(&sandbox, &words, "", &[answer]);
        let form = &forms[0];
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

/// A key ring that keeps one secret, and notes with which arguments it was called.
fn with_keyring(sandbox: Sandbox) -> Sandbox {
    let script = "#!/bin/sh\necho \"$@\" >> \"$HOME/calls\"\ncase $1 in\nstore) cat > \"$HOME/secret\";;\n\
                  lookup) cat \"$HOME/secret\";;\nesac\n";
    let path = sandbox.write("bin/secret-tool", script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let folders = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").expect("a PATH"));
    sandbox.with_env("PATH", &folders)
}

const REMEMBER: [&str; 4] = ["--console-flow", "oob", "--bare", "--remember"];

fn tokens(access: &str, refresh: &str) -> (u16, Value) {
    (200, json!({"access_token": access, "refresh_token": refresh}))
}

#[test]
fn a_login_is_kept_when_that_is_asked_for() {
    let (sandbox, provider) = (with_keyring(Sandbox::new()), Provider::new());
    let words = [&ENDPOINTS[..], &REMEMBER].concat();
    let (outcome, _) = provider.run(&sandbox, &words, "c0de\n", &[tokens("at1", "refresh-1")]);
    outcome.printed("at1\n");
    assert!(outcome.stderr.contains("scope=openid+email+offline_access"), "{outcome:?}");

    let (outcome, forms) = provider.run(&sandbox, &words, "", &[tokens("at2", "refresh-2")]);
    outcome.printed("at2\n");
    assert_eq!(outcome.stderr, "Logged in by what --remember kept; --forget removes it.\n");
    assert_eq!(forms[0], json!({"client_id": "me", "grant_type": "refresh_token", "refresh_token": "refresh-1"}));

    // One that the provider has ended is replaced, and the newer token is the one that is used.
    let ended = (400, json!({"error": "invalid_grant"}));
    let (outcome, forms) = provider.run(&sandbox, &words, "c0de\n", &[ended, tokens("at3", "refresh-3")]);
    outcome.printed("at3\n");
    assert_eq!((&forms[0]["refresh_token"], &forms[1]["code"]), (&json!("refresh-2"), &json!("c0de")));
    assert!(outcome.stderr.starts_with("The kept login has ended: the identity provider refused"), "{outcome:?}");

    // A provider in trouble ends nothing.
    let (outcome, _) = provider.run(&sandbox, &words, "", &[(503, json!({}))]);
    outcome.failed(1, "answered with status 503\n");
    let (outcome, forms) = provider.run(&sandbox, &words, "", &[tokens("at4", "")]);
    outcome.printed("at4\n");
    assert_eq!(forms[0]["refresh_token"], "refresh-3");

    // Another client, account or scope is another login, and so is one that is not asked to remember.
    for flag in [["--client-id", "other"], ["--email", "bob@b.test"], ["--scope", "other"]] {
        let other = [&words[..], &flag].concat();
        let (outcome, forms) = provider.run(&sandbox, &other, "c0de\n", &[tokens("at5", "")]);
        assert_eq!((outcome.code, &forms[0]["code"]), (Some(0), &json!("c0de")));
        assert!(outcome.stderr.contains("The provider gave nothing to keep"), "{outcome:?}");
    }
    let (_, forms) = provider.run(&sandbox, &words[..words.len() - 1], "c0de\n", &[tokens("at6", "")]);
    assert_eq!(forms[0]["code"], "c0de");

    let forget = [&words[..words.len() - 1], &["--forget"]].concat();
    for expected in ["The kept login was removed.\n", "No login was kept here.\n"] {
        let (outcome, _) = provider.run(&sandbox, &forget, "", &[]);
        outcome.said(expected);
    }
    assert_eq!(sandbox.files("step/logins"), Vec::<std::path::PathBuf>::new());
}

#[test]
fn l12_a_kept_login_is_encrypted_and_its_key_is_never_an_argument() {
    let (sandbox, provider) = (with_keyring(Sandbox::new()), Provider::new());
    let words = [&ENDPOINTS[..], &REMEMBER].concat();
    provider.run(&sandbox, &words, "c0de\n", &[tokens("at1", "refresh-1")]).0.printed("at1\n");
    let [file] = &sandbox.files("step/logins")[..] else { panic!("one file") };
    let mode = |path: &std::path::Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(file), mode(file.parent().expect("a folder"))), (0o600, 0o700));
    let kept = std::fs::read_to_string(file).expect("a file");
    assert!(kept.contains("\"key\": \"keyring\"") && !kept.contains("refresh-1"), "{kept}");
    let key = sandbox.read("secret");
    assert_eq!(key.len(), 64);
    assert!(!sandbox.read("calls").contains(&key) && !kept.contains(&key));

    // Without the key there is no kept login.
    sandbox.write("secret", "");
    let (outcome, forms) = provider.run(&sandbox, &words, "c0de\n", &[tokens("at2", "refresh-2")]);
    outcome.printed("at2\n");
    assert_eq!(forms[0]["code"], "c0de");
    assert!(outcome.stderr.starts_with("The key of the kept login is not in the key ring"), "{outcome:?}");

    // A file that somebody has tampered with is told.
    std::fs::write(file, "{}").expect("it is ours");
    provider.run(&sandbox, &words, "", &[]).0.failed(1, "--forget removes it");
}

#[test]
fn without_a_key_ring_a_password_protects_the_kept_login() {
    let (sandbox, provider) = (Sandbox::new().with_env("RUNG_REMEMBER", "1"), Provider::new());
    let words = provider.words(&[&["oauth"], &ENDPOINTS[..], &REMEMBER[..3]].concat());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let asked = "Please enter the password of your kept logins";
    let run = |answers: &[(&str, &str)], reply: (u16, Value), expected: &str| {
        let (_, forms) = provider.answer(&[reply], || {
            let mut terminal = sandbox.on_a_terminal(&words);
            for (prompt, answer) in answers {
                terminal.exp_string(prompt).expect(prompt);
                terminal.send_line(answer).expect("the terminal is open");
            }
            terminal.exp_string(expected).expect("the token");
            terminal.exp_eof().expect("the end");
        });
        forms
    };
    run(&[("Enter verification code", "c0de"), (asked, "passw0rd")], tokens("at-1", "refresh-1"), "at-1");
    let wrong = [(asked, "wrong"), ("That password is wrong, try again.", "passw0rd")];
    let forms = run(&wrong, tokens("at-2", ""), "at-2");
    assert_eq!(forms[0]["refresh_token"], "refresh-1");
}

#[test]
fn l11_without_key_ring_and_terminal_a_login_works_and_is_not_kept() {
    let sandbox = Sandbox::new();
    let words = [&ENDPOINTS[..], &REMEMBER].concat();
    let (outcome, _) = with_provider(&sandbox, &words, "c0de\n", &[tokens("at1", "refresh-1")]);
    outcome.printed("at1\n");
    let expected = "The login was not kept: there is no terminal to ask for the password of the kept logins: log in \
                    without --remember\n";
    assert!(outcome.stderr.ends_with(expected), "{outcome:?}");
}
