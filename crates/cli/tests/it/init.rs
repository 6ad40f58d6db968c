//! Setting up a CA.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use crate::sandbox::Sandbox;

const ALL: [&str; 11] = [
    "ca",
    "init",
    "--name=Test",
    "--dns=ca.test,[::1]",
    "--dns=10.0.0.1",
    "--address=:9000",
    "--provisioner=admin",
    "--password-file=pw",
    "--provisioner-password-file",
    "pw2",
    "--",
];

/// A sandbox with two password files.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("pw", "one two \r\n");
    sandbox.write("pw2", "three");
    sandbox
}

/// A CA that was set up by flags.
pub(crate) fn with_ca() -> Sandbox {
    let sandbox = sandbox();
    let outcome = sandbox.run(&ALL);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    sandbox
}

fn openssl(sandbox: &Sandbox, words: &[&str]) -> String {
    let output = Command::new("openssl").args(words).current_dir(sandbox.path("step")).output().expect("openssl");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(sandbox: &Sandbox, file: &str) -> Value {
    serde_json::from_str(&sandbox.read(file)).expect("JSON")
}

#[test]
fn flags_alone_set_up_a_ca() {
    let sandbox = sandbox();
    let outcome = sandbox.run(&ALL);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""), "{outcome:?}");
    let labels: Vec<&str> =
        outcome.stderr.lines().filter_map(|line| line.strip_prefix("✔ ")?.split(": ").next()).collect();
    let expected = [
        "Root certificate",
        "Root private key",
        "Root fingerprint",
        "Intermediate certificate",
        "Intermediate private key",
        "Database folder",
        "Default configuration",
        "Certificate Authority configuration",
    ];
    assert_eq!(labels, expected);
    assert!(
        outcome
            .stderr
            .starts_with("\nGenerating root certificate... done!\nGenerating intermediate certificate... done!\n\n✔")
    );
    let config = json(&sandbox, "step/config/ca.json");
    assert_eq!(config["dnsNames"], serde_json::json!(["ca.test", "::1", "10.0.0.1"]));
    assert_eq!(config["authority"]["provisioners"][0]["name"], "admin");
    assert_eq!(json(&sandbox, "step/config/defaults.json")["ca-url"], "https://ca.test:9000");
}

