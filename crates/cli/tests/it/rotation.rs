//! Another intermediate; OpenSSL judges what comes out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use crate::init::with_ca;
use crate::sandbox::{Outcome, Sandbox};

const CONFIG: &str = "step/config/ca.json";

fn rotate(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    sandbox.run(&[&["ca", "rotate-intermediate", "--password-file", "pw"], more].concat())
}

fn openssl(sandbox: &Sandbox, words: &[&str]) -> String {
    let output = Command::new("openssl").args(words).current_dir(sandbox.path("")).output().expect("openssl");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{words:?}: {said}");
    said
}

fn config(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.read(CONFIG)).expect("JSON")
}

/// What is said about the names and rights of a certificate.
fn facts(sandbox: &Sandbox, file: &str) -> String {
    openssl(sandbox, &["x509", "-in", file, "-noout", "-subject", "-ext", "basicConstraints,keyUsage"])
}

#[test]
fn the_next_key_can_be_of_another_kind() {
    let sandbox = with_ca();
    assert_eq!(rotate(&sandbox, &["--kty", "RSA", "--size", "3072"]).code, Some(0));
    let said = openssl(&sandbox, &["x509", "-in", "step/certs/intermediate_ca_2.crt", "-noout", "-text"]);
    assert!(said.contains("Public-Key: (3072 bit)"), "{said}");
    assert_eq!(rotate(&sandbox, &["--kty", "AKP", "--curve", "ML-DSA-44"]).code, Some(0));
    let short = ["certificate", "inspect", "--short", "step/certs/intermediate_ca_3.crt"];
    assert!(sandbox.run(&short).stdout.starts_with("X.509v3 Intermediate CA Certificate (ML-DSA-44)"));
    // Without a word it is of the kind before, whatever the environment says for other commands.
    let sandbox = sandbox.with_env("STEP_KTY", "RSA");
    assert_eq!(rotate(&sandbox, &[]).code, Some(0));
    let short = ["certificate", "inspect", "--short", "step/certs/intermediate_ca_4.crt"];
    assert!(sandbox.run(&short).stdout.contains("(ML-DSA-44)"));
    rotate(&sandbox, &["--kty", "EC", "--same-key"]).failed(1, "flag '--kty' is incompatible with '--same-key'\n");
    rotate(&sandbox, &["--curve", "P-384"]).failed(1, "flag '--curve' requires the '--kty' flag");
    rotate(&sandbox, &["--kty", "OKP", "--curve", "X25519"]).failed(1, "incompatible with flag '--curve X25519'");
}

#[test]
fn the_next_intermediate_is_like_the_one_before() {
    let sandbox = with_ca();
    let before = sandbox.read(CONFIG);
    let outcome = rotate(&sandbox, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""), "{outcome:?}");
    let (old, new) = ("step/certs/intermediate_ca.crt", "step/certs/intermediate_ca_2.crt");
    openssl(&sandbox, &["verify", "-x509_strict", "-CAfile", "step/certs/root_ca.crt", new]);
    let expected = facts(&sandbox, old).replace("Test Intermediate CA", "Test Intermediate CA 2");
    assert_eq!(facts(&sandbox, new), expected);
    let key = sandbox.path("step/secrets/intermediate_ca_key_2");
    assert_eq!(fs::metadata(&key).expect("a key").permissions().mode() & 0o777, 0o600);
    let key = key.to_str().expect("UTF-8");
    let public = openssl(&sandbox, &["pkey", "-in", key, "-passin", "pass:one two", "-pubout"]);
    assert_eq!(public, openssl(&sandbox, &["x509", "-in", new, "-noout", "-pubkey"]));

    // What is not changed stays as it was, to the byte.
    let after = config(&sandbox);
    let retired = &after["retiredIntermediates"];
    assert_eq!(retired.as_array().map(Vec::len), Some(1));
    assert!(retired[0]["crt"].as_str().is_some_and(|crt| crt.ends_with(old)), "{after}");
    let lines = |text: &str| text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect::<Vec<_>>();
    let is_changed = |line: &&String| line.starts_with("\t\"crt\"") || line.starts_with("\t\"key\"");
    let text = lines(&sandbox.read(CONFIG));
    for line in lines(&before).iter().filter(|line| !is_changed(line)) {
        assert!(text.contains(line), "{line}");
    }

    // Once more, and then they are taken out: not those that are needed, unless that is meant.
    assert_eq!(rotate(&sandbox, &["--until", "48h"]).code, Some(0));
    assert!(config(&sandbox)["crt"].as_str().is_some_and(|crt| crt.ends_with("intermediate_ca_3.crt")));
    assert!(facts(&sandbox, "step/certs/intermediate_ca_3.crt").contains("CN = Test Intermediate CA 3"));
    let kept = rotate(&sandbox, &["--retire-old"]);
    assert!(kept.stderr.contains("No retired intermediate has come to its end"), "{kept:?}");
    assert_eq!(config(&sandbox)["retiredIntermediates"].as_array().map(Vec::len), Some(2));
    assert_eq!(rotate(&sandbox, &["--retire-old", "--force"]).code, Some(0));
    assert_eq!(config(&sandbox)["retiredIntermediates"], Value::Null);
}

