//! What works beside a CA that does not run.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::init::with_ca;
use crate::sandbox::Sandbox;

/// The claims of a token.
fn claims(token: &str) -> Value {
    let payload = token.trim().split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

const TOKEN: [&str; 6] = ["ca", "token", "a.test", "--offline", "--provisioner-password-file", "pw2"];

#[test]
fn a_token_is_made_from_the_configuration() {
    let sandbox = with_ca();
    let outcome = sandbox.run(&TOKEN);
    assert!(outcome.stderr.starts_with("✔ Provisioner: admin (JWK) [kid: "), "{outcome:?}");
    let found = claims(&outcome.stdout);
    assert_eq!(found["aud"], "https://ca.test/sign");
    assert_eq!(
        (&found["sub"], &found["iss"], &found["sans"][0]),
        (&"a.test".into(), &"admin".into(), &"a.test".into())
    );
    let defaults: Value = serde_json::from_str(&sandbox.read("step/config/defaults.json")).expect("JSON");
    assert_eq!(found["sha"], defaults["fingerprint"]);
    assert_eq!(found["exp"].as_u64(), found["iat"].as_u64().map(|start| start + 300));
    assert_eq!(found["jti"].as_str().map(str::len), Some(64));
}

#[test]
fn a_wrong_password_is_told_apart_from_a_missing_one() {
    let sandbox = with_ca();
    let wrong = ["ca", "token", "a.test", "--offline", "--password-file", "pw"];
    sandbox.run(&wrong).failed(1, "failed to decrypt JWE: invalid password for provisioner 'admin'");
    let missing = sandbox.run(&TOKEN[..4]);
    missing.failed(1, "pass it with --provisioner-password-file");
}

#[test]
fn a_password_can_be_tried_three_times() {
    let sandbox = with_ca();
    let mut session = sandbox.on_a_terminal(&TOKEN[..4]);
    for _ in 0..2 {
        session.exp_string("Please enter the password to decrypt the provisioner key").expect("the question");
        session.send_line("wrong").expect("a password");
        session.exp_string("That password is wrong").expect("the verdict");
    }
    session.exp_string("Please enter the password").expect("the question");
    session.send_line("three").expect("a password");
    session.exp_regex("eyJ[A-Za-z0-9_-]+\\.").expect("a token");
    session.exp_eof().expect("the end");
}

#[test]
fn a_password_is_never_echoed() {
    let sandbox = with_ca();
    let mut session = sandbox.on_a_terminal(&TOKEN[..4]);
    session.exp_string("provisioner key").expect("the question");
    session.send_line("s3cr3t").expect("a password");
    let seen = session.exp_string("That password is wrong").expect("the verdict");
    assert!(!seen.contains("s3cr3t") && !seen.contains('\u{1}') && !seen.contains('*'), "{seen:?}");
}

#[test]
fn an_answer_is_never_read_from_a_pipe() {
    let sandbox = with_ca();
    sandbox.run_with(&TOKEN[..4], "three\n").failed(1, "there is no terminal to ask for the password");
    let piped = ["ca", "token", "a.test", "--offline", "--provisioner-password-file", "-"];
    assert_eq!(sandbox.run_with(&piped, "three\n").code, Some(0));
}

#[test]
fn an_existing_output_file_is_kept() {
    let sandbox = with_ca();
    sandbox.write("token", "old");
    let words: Vec<&str> = TOKEN.iter().copied().chain(["--output-file", "token"]).collect();
    sandbox.run(&words).failed(1, "token exists; pass --force to overwrite it");
    assert_eq!(sandbox.read("token"), "old");
    let forced: Vec<&str> = words.iter().copied().chain(["--force"]).collect();
    assert_eq!(sandbox.run(&forced).stdout, "");
    assert!(sandbox.read("token").starts_with("eyJ") && !sandbox.read("token").ends_with('\n'));
}

#[test]
fn overwriting_is_asked_for_before_anything_else() {
    let sandbox = with_ca();
    sandbox.write("token", "old");
    let words: Vec<&str> = TOKEN.iter().copied().chain(["--output-file", "token"]).collect();
    for (answer, end) in [("n", "token: file exists"), ("Yes", "Provisioner:")] {
        let mut session = sandbox.on_a_terminal(&words);
        session.exp_string("Would you like to overwrite token?").expect("the question");
        session.exp_string("[y/n]").expect("the question");
        session.send_line(answer).expect("an answer");
        session.exp_string(end).expect("the end");
        session.exp_eof().expect("the end");
        assert_eq!(sandbox.read("token") == "old", answer == "n");
    }
}

#[test]
fn token_lifetimes_have_bounds() {
    let sandbox = with_ca();
    let with = |flags: &[&str]| sandbox.run(&TOKEN.iter().chain(flags).copied().collect::<Vec<_>>());
    with(&["--not-after", "5s"]).failed(1, "too short");
    with(&["--not-after", "2h"]).failed(1, "too long");
    with(&["--not-before", "2h", "--not-after", "3h"]).failed(1, "too late");
    with(&["--not-after", "1d"]).failed(1, "invalid value '1d' for flag '--not-after'");
    with(&["--san", "has space"]).failed(1, "'has space' cannot be a name in a certificate");
    with(&["--provisioner", "x"]).failed(1, "invalid value 'x' for flag '--provisioner'; options are admin");
}

fn provisioner_names(sandbox: &Sandbox) -> Vec<String> {
    let config: Value = serde_json::from_str(&sandbox.read("step/config/ca.json")).expect("JSON");
    let list = config["authority"]["provisioners"].as_array().expect("a list").clone();
    list.iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn provisioners_are_added_changed_and_removed_and_nothing_else_changes() {
    let sandbox = with_ca();
    let before = sandbox.read("step/config/ca.json");
    let add = [
        "ca",
        "provisioner",
        "add",
        "sso",
        "--type",
        "oidc",
        "--client-id",
        "rung",
        "--client-secret",
        "s3cret",
        "--configuration-endpoint",
        "http://127.0.0.1:1/.well-known/openid-configuration",
        "--domain",
        "corp.test",
        "--admin",
        "boss@corp.test",
        "--listen-address",
        ":10000",
    ];
    let outcome = sandbox.run(&add);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""), "{outcome:?}");
    let expected = format!("✔ CA Configuration: {}\n\nSuccess! ", sandbox.path("step/config/ca.json").display());
    assert!(outcome.stderr.starts_with(&expected), "{outcome:?}");
    assert!(outcome.stderr.contains("The identity provider cannot be used from here"), "{outcome:?}");
    assert_eq!(provisioner_names(&sandbox), ["admin", "sso"]);
    sandbox.run(&add).failed(1, "error storing provisioner: provisioner with name sso already exists");

    let update = [
        "ca",
        "provisioner",
        "update",
        "sso",
        "--domain=corp.example",
        "--remove-domain=corp.test",
        "--x509-default-dur=8h",
    ];
    assert_eq!(sandbox.run(&update).code, Some(0));
    let config: Value = serde_json::from_str(&sandbox.read("step/config/ca.json")).expect("JSON");
    let sso = &config["authority"]["provisioners"][1];
    assert_eq!(sso["domains"], serde_json::json!(["corp.example"]));
    assert_eq!(sso["claims"]["defaultTLSCertDuration"], "8h0m0s");

    assert_eq!(sandbox.run(&["ca", "provisioner", "remove", "sso"]).code, Some(0));
    sandbox
        .run(&["ca", "provisioner", "remove", "sso"])
        .failed(1, "error loading provisioner: provisioner sso not found");
    assert_eq!(provisioner_names(&sandbox), ["admin"]);
    let after = sandbox.read("step/config/ca.json");
    let squeeze = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(squeeze(&after), squeeze(&before));
}