#[test]
fn the_files_are_private_and_openssl_accepts_them() {
    let sandbox = with_ca();
    for (file, mode) in [
        ("", 0o700),
        ("certs", 0o700),
        ("config", 0o700),
        ("db", 0o700),
        ("secrets", 0o700),
        ("certs/root_ca.crt", 0o600),
        ("certs/intermediate_ca.crt", 0o600),
        ("secrets/root_ca_key", 0o600),
        ("secrets/intermediate_ca_key", 0o600),
        ("config/ca.json", 0o600),
        ("config/defaults.json", 0o644),
    ] {
        let found = fs::metadata(sandbox.path("step").join(file)).expect("a file").permissions().mode() & 0o777;
        assert_eq!(found, mode, "{file}");
    }
    openssl(&sandbox, &["verify", "-x509_strict", "-CAfile", "certs/root_ca.crt", "certs/intermediate_ca.crt"]);
    for key in ["secrets/root_ca_key", "secrets/intermediate_ca_key"] {
        assert!(sandbox.read(&format!("step/{key}")).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        openssl(&sandbox, &["pkey", "-noout", "-in", key, "-passin", "pass:one two"]);
    }
    let text =
        openssl(&sandbox, &["x509", "-noout", "-subject", "-ext", "basicConstraints", "-in", "certs/root_ca.crt"]);
    assert!(text.contains("O = Test, CN = Test Root CA") && text.contains("CA:TRUE, pathlen:1"), "{text}");
}

#[test]
fn an_existing_ca_is_left_alone_before_anything_is_asked() {
    let sandbox = with_ca();
    let before = sandbox.read("step/certs/root_ca.crt");
    let outcome = sandbox.run(&["ca", "init"]);
    outcome.failed(1, "already (certs/root_ca.crt, certs/intermediate_ca.crt, secrets/root_ca_key");
    assert_eq!(outcome.stderr.lines().count(), 1);
    assert_eq!(sandbox.read("step/certs/root_ca.crt"), before);
    let forced: Vec<&str> = ALL[..10].iter().copied().chain(["--force"]).collect();
    assert_eq!(sandbox.run(&forced).code, Some(0));
    assert_ne!(sandbox.read("step/certs/root_ca.crt"), before);
    openssl(&sandbox, &["verify", "-CAfile", "certs/root_ca.crt", "certs/intermediate_ca.crt"]);
}

#[test]
fn questions_are_answered_on_a_terminal() {
    let sandbox = Sandbox::new();
    let mut session = sandbox.on_a_terminal(&["ca", "init", "--kty", "OKP", "--no-db"]);
    let mut answer = |question: &str, hint: &str, text: &str| {
        session.exp_string(question).expect("the question");
        session.exp_string(hint).expect("the hint");
        session.send_line(text).expect("an answer");
    };
    answer("What would you like to name your new PKI?", "(e.g. Example):", "Test");
    answer("What DNS names or IP addresses", ":", "http://x");
    answer("http://x is not a valid DNS name or IP address", "", "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7fca.test, 10.0.0.1");
    answer("What IP and port", ":", "127.0.0.1:9000");
    answer("first provisioner?", ":", "admin");
    answer("Choose a password", "[leave empty and we'll generate one]:", "");
    session.exp_string("Password:").expect("a generated password");
    session.exp_regex("[A-Za-z0-9]{32}").expect("a generated password");
    session.exp_string("Your PKI is ready to go").expect("the end");
    session.exp_eof().expect("the end");
    assert_eq!(json(&sandbox, "step/config/ca.json")["dnsNames"], serde_json::json!(["ca.test", "10.0.0.1"]));
    assert_eq!(json(&sandbox, "step/config/ca.json")["db"], Value::Null);
    let text = openssl(&sandbox, &["x509", "-noout", "-text", "-in", "certs/intermediate_ca.crt"]);
    assert!(text.contains("ED25519"), "{text}");
}

#[test]
fn l11_without_a_terminal_the_flag_for_the_missing_answer_is_named() {
    let sandbox = sandbox();
    let outcome = sandbox.run_with(&["ca", "init", "--name", "Test"], "ca.test\n");
    outcome.failed(1, "there is no terminal to ask for the names of the CA: give it with --dns\n");
    let outcome = sandbox.run(&ALL[..7]);
    outcome.failed(1, "pass it with --password-file");
    assert!(!sandbox.path("step").exists());
}

#[test]
fn a_root_that_exists_is_used_and_its_key_is_not_copied() {
    let sandbox = with_ca();
    let (root, key) = (sandbox.path("step/certs/root_ca.crt"), sandbox.path("step/secrets/root_ca_key"));
    let (root, key) = (root.to_str().expect("UTF-8").to_owned(), key.to_str().expect("UTF-8").to_owned());
    let sandbox = sandbox.with_env("STEPPATH", "second");
    let words: Vec<&str> = ALL[..10].iter().copied().chain(["--root", &root, "--key", &key]).collect();
    let without: Vec<&str> = words.iter().copied().chain(["--key-password-file", "pw2"]).collect();
    sandbox.run(&without).failed(1, "cannot be used: the password is wrong");
    let with: Vec<&str> = words.iter().copied().chain(["--key-password-file", "pw"]).collect();
    let outcome = sandbox.run(&with);
    assert!(outcome.stderr.contains("Copying root certificate... done!"), "{outcome:?}");
    assert_eq!(sandbox.read("second/certs/root_ca.crt"), fs::read_to_string(&root).expect("a file"));
    assert!(!sandbox.path("second/secrets/root_ca_key").exists());
    let leaf = sandbox.path("second/certs/intermediate_ca.crt");
    openssl(&sandbox, &["verify", "-CAfile", &root, leaf.to_str().expect("UTF-8")]);
    sandbox.run(&["ca", "init", "--root", &root]).failed(1, "flag '--root' requires the '--key' flag\n");
}

#[test]
fn a_context_is_made_and_selected() {
    let sandbox = sandbox();
    let words: Vec<&str> = ALL[..10].iter().copied().chain(["--context", "prod"]).collect();
    let outcome = sandbox.run(&words);
    assert!(outcome.stderr.contains("✔ Default profile configuration: "), "{outcome:?}");
    sandbox.run(&["context", "list"]).printed("▶ prod\n");
    assert_eq!(sandbox.read("step/profiles/prod/config/defaults.json"), "{}");
    assert!(sandbox.path("step/authorities/prod/secrets/root_ca_key").exists());
    sandbox.run(&words).failed(1, "there is a CA in ");
    assert_eq!(sandbox.run(&ALL).code, Some(0));
    sandbox.run(&["context", "list"]).printed("▶ ca.test\nprod\n");
}

#[test]
fn certificates_alone_need_no_addresses() {
    let sandbox = sandbox();
    let outcome = sandbox.run(&["ca", "init", "--pki", "--name", "Test", "--password-file", "pw"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(sandbox.path("step/secrets/intermediate_ca_key").exists() && !sandbox.path("step/config").exists());
}

#[test]
fn what_is_not_there_yet_is_refused_by_name() {
    let sandbox = sandbox();
    for flag in ["--ssh", "--acme", "--helm", "--remote-management", "--ra=StepCAS", "--kms=azurekms"] {
        let name = flag.split('=').next().expect("a name");
        sandbox.run(&["ca", "init", flag]).failed(1, &format!("flag '{name}' is not supported by this version: "));
    }
    sandbox
        .run(&["ca", "init", "--deployment-type", "Linked"])
        .failed(1, "'--deployment-type Linked' is not supported");
    sandbox.run(&["ca", "init", "--deployment-type", "x"]).failed(1, "options are standalone\n");
    sandbox.run(&["ca", "init", "--address", "443"]).failed(1, "443 is not a TCP address");
    assert!(!sandbox.path("step").exists());
}

#[test]
fn bad_answers_in_flags_are_refused() {
    let sandbox = sandbox();
    let with = |flag: &str| {
        let words: Vec<&str> = ALL[..10].iter().copied().chain([flag]).collect();
        sandbox.run(&words)
    };
    with("--address=:99999").failed(1, ":99999 is not a TCP address");
    with("--dns=*.ca.test").failed(1, "*.ca.test is not a valid DNS name or IP address");
    with("--provisioner=a/b").failed(1, "the name of a provisioner cannot have a '/'");
    with("--with-ca-url=http://x").failed(1, "must have https scheme");
    with("--password-file=gone").failed(1, "could not read the password file of --password-file, gone");
    assert!(!sandbox.path("step").exists());
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let sandbox = sandbox();
    let before = sandbox.files("");
    sandbox.run_on_a_full_disk(&ALL).failed(1, "nothing was changed. Make room");
    assert_eq!(sandbox.files(""), before);
    let sandbox = with_ca();
    let before = (sandbox.files("step"), sandbox.read("step/secrets/intermediate_ca_key"));
    let forced: Vec<&str> = ALL[..10].iter().copied().chain(["--force"]).collect();
    sandbox.run_on_a_full_disk(&forced).failed(1, "nothing was changed. Make room");
    assert_eq!((sandbox.files("step"), sandbox.read("step/secrets/intermediate_ca_key")), before);
}
