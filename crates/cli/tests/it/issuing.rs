//! `certificate create` and `certificate sign`, judged by OpenSSL.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::programs::has_tool;
use crate::sandbox::{Outcome, Sandbox};

const PLAIN: &[&str] = &["--no-password", "--insecure"];

fn run(sandbox: &Sandbox, words: &[&str], more: &[&str]) -> Outcome {
    sandbox.run(&[&["certificate"], words, more].concat())
}

#[track_caller]
fn good(sandbox: &Sandbox, words: &[&str], more: &[&str]) -> String {
    let outcome = run(sandbox, words, more);
    assert_eq!(outcome.code, Some(0), "{words:?} {outcome:?}");
    outcome.stdout
}

#[track_caller]
fn refused(sandbox: &Sandbox, words: &[&str], more: &[&str], says: &str) {
    let outcome = run(sandbox, words, more);
    assert_eq!(outcome.code, Some(1), "{words:?} {outcome:?}");
    assert!(outcome.stderr.contains(says), "{words:?}: {says}\n{}", outcome.stderr);
    assert_eq!(outcome.stdout, "", "{words:?}");
}

fn openssl(sandbox: &Sandbox, words: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").args(words).current_dir(sandbox.path("")).output().expect("openssl");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// A root and an intermediate below it.
fn authority() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("password", "secret\n");
    let root = ["create", "Example Root", "root.crt", "root.key", "--profile", "root-ca"];
    good(&sandbox, &root, &["--password-file", "password"]);
    let words = ["create", "Example CA", "ca.crt", "ca.key", "--profile", "intermediate-ca", "--ca", "root.crt"];
    let keys = ["--ca-key", "root.key", "--ca-password-file", "password"];
    good(&sandbox, &[&words[..], &keys].concat(), PLAIN);
    sandbox
}

const CA: [&str; 4] = ["--ca", "ca.crt", "--ca-key", "ca.key"];

#[test]
fn what_is_created_verifies_for_every_kind_of_key() {
    let sandbox = authority();
    let kinds: [&[&str]; 6] = [
        &[],
        &["--kty", "EC", "--curve", "P-384"],
        &["--kty", "EC", "--curve", "P-521"],
        &["--kty", "OKP"],
        &["--kty", "RSA"],
        &["--kty", "RSA", "--size", "3072"],
    ];
    for kind in kinds {
        let words = ["create", "svc.example.com", "svc.crt", "svc.key", "--force", "--bundle"];
        good(&sandbox, &[&words[..], &CA, kind].concat(), PLAIN);
        let verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "root.crt"];
        let named = ["-untrusted", "svc.crt", "-verify_hostname", "svc.example.com", "svc.crt"];
        let (verified, said) = openssl(&sandbox, &[&verify[..], &named].concat());
        assert!(verified, "{kind:?}: {said}");
        let (_, public) = openssl(&sandbox, &["pkey", "-in", "svc.key", "-pubout"]);
        let (_, certified) = openssl(&sandbox, &["x509", "-in", "svc.crt", "-noout", "-pubkey"]);
        assert_eq!(public, certified, "{kind:?}");
        assert_eq!(sandbox.read("svc.crt").matches("BEGIN CERTIFICATE").count(), 2);
    }
    for file in ["root.crt", "root.key", "svc.key"] {
        assert_eq!(
            fs::metadata(sandbox.path(file)).expect("it is there").permissions().mode() & 0o777,
            0o600,
            "{file}"
        );
    }
    assert!(sandbox.read("root.key").contains("ENCRYPTED"));
    let (opened, _) = openssl(&sandbox, &["pkey", "-in", "root.key", "-passin", "file:password", "-noout"]);
    assert!(opened);
    let (_, text) = openssl(&sandbox, &["x509", "-in", "root.crt", "-noout", "-text"]);
    assert!(text.contains("CA:TRUE, pathlen:1") && !text.contains("Authority Key Identifier"), "{text}");
}