#[test]
fn a_jwk_provisioner_is_made_with_a_key() {
    let sandbox = with_ca();
    let words = ["ca", "provisioner", "add", "two", "--create", "--password-file", "pw"];
    assert_eq!(sandbox.run(&words).code, Some(0));
    let token = ["ca", "token", "a.test", "--offline", "--provisioner", "two", "--password-file", "pw"];
    assert_eq!(claims(&sandbox.run(&token).stdout)["iss"], "two");
}

#[test]
fn bad_provisioners_leave_the_file_alone() {
    let sandbox = with_ca();
    let before = sandbox.read("step/config/ca.json");
    let add = |words: &[&str]| {
        sandbox.run(&["ca", "provisioner", "add", "x"].iter().chain(words).copied().collect::<Vec<_>>())
    };
    add(&[]).failed(1, "'--create false' requires the '--public-key' flag\n");
    add(&["--type", "ACME"])
        .failed(1, "provisioners of type ACME are not supported by this version; use JWK or OIDC\n");
    add(&["--type", "FOO"]).failed(1, "invalid value 'FOO' for flag '--type'; options are JWK, OIDC\n");
    add(&["--type", "OIDC"]).failed(1, "'--type OIDC' requires the '--client-id' flag\n");
    let long = ["--create", "--password-file=pw", "--x509-min-dur=48h", "--x509-max-dur=1h"];
    add(&long).failed(1, "error storing provisioner: ");
    let endpoint = ["--type=OIDC", "--client-id=a", "--configuration-endpoint=ftp://x"];
    add(&endpoint).failed(1, "invalid value 'ftp://x' for flag '--configuration-endpoint'\n");
    assert_eq!(sandbox.read("step/config/ca.json"), before);
    fs::remove_file(sandbox.path("step/config/ca.json")).expect("a file");
    add(&["--create"]).failed(1, "could not read the configuration of the CA, ");
}

