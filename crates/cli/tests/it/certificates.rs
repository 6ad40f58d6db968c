//! Asking a CA, as far as that goes without one.

use std::fs;
use std::os::unix::fs::symlink;

use crate::init::with_ca;
use crate::sandbox::Sandbox;

const ASK: [&str; 7] = ["ca", "certificate", "a.test", "a.crt", "a.key", "--provisioner-password-file", "pw2"];

#[test]
fn a_ca_that_cannot_be_reached_is_told_in_one_line_and_nothing_is_written() {
    let sandbox = with_ca();
    let url = ["--ca-url", "https://127.0.0.1:1"];
    let outcome = sandbox.run(&ASK.iter().chain(&url).copied().collect::<Vec<_>>());
    outcome.failed(1, "is the CA running, and is --ca-url its address?");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    assert!(!sandbox.path("a.crt").exists() && !sandbox.path("a.key").exists());
    sandbox.run(&["ca", "health", "--ca-url", "127.0.0.1:1"]).failed(1, "https://127.0.0.1:1/health");
}

#[test]
fn what_is_missing_is_named() {
    let sandbox = Sandbox::new().started_as("step");
    sandbox.run(&["ca", "health"]).failed(1, "'step ca health' requires the '--ca-url' flag\n");
    let outcome = sandbox.run(&["ca", "health", "--ca-url", "ca.test"]);
    outcome.failed(1, "'step ca health' requires the '--root' flag\n");
    sandbox.run(&["ca", "bootstrap", "--ca-url", "ca.test"]).failed(1, "requires the '--fingerprint' flag\n");
    let bad = ["ca", "bootstrap", "--ca-url", "ca.test", "--fingerprint", "abc"];
    sandbox.run(&bad).failed(1, "`abc` is not a SHA-256 fingerprint: 64 hexadecimal digits are needed\n");
    sandbox.run(&["ca", "health", "--ca-url", "http://ca.test"]).failed(1, "must have https scheme\n");
    let usage =
        "not enough positional arguments were provided in 'step ca certificate <subject> <crt-file> <key-file>'\n";
    sandbox.run(&["ca", "certificate", "a.test"]).failed(1, usage);
    let equal = "positional arguments <crt-file> and <key-file> cannot be equal in ";
    sandbox.run(&["ca", "certificate", "a.test", "x", "x"]).failed(1, equal);
    assert!(!sandbox.path("step").exists());
}

#[test]
fn flags_are_checked_before_the_ca_is_asked() {
    let sandbox = with_ca();
    let with = |flags: &[&str]| sandbox.run(&ASK.iter().chain(flags).copied().collect::<Vec<_>>());
    with(&["--kty", "EC", "--size", "2048"]).failed(1, "flag '--size' is incompatible with flag '--kty EC'\n");
    with(&["--not-after", "tomorrow"]).failed(1, "invalid value 'tomorrow' for flag '--not-after'\n");
    with(&["--set", "c"]).failed(1, "invalid value 'c' for flag '--set'\n");
    with(&["--token", "abc"]).failed(1, "error parsing token: ");
    with(&["--offline"]).failed(1, "flag '--offline' is not supported by this version: ");
    with(&["--acme=https://x"]).failed(1, "flag '--acme' is not supported by this version: ");
}

#[test]
fn l05_output_files_are_checked_before_the_ca_is_asked() {
    let sandbox = with_ca();
    sandbox.write("real", "old");
    symlink(sandbox.path("real"), sandbox.path("a.crt")).expect("a link");
    sandbox.run(&ASK).failed(1, "a.crt is a symbolic link and is not overwritten");
    fs::remove_file(sandbox.path("a.crt")).expect("a link");
    sandbox.write("a.key", "old");
    sandbox.run(&ASK).failed(1, "a.key exists; pass --force to overwrite it");
    let missing = ["ca", "certificate", "a.test", "no/a.crt", "b.key"];
    sandbox.run(&missing).failed(1, "the folder of no/a.crt cannot be used; make it");
    assert_eq!((sandbox.read("real"), sandbox.read("a.key")), ("old".to_owned(), "old".to_owned()));
}

#[test]
fn an_expired_token_is_told_without_asking_the_ca() {
    use base64::Engine;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let claims = r#"{"sub":"a.test","sans":["a.test"],"aud":"https://127.0.0.1:1/1.0/sign","exp":1}"#;
    let token = format!("{}.{}.{}", encode(r#"{"alg":"ES256","kid":"k"}"#), encode(claims), encode(&"x".repeat(64)));
    let sandbox = Sandbox::new();
    let words = ["ca", "certificate", "a.test", "a.crt", "a.key", "--token", &token];
    sandbox.run(&words).failed(1, "the token has expired; make a new one with 'ca token'\n");
}

#[test]
fn a_request_that_is_none_is_refused() {
    let sandbox = with_ca();
    sandbox.write("x.csr", "hello");
    sandbox.run(&["ca", "sign", "x.csr", "x.crt"]).failed(1, "x.csr cannot be used: ");
    sandbox.run_with(&["ca", "sign", "-", "x.crt"], "").failed(1, "standard input cannot be used: ");
    sandbox.run(&["ca", "sign", "gone.csr", "x.crt"]).failed(1, "could not read the certificate request, gone.csr: ");
}