#[test]
fn requests_are_made_and_signed() {
    let sandbox = authority();
    let words = ["create", "svc.example.com", "svc.csr", "svc.key", "--csr", "--san", "a.example", "--san", "10.1.2.3"];
    good(&sandbox, &words, PLAIN);
    let (verified, said) = openssl(&sandbox, &["req", "-in", "svc.csr", "-noout", "-verify", "-text"]);
    assert!(verified && said.contains("DNS:a.example, IP Address:10.1.2.3"), "{said}");
    let leaf = good(&sandbox, &["sign", "svc.csr", "ca.crt", "ca.key", "--not-after", "720h"], &[]);
    sandbox.write("svc.crt", &leaf);
    let verify = ["verify", "-x509_strict", "-CAfile", "root.crt", "-untrusted", "ca.crt", "svc.crt"];
    assert!(openssl(&sandbox, &verify).0);
    let (_, text) = openssl(&sandbox, &["x509", "-in", "svc.crt", "-noout", "-text"]);
    assert!(text.contains("DNS:a.example, IP Address:10.1.2.3") && text.contains("TLS Web Client"), "{text}");
    assert_eq!(good(&sandbox, &["sign", "svc.csr", "ca.crt", "ca.key", "--bundle"], &[]).matches("BEGIN").count(), 2);
    let below = good(
        &sandbox,
        &["sign", "svc.csr", "root.crt", "root.key", "--profile", "intermediate-ca"],
        &["--password-file", "password"],
    );
    sandbox.write("below.crt", &below);
    let (_, text) = openssl(&sandbox, &["x509", "-in", "below.crt", "-noout", "-text"]);
    assert!(text.contains("CA:TRUE, pathlen:0"), "{text}");
    // A request that was made for another key.
    let broken = sandbox.read("svc.csr").lines().map(str::to_owned).collect::<Vec<_>>();
    let last = broken.len() - 2;
    let mut changed = broken.clone();
    let first = if changed[last].starts_with('A') { "B" } else { "A" };
    changed[last].replace_range(0..1, first);
    sandbox.write("broken.csr", &(changed.join("\n") + "\n"));
    let outcome = run(&sandbox, &["sign", "broken.csr", "ca.crt", "ca.key"], &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{outcome:?}");
}

#[test]
fn templates_say_it_in_every_detail() {
    let sandbox = authority();
    let template = r#"{"subject": {"commonName": {{ toJson .Subject.CommonName }}, "organizationalUnit": {{ toJson .Insecure.User.ou }}},
        "sans": {{ toJson .SANs }},
        {{- if typeIs "*rsa.PublicKey" .Insecure.CR.PublicKey }} "keyUsage": ["keyEncipherment"],{{ else }} "keyUsage": ["digitalSignature"],{{ end }}
        "extKeyUsage": ["serverAuth"], "crlDistributionPoints": "http://a/b.crl"}"#;
    sandbox.write("leaf.tpl", template);
    let words = ["create", "svc.example.com", "svc.crt", "svc.key", "--template", "leaf.tpl", "--set", "ou=Ops"];
    good(&sandbox, &[&words[..], &CA].concat(), PLAIN);
    let (_, text) = openssl(&sandbox, &["x509", "-in", "svc.crt", "-noout", "-text"]);
    for part in ["OU = Ops, CN = svc.example.com", "URI:http://a/b.crl", "DNS:svc.example.com", "Digital Signature"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    good(&sandbox, &["create", "svc.example.com", "svc.csr", "--csr", "--key", "svc.key"], &[]);
    let signed =
        good(&sandbox, &["sign", "svc.csr", "ca.crt", "ca.key", "--template", "leaf.tpl", "--set", "ou=Dev"], &[]);
    sandbox.write("signed.crt", &signed);
    let (_, text) = openssl(&sandbox, &["x509", "-in", "signed.crt", "-noout", "-subject"]);
    assert!(text.contains("OU = Dev"), "{text}");
    let bad = [
        ("{{ bogus }}", "error parsing template: template: template:1: function \"bogus\" not defined"),
        ("junk", "error unmarshaling certificate"),
        ("{{ fail \"no way\" }}", "no way"),
        (r#"{"keyUsage":"bogus"}"#, "the member keyUsage has \"bogus\""),
        ("{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}", "error executing template"),
    ];
    for (text, says) in bad {
        sandbox.write("bad.tpl", text);
        let words = ["create", "x.example", "x.crt", "x.key", "--template", "bad.tpl"];
        refused(&sandbox, &[&words[..], &CA].concat(), PLAIN, says);
        assert!(!sandbox.path("x.key").exists() && !sandbox.path("x.crt").exists());
    }
}

#[test]
fn what_a_ca_may_not_sign_is_refused() {
    let sandbox = authority();
    good(&sandbox, &[&["create", "svc.example.com", "svc.crt", "svc.key"][..], &CA].concat(), PLAIN);
    good(
        &sandbox,
        &["create", "old", "old.crt", "old.key", "--profile", "root-ca", "--not-before", "-2h", "--not-after", "-1h"],
        PLAIN,
    );
    let by = |certificate: &'static str, key: &'static str| ["--ca", certificate, "--ca-key", key];
    let leaf = ["create", "x.example", "x.crt", "x.key"];
    let with = |more: &[&'static str], ca: [&'static str; 4]| [&leaf[..], more, &ca].concat();
    let cases: [(Vec<&str>, &str); 6] = [
        (with(&[], by("svc.crt", "svc.key")), "is not a certificate authority"),
        (with(&["--profile", "intermediate-ca"], CA), "pathLenConstraint is 0"),
        (with(&[], by("ca.crt", "svc.key")), "private key does not match issuer public key"),
        (with(&[], by("old.crt", "old.key")), "ends before the new certificate would begin"),
        (with(&["--not-after", "100000h"], CA), "would outlive the one of the CA"),
        (with(&[], by("ca.crt", "missing.key")), "missing.key"),
    ];
    for (words, says) in cases {
        refused(&sandbox, &words, PLAIN, says);
        assert!(!sandbox.path("x.key").exists() && !sandbox.path("x.crt").exists());
    }
}

#[test]
fn flags_that_do_not_go_together_are_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let three = ["create", "x.example", "x.crt", "x.key"];
    let with = |more: &[&'static str]| [&three[..], more].concat();
    let cases: [(Vec<&str>, &str); 16] = [
        (vec!["create", "x", "y", "y"], "positional arguments <<crt-file>> and <<key-file>> cannot be equal in"),
        (vec!["create", "x", "y"], "not enough positional arguments were provided in"),
        (with(&["--no-password"]), "flag '--no-password' requires the '--insecure' flag"),
        (with(&[]), "'--profile leaf' requires the '--ca' flag"),
        (with(&["--ca", "c"]), "'--profile leaf' requires the '--ca-key' flag"),
        (with(&["--profile", "self-signed"]), "'--profile self-signed' requires the '--subtle' flag"),
        (with(&["--profile", "root-ca", "--ca", "c"]), "flag '--ca' is incompatible with flag '--profile root-ca'"),
        (with(&["--profile", "root-ca", "--bundle"]), "flag '--bundle' is incompatible with flag '--profile root-ca'"),
        (with(&["--profile", "x"]), "options are leaf, intermediate-ca, root-ca, self-signed"),
        (with(&["--profile", "leaf", "--template", "t"]), "flag '--profile' is incompatible with '--template'"),
        (with(&["--csr", "--not-after", "1h"]), "flag '--not-after' is incompatible with '--csr'"),
        (with(&["--csr", "--profile", "root-ca"]), "flag '--profile' is incompatible with '--csr'"),
        (with(&["--not-after", "-1h"]), "certificate is already expired"),
        (
            with(&["--not-before", "2h", "--not-after", "1h"]),
            "flag '--not-before 2h' is incompatible with flag '--not-after 1h'",
        ),
        (with(&["--not-after", "1d"]), "invalid value '1d' for flag '--not-after'"),
        (with(&["--kms", "x:"]), "keys in a KMS are not supported"),
    ];
    for (words, says) in cases {
        refused(&sandbox, &words, &[], says);
        assert!(!sandbox.path("x.key").exists() && !sandbox.path("x.crt").exists(), "{words:?}");
    }
    for (words, says) in [
        (&["sign", "a", "b", "c", "--profile", "root-ca"][..], "options are leaf, intermediate-ca, csr"),
        (&["sign", "a", "b", "c", "--path-len", "-2"], "path-len must be -1 or greater"),
        (&["sign", "a", "b", "c"], "could not read the request, a"),
    ] {
        refused(&sandbox, words, &[], says);
    }
}

#[test]
fn a_key_that_is_there_is_used() {
    let sandbox = authority();
    good(&sandbox, &[&["create", "svc.example.com", "svc.crt", "svc.key"][..], &CA].concat(), PLAIN);
    let (_, public) = openssl(&sandbox, &["pkey", "-in", "svc.key", "-pubout"]);
    sandbox.write("svc.pub", &public);
    let words = ["create", "other.example", "other.crt", "--key", "svc.pub"];
    refused(&sandbox, &[&words[..], &CA].concat(), &[], "flag '--skip-csr-signature' is required with a public key");
    good(&sandbox, &[&words[..], &CA].concat(), &["--skip-csr-signature"]);
    let (_, certified) = openssl(&sandbox, &["x509", "-in", "other.crt", "-noout", "-pubkey"]);
    assert_eq!(certified, public);
    // An encrypted copy of a key that is not.
    let copy = ["create", "x.example", "x.crt", "x.key", "--key", "svc.key", "--password-file", "password"];
    good(&sandbox, &[&copy[..], &CA].concat(), &[]);
    let (opened, again) = openssl(&sandbox, &["pkey", "-in", "x.key", "-passin", "file:password", "-pubout"]);
    assert!(opened);
    assert_eq!(again, public);
    refused(
        &sandbox,
        &[&copy[..], &CA].concat(),
        &["--kty", "EC", "--force"],
        "flag '--key' is incompatible with 'kty'",
    );
}

#[test]
fn pkcs12_files_are_written_and_taken_apart() {
    let sandbox = authority();
    good(&sandbox, &[&["create", "svc.example.com", "svc.crt", "svc.key"][..], &CA].concat(), PLAIN);
    let words =
        ["p12", "svc.p12", "svc.crt", "svc.key", "--ca", "ca.crt", "--ca", "root.crt", "--password-file", "password"];
    good(&sandbox, &words, &[]);
    let arguments = ["pkcs12", "-in", "svc.p12", "-passin", "file:password", "-nodes"];
    let (read, said) = openssl(&sandbox, &arguments);
    assert!(read && said.matches("BEGIN CERTIFICATE").count() == 3 && said.contains("PRIVATE KEY"), "{said}");
    let (_, info) = openssl(&sandbox, &[&arguments[..], &["-info", "-noout"]].concat());
    assert!(info.contains("MAC: sha256") && info.contains("AES-256-CBC"), "{info}");
    good(&sandbox, &["p12", "old.p12", "svc.crt", "svc.key", "--legacy", "--password-file", "password"], &[]);
    good(&sandbox, &["p12", "trust.p12", "--ca", "root.crt"], PLAIN);
    if has_tool("keytool", "what Java says of PKCS #12") {
        let list = |arguments: &[&str]| {
            let mut keytool = Command::new("keytool");
            let output = keytool.arg("-list").args(arguments).current_dir(sandbox.path("")).output().expect("keytool");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let entries = list(&["-keystore", "svc.p12", "-storepass:file", "password"]);
        assert!(entries.contains("PrivateKeyEntry"), "{entries}");
        let entries = list(&["-keystore", "trust.p12", "-storepass", "", "-storetype", "PKCS12"]);
        assert!(entries.contains("trustedCertEntry"), "{entries}");
    }
    let printed = good(&sandbox, &["extract", "svc.p12", "--password-file", "password"], &[]);
    let files = ["svc.crt", "ca.crt", "root.crt"].map(|file| sandbox.read(file));
    assert_eq!(printed, files.concat());
    for (file, flags) in [("svc.p12", &[][..]), ("old.p12", PLAIN)] {
        let words = ["extract", file, "out.crt", "out.key", "--password-file", "password", "--force"];
        good(&sandbox, &words, flags);
        let (opened, public) = openssl(&sandbox, &["pkey", "-in", "out.key", "-passin", "file:password", "-pubout"]);
        let (_, own) = openssl(&sandbox, &["pkey", "-in", "svc.key", "-pubout"]);
        assert!(opened && public == own, "{file}");
    }
    assert!(good(&sandbox, &["extract", "trust.p12"], &[]).contains("BEGIN CERTIFICATE"));
    sandbox.write("wrong", "no\n");
    let cases: [(&[&str], &str); 6] = [
        (&["extract", "svc.p12", "--password-file", "wrong"], "svc.p12 cannot be used: the password is wrong"),
        (&["extract", "svc.crt"], "it is no PKCS #12 file"),
        (&["extract", "trust.p12", "x.crt", "x.key"], "there is no key in trust.p12"),
        (&["p12", "x.p12"], "there is nothing to put into the file"),
        (&["p12", "x.p12", "svc.crt", "ca.key", "--password-file", "password"], "does not belong to the certificate"),
        (&["p12", "x.p12", "svc.crt", "svc.key"], "pass it with --password-file"),
    ];
    for (words, says) in cases {
        refused(&sandbox, words, &[], says);
        assert!(!sandbox.path("x.p12").exists() && !sandbox.path("x.crt").exists());
    }
}