#[test]
fn the_same_key_gets_another_certificate() {
    let sandbox = with_ca();
    let key = config(&sandbox)["key"].clone();
    let outcome = rotate(&sandbox, &["--same-key", "--not-after", "8760h"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let (old, new) = ("step/certs/intermediate_ca.crt", "step/certs/intermediate_ca_2.crt");
    for what in ["-subject", "-pubkey"] {
        let [before, after] = [old, new].map(|file| openssl(&sandbox, &["x509", "-in", file, "-noout", what]));
        assert_eq!(before, after);
    }
    let after = config(&sandbox);
    assert_eq!((&after["key"], &after["retiredIntermediates"][0]["key"]), (&key, &Value::Null));
    assert!(!sandbox.path("step/secrets/intermediate_ca_key_2").exists());
    // When the key changes later, it is said which one that was.
    assert_eq!(rotate(&sandbox, &[]).code, Some(0));
    let after = config(&sandbox);
    for place in 0..2 {
        assert_eq!(after["retiredIntermediates"][place]["key"], key, "{after}");
    }
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let sandbox = with_ca();
    let before = sandbox.read(CONFIG);
    let check = |more: &[&str], code: i32, said: &str| {
        let outcome = sandbox.run(&[&["ca", "rotate-intermediate"], more].concat());
        assert_eq!(outcome.code, Some(code), "{more:?}: {outcome:?}");
        assert!(outcome.stderr.contains(said), "{more:?}: {outcome:?}");
        assert_eq!(sandbox.read(CONFIG), before, "{more:?}");
        assert!(!sandbox.path("step/certs/intermediate_ca_2.crt").exists(), "{more:?}");
    };
    check(&["--password-file", "pw2"], 1, "cannot be used");
    check(&["--password-file", "pw", "--until", "-1h"], 1, "--until is in the past");
    check(&["--csr", "a.csr", "--retire-old"], 1, "'--csr' and '--retire-old' are mutually exclusive");
    check(&["--password-file", "pw", "--cross-ca", "step/certs/root_ca.crt"], 1, "go together");
    check(&["--password-file", "pw", "--ca-key", "step/secrets/intermediate_ca_key"], 1, "does not belong");
    check(&["--password-file", "pw", "--signed", "step/certs/root_ca.crt"], 1, "was it made for the request of --csr?");
    check(&["--announce", "step/certs/intermediate_ca.crt"], 1, "is not a root");
    check(&["--drop-root", "step/certs/root_ca.crt"], 1, "leads to no other root");
    fs::rename(sandbox.path("step/secrets/root_ca_key"), sandbox.path("away")).expect("a key");
    check(&["--password-file", "pw"], 1, "make a request for it with --csr");

    // The request is made, and a certificate that is no CA's, or of somebody else's root, is not taken in.
    assert_eq!(rotate(&sandbox, &["--csr", "next.csr"]).code, Some(0));
    assert_eq!(sandbox.read(CONFIG), before);
    let asked = openssl(&sandbox, &["req", "-in", "next.csr", "-noout", "-verify", "-subject", "-text"]);
    assert!(asked.contains("CN = Test Intermediate CA 2") && asked.contains("CA:TRUE, pathlen:0"), "{asked}");
    let plain = openssl(&sandbox, &["pkey", "-in", "away", "-passin", "pass:one two"]);
    sandbox.write("root.key", &plain);
    let sign = ["x509", "-req", "-in", "next.csr", "-CA", "step/certs/root_ca.crt", "-CAkey", "root.key", "-days", "9"];
    openssl(&sandbox, &[&sign[..], &["-out", "leaf.crt"]].concat());
    check(&["--password-file", "pw", "--signed", "leaf.crt"], 1, "may not sign certificates");
    let root = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Other"];
    openssl(&sandbox, &[&root[..], &["-keyout", "other.key", "-out", "other.crt"]].concat());
    sandbox.write("ca.cnf", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n");
    let other = ["x509", "-req", "-in", "next.csr", "-CA", "other.crt", "-CAkey", "other.key", "-extfile", "ca.cnf"];
    openssl(&sandbox, &[&other[..], &["-out", "stray.crt"]].concat());
    check(&["--password-file", "pw", "--signed", "stray.crt"], 1, "does not lead to a root of ca.json");

    // With that root it is, and the root comes first.
    let outcome = rotate(&sandbox, &["--signed", "stray.crt", "--ca", "other.crt"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let roots = config(&sandbox)["root"].clone();
    assert!(roots[0].as_str().is_some_and(|root| root.ends_with("other.crt")), "{roots}");
    assert!(roots[1].as_str().is_some_and(|root| root.ends_with("root_ca.crt")), "{roots}");
}