/// A CA with the provisioners `admin` and `two`, whose passwords are in `pw2` and `pw`.
fn with_two_provisioners() -> Sandbox {
    let sandbox = with_ca();
    let words = ["ca", "provisioner", "add", "two", "--create", "--password-file", "pw"];
    assert_eq!(sandbox.run(&words).code, Some(0));
    sandbox
}

#[test]
fn a_provisioner_is_picked_from_a_list() {
    let sandbox = with_two_provisioners();
    let mut session = sandbox.on_a_terminal(&["ca", "token", "a.test", "--offline", "--password-file", "pw"]);
    session.exp_string("What provisioner key do you want to use?").expect("the list");
    session.exp_string("two (JWK) [kid: ").expect("the second item");
    session.send("\x1b[B\r").expect("keys");
    session.flush().expect("keys");
    let seen = session.exp_regex("Provisioner:[^\n]* two \\(JWK\\) \\[kid: [A-Za-z0-9_-]{43}\\]").expect("the choice");
    assert!(seen.0.contains("\x1b[1A\r\x1b[2K"), "the list is not removed: {seen:?}");
    let token = session.exp_regex("eyJ[A-Za-z0-9_.-]+").expect("a token").1;
    session.exp_eof().expect("the end");
    assert_eq!(claims(&token)["iss"], "two");
}

#[test]
fn without_a_terminal_the_flag_for_the_choice_is_named() {
    let outcome = with_two_provisioners().run(&["ca", "token", "a.test", "--offline", "--password-file", "pw"]);
    outcome.failed(1, "there is no terminal to ask for the provisioner: choose one with --provisioner NAME\n");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
}

#[test]
fn control_c_at_a_password_ends_with_code_1_and_writes_nothing() {
    let sandbox = with_ca();
    let words: Vec<&str> = TOKEN[..4].iter().copied().chain(["--output-file", "token"]).collect();
    let mut session = sandbox.on_a_terminal(&words);
    session.exp_string("Please enter the password").expect("the question");
    session.send_control('c').expect("a key");
    session.exp_string("stopped at the prompt").expect("the reason");
    session.exp_eof().expect("the end");
    assert!(!sandbox.path("token").exists());
}
