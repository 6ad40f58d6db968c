//! `--format json` of commands that otherwise say little or nothing.

use serde_json::{Value, json};

use crate::documents::chain;
use crate::sandbox::Sandbox;

/// What the command prints, which ends with this code.
#[track_caller]
fn run(sandbox: &Sandbox, line: &str, code: i32) -> Value {
    let outcome = sandbox.run(&line.split(' ').chain(["--format", "json"]).collect::<Vec<_>>());
    assert_eq!(outcome.code, Some(code), "{line}: {outcome:?}");
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{line}: {error}: {}", outcome.stdout))
}

#[test]
fn a_verified_chain_is_shown_and_a_failure_has_its_reason() {
    let sandbox = chain();
    let good = run(&sandbox, "certificate verify chain.crt --roots root.crt --host a.test", 0);
    assert_eq!(good["valid"], true);
    let checks = ["certificate validated against roots", "certificate host name validated", "certificate is valid"];
    assert_eq!(good["checks"], json!(checks));
    let subjects: Vec<&str> =
        good["chain"].as_array().unwrap().iter().filter_map(|one| one["subject_dn"].as_str()).collect();
    assert!(subjects.len() >= 2, "{good}");
    for (index, one) in good["chain"].as_array().unwrap().iter().enumerate().take(1) {
        let shown = run(&sandbox, "certificate inspect chain.crt", 0);
        for member in ["serial_number", "fingerprint_sha256"] {
            assert_eq!(one[member], shown[member], "{index}");
        }
        assert_eq!(one["end"], shown["validity"]["end"]);
    }
    let bad = run(&sandbox, "certificate verify chain.crt --roots root.crt --host b.test", 1);
    assert_eq!(bad["valid"], false);
    assert!(bad["reason"].as_str().is_some_and(|reason| reason.contains("not b.test")), "{bad}");
    assert_eq!(bad.as_object().map(serde_json::Map::len), Some(2));
    let none = run(&sandbox, "certificate verify nowhere.crt --roots root.crt", 1);
    assert_eq!(none["valid"], false);
    // Words of other commands mean nothing here, in the environment as well.
    let words = ["certificate", "verify", "chain.crt", "--roots", "root.crt"];
    let sandbox = sandbox.with_env("STEP_FORMAT", "json");
    let outcome = sandbox.run(&words);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""), "{outcome:?}");
    sandbox
        .run(&[&words[..], &["--format", "xml"]].concat())
        .failed(1, "invalid value 'xml' for flag '--format'; options are text, json");
}

#[test]
fn whether_it_is_time_to_renew_is_told_for_each() {
    let sandbox = chain();
    let none = run(&sandbox, "certificate needs-renewal chain.crt", 1);
    assert_eq!((&none["needs_renewal"], none["certificates"].as_array().map(Vec::len)), (&json!(false), Some(1)));
    sandbox
        .run(&["certificate", "needs-renewal", "chain.crt", "--format", "xml"])
        .failed(255, "options are text, json");
    let all = run(&sandbox, "certificate needs-renewal chain.crt --bundle --expires-in 0%", 0);
    let all_due = |list: &Value| list.as_array().unwrap().iter().all(|one| one["needs_renewal"] == true);
    assert!(all["needs_renewal"] == true && all_due(&all["certificates"]), "{all}");
    assert!(all["certificates"].as_array().is_some_and(|list| list.len() > 1), "{all}");
}

#[test]
fn a_key_says_what_it_is_and_keeps_its_secret() {
    let sandbox = Sandbox::new();
    for (flags, name, member) in [
        ("--kty EC", "ECDSA", "ecdsa_public_key"),
        ("--kty RSA", "RSA", "rsa_public_key"),
        ("--kty OKP", "Ed25519", "ed25519_public_key"),
        ("--kty AKP", "ML-DSA-65", "ml_dsa_public_key"),
        ("--kty OKP --curve X25519", "X25519", "x25519_public_key"),
        ("--kty AKP --curve ML-KEM-768", "ML-KEM-768", "ml_kem_public_key"),
    ] {
        let make = format!("crypto keypair a.pub a.key --no-password --insecure --force {flags}");
        assert_eq!(sandbox.run(&make.split(' ').collect::<Vec<_>>()).code, Some(0), "{flags}");
        let private = run(&sandbox, "crypto key inspect a.key", 0);
        let public = run(&sandbox, "crypto key inspect a.pub", 0);
        assert_eq!((&private["private"], &public["private"]), (&json!(true), &json!(false)));
        assert_eq!(
            (&private["key_algorithm"]["name"], &private[member]["length"].is_number()),
            (&json!(name), &true),
            "{private}"
        );
        let without = |mut value: Value| value.as_object_mut().unwrap().remove("private").map(|_| value.clone());
        assert_eq!(without(private), without(public), "nothing but the public half is shown");
    }
}

#[test]
fn contexts_and_the_version_are_told() {
    let sandbox = Sandbox::new();
    assert_eq!(run(&sandbox, "context list", 0), json!([]));
    sandbox.write(
        "step/contexts.json",
        r#"{"a": {"authority": "one", "profile": "two"}, "b": {"authority": "b", "profile": "b"}}"#,
    );
    sandbox.write("step/current-context.json", r#"{"context": "b"}"#);
    let expected = json!([
        {"name": "b", "current": true, "authority": "b", "profile": "b"},
        {"name": "a", "current": false, "authority": "one", "profile": "two"},
    ]);
    assert_eq!(run(&sandbox, "context list", 0), expected);
    let version = run(&sandbox, "version", 0);
    let line = sandbox.run(&["version"]).stdout;
    let said = format!(
        "{}/{} ({})\n",
        version["name"].as_str().unwrap(),
        version["version"].as_str().unwrap(),
        version["platform"].as_str().unwrap()
    );
    assert!(line.starts_with(&said), "{line} {said}");
}
