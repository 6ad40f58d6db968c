//! Looking at certificates and changing passwords of keys.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::sandbox::{Outcome, Sandbox};

const LEAF: &str = include_str!("../vectors/leaf.pem");
const CA: &str = include_str!("../vectors/ca.pem");
const CSR: &str = include_str!("../vectors/csr.pem");

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("leaf.crt", LEAF);
    sandbox.write("chain.crt", &format!("{LEAF}{CA}"));
    sandbox.write("a.csr", CSR);
    sandbox
}

pub(crate) fn openssl(sandbox: &Sandbox, words: &[&str]) {
    let output = Command::new("openssl").args(words).current_dir(sandbox.path("")).output().expect("openssl");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn inspect_prints_the_first_certificate_or_all() {
    let sandbox = sandbox();
    let expected = include_str!("../vectors/leaf.txt");
    sandbox.run(&["certificate", "inspect", "chain.crt"]).printed(expected);
    sandbox.run_with(&["certificate", "inspect"], LEAF).printed(expected);
    sandbox.run_with(&["certificate", "inspect", "-"], LEAF).printed(expected);
    let both = format!("{expected}{}", include_str!("../vectors/ca.txt"));
    sandbox.run(&["certificate", "inspect", "chain.crt", "--bundle"]).printed(&both);
    let short = format!("{}{}", include_str!("../vectors/leaf.short"), include_str!("../vectors/ca.short"));
    sandbox.run(&["certificate", "inspect", "--bundle", "--short", "chain.crt"]).printed(&short);
    sandbox.run(&["certificate", "inspect", "chain.crt", "--format=pem"]).printed(LEAF);
    sandbox.run(&["certificate", "inspect", "a.csr"]).printed(include_str!("../vectors/csr.txt"));
}

#[test]
fn inspect_says_what_it_cannot_do() {
    let sandbox = sandbox();
    sandbox.write("rubbish", "rubbish");
    let none = "does not contain any valid CERTIFICATE or CERTIFICATE REQUEST blocks\n";
    sandbox.run(&["certificate", "inspect", "rubbish"]).failed(1, &format!("file rubbish {none}"));
    sandbox.run_with(&["certificate", "inspect"], "rubbish").failed(1, &format!("file - {none}"));
    sandbox.run(&["certificate", "inspect", "gone"]).failed(1, "could not read the certificate, gone: ");
    let inspect = |flags: &[&str]| {
        sandbox.run(&["certificate", "inspect", "leaf.crt"].iter().chain(flags).copied().collect::<Vec<_>>())
    };
    inspect(&["--format=xml"]).failed(1, "invalid value 'xml' for flag '--format'; options are text, json, pem\n");
    inspect(&["--short", "--format=json"]).failed(1, "flag '--short' is incompatible with '--format json'\n");
    inspect(&["--short", "--format=pem"]).failed(1, "flag '--short' is incompatible with '--format pem'\n");
    sandbox.write("cut.crt", &LEAF[..LEAF.len() / 2]);
    sandbox.run(&["certificate", "inspect", "cut.crt"]).failed(1, "file cut.crt cannot be used: line 1: ");
}

#[test]
fn l04_a_hostile_certificate_cannot_write_to_the_terminal() {
    let sandbox = sandbox();
    let subject = "/CN=\x1b[2Jevil\u{202e}/O=a";
    openssl(
        &sandbox,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-utf8",
            "-subj",
            subject,
            "-keyout",
            "x.key",
            "-out",
            "x.crt",
        ],
    );
    for flags in [&["certificate", "inspect", "x.crt"][..], &["certificate", "inspect", "--short", "x.crt"]] {
        let outcome = sandbox.run(flags);
        let is_safe = |character: char| character == '\n' || !character.is_control() && character != '\u{202e}';
        assert!(outcome.code == Some(0) && outcome.stdout.chars().all(is_safe), "{outcome:?}");
        assert!(outcome.stdout.contains("evil"), "{outcome:?}");
    }
}

#[test]
fn json_says_what_the_certificate_says() {
    let sandbox = sandbox();
    let inspect = |words: &[&str]| -> serde_json::Value {
        let words: Vec<&str> = ["certificate", "inspect", "--format", "json"].iter().chain(words).copied().collect();
        serde_json::from_str(&sandbox.run(&words).stdout).expect("JSON")
    };
    let leaf = inspect(&["leaf.crt"]);
    let members: Vec<&String> = leaf.as_object().expect("an object").keys().collect();
    assert_eq!(members.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "), MEMBERS);
    let expected = serde_json::json!({
        "key_usage": { "digital_signature": true, "value": 1 },
        "subject_alt_name": {
            "dns_names": ["svc.example", "*.svc.example"],
            "email_addresses": ["ops@svc.example"],
            "ip_addresses": ["192.0.2.7", "2001:db8::7"],
            "uniform_resource_identifiers": ["spiffe://example/svc"],
        },
        "authority_key_id": "7992517da39153f2e138a56b28ccd86a10352485",
        "subject_key_id": "8d99bc65f4357d661c823503370a34fc4f48d702",
        "extended_key_usage": { "client_auth": true, "server_auth": true },
        "step_provisioner": { "credentialID": "kid-synthetic-0001", "name": "admin", "type": "JWK" },
    });
    assert_eq!(leaf["extensions"], expected);
    assert_eq!(leaf["names"], serde_json::json!(["svc.example", "*.svc.example", "192.0.2.7", "2001:db8::7"]));
    assert_eq!(
        leaf["validity"],
        serde_json::json!({
            "start": "2026-03-01T08:00:00Z", "end": "2026-03-02T08:00:00Z", "length": 86400
        })
    );
    for (member, digest) in
        [("fingerprint_md5", "-md5"), ("fingerprint_sha1", "-sha1"), ("fingerprint_sha256", "-sha256")]
    {
        let output = Command::new("openssl")
            .args(["x509", "-noout", "-fingerprint", digest, "-in", "leaf.crt"])
            .current_dir(sandbox.path(""))
            .output()
            .expect("openssl");
        let text = String::from_utf8(output.stdout).expect("UTF-8").replace(':', "").to_lowercase();
        assert_eq!(leaf[member], text.trim().split_once('=').expect("a value").1, "{member}");
    }
    // Whether a signature is valid is said only where it can be told.
    assert_eq!(leaf["signature"].get("valid"), None);
    assert_eq!(leaf["signature"]["self_signed"], false);
    assert_eq!(inspect(&["chain.crt"])["signature"]["valid"], true);
    let both = inspect(&["chain.crt", "--bundle"]);
    assert_eq!((&both[0]["signature"]["valid"], both[1]["signature"].get("valid")), (&true.into(), None));
    let csr = inspect(&["a.csr", "--bundle"]);
    assert_eq!((&csr["SignatureValid"], &csr["DNSNames"][0]), (&true.into(), &"csr.example".into()));
    assert_eq!(csr["EmailAddresses"], serde_json::Value::Null);
}

const MEMBERS: &str = "version serial_number signature_algorithm issuer issuer_dn validity subject subject_dn \
    subject_key_info extensions signature fingerprint_md5 fingerprint_sha1 fingerprint_sha256 tbs_noct_fingerprint \
    spki_subject_fingerprint tbs_fingerprint validation_level names redacted";

#[test]
fn the_signature_of_a_root_is_valid() {
    let sandbox = chain();
    let root = sandbox.run(&["certificate", "inspect", "--format=json", "root.crt"]);
    let root: serde_json::Value = serde_json::from_str(&root.stdout).expect("JSON");
    assert_eq!((&root["signature"]["valid"], &root["signature"]["self_signed"]), (&true.into(), &true.into()));
    // A signature by another key is told, too.
    let other = chain();
    sandbox.write("mixed.crt", &format!("{}{}", sandbox.read("inter.crt"), other.read("root.crt")));
    let mixed = sandbox.run(&["certificate", "inspect", "--format=json", "mixed.crt"]);
    let mixed: serde_json::Value = serde_json::from_str(&mixed.stdout).expect("JSON");
    assert_eq!(mixed["signature"]["valid"], false);
}

#[test]
fn every_kind_of_key_is_shown() {
    let sandbox = Sandbox::new();
    for (curve, name) in [("secp224r1", "P-224"), ("secp384r1", "P-384"), ("secp521r1", "P-521")] {
        let parameter = format!("ec_paramgen_curve:{curve}");
        let words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", &parameter, "-nodes", "-subj", "/CN=a"];
        openssl(&sandbox, &[&words[..], &["-keyout", "a.key", "-out", "a.crt"]].concat());
        let text = sandbox.run(&["certificate", "inspect", "a.crt"]).stdout;
        assert!(text.contains(&format!("\n                Curve: {name}\n")), "{text}");
        let short = sandbox.run(&["certificate", "inspect", "--short", "a.crt"]).stdout;
        assert!(short.contains(&format!("(ECDSA {name})")), "{short}");
        let json = sandbox.run(&["certificate", "inspect", "--format=json", "a.crt"]).stdout;
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["subject_key_info"]["ecdsa_public_key"]["curve"], name);
    }
    openssl(&sandbox, &["dsaparam", "-out", "dsa.pem", "1024"]);
    let words =
        ["req", "-x509", "-newkey", "dsa:dsa.pem", "-nodes", "-subj", "/CN=a", "-keyout", "a.key", "-out", "a.crt"];
    openssl(&sandbox, &words);
    let text = sandbox.run(&["certificate", "inspect", "a.crt"]).stdout;
    assert!(text.contains("Public Key Algorithm: DSA\n                pub:\n"), "{text}");
    let json = sandbox.run(&["certificate", "inspect", "--format=json", "a.crt"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["subject_key_info"]["dsa_public_key"].as_object().expect("a key").len(), 4);
}

#[test]
fn fingerprints_come_in_many_forms() {
    let sandbox = sandbox();
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in", "leaf.crt"])
        .current_dir(sandbox.path(""))
        .output()
        .expect("openssl");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let hex = text.trim().split_once('=').expect("a value").1.replace(':', "").to_lowercase();
    sandbox.run(&["certificate", "fingerprint", "leaf.crt"]).printed(&format!("{hex}\n"));
    let bundle = sandbox.run(&["certificate", "fingerprint", "--bundle", "chain.crt"]);
    assert!(bundle.stdout.starts_with(&format!("0: {hex}\n1: ")), "{bundle:?}");
    let of = |format: &str| sandbox.run(&["certificate", "fingerprint", "leaf.crt", "--format", format]).stdout;
    assert_eq!(of("base64-url").trim_end().trim_end_matches('='), of("BASE64-URL-RAW").trim_end());
    assert_eq!(of("base64").len(), 45);
    let wrong = sandbox.run(&["certificate", "fingerprint", "leaf.crt", "--format", "foo"]);
    wrong.failed(1, "error parsing fingerprint format: 'foo' is not a valid fingerprint format\n");
    assert_eq!(sandbox.run(&["certificate", "fingerprint", "a.csr"]).stdout.len(), 65);
    let sha1 = ["certificate", "fingerprint", "leaf.crt", "--sha1"];
    sandbox.run(&sha1).failed(1, "flag '--sha1' requires the '--insecure' flag\n");
    let sha1: Vec<&str> = sha1.iter().copied().chain(["--insecure"]).collect();
    sandbox.run(&sha1).printed("99837be88bcac99750e6d3a79d1009e00480f5e5\n");
}

/// A chain made by OpenSSL: `root.crt`, and `leaf.crt` with its intermediate.
pub(crate) fn chain() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "x.cnf",
        "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n\
         [leaf]\nsubjectAltName=DNS:a.test,IP:10.0.0.1\n[req]\ndistinguished_name=dn\n[dn]\n",
    );
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "x.cnf"];
    let make =
        |words: &[&str]| openssl(&sandbox, &["req"].iter().chain(&key).chain(words).copied().collect::<Vec<_>>());
    make(&["-x509", "-extensions", "ca", "-subj", "/CN=Root", "-keyout", "root.key", "-out", "root.crt"]);
    let sign = |name: &str, issuer: &str, section: &str| {
        let (key, csr, crt) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
        let (issuer_crt, issuer_key) = (format!("{issuer}.crt"), format!("{issuer}.key"));
        make(&["-subj", &format!("/CN={name}"), "-keyout", &key, "-out", &csr]);
        openssl(
            &sandbox,
            &[
                "x509",
                "-req",
                "-in",
                &csr,
                "-CA",
                &issuer_crt,
                "-CAkey",
                &issuer_key,
                "-CAcreateserial",
                "-extfile",
                "x.cnf",
                "-extensions",
                section,
                "-out",
                &crt,
            ],
        );
    };
    sign("inter", "root", "ca");
    sign("leaf", "inter", "leaf");
    sandbox.write("chain.crt", &format!("{}{}", sandbox.read("leaf.crt"), sandbox.read("inter.crt")));
    sandbox
}

#[test]
fn a_chain_is_verified_and_nothing_is_said() {
    let sandbox = chain();
    let verify =
        |words: &[&str]| sandbox.run(&["certificate", "verify"].iter().chain(words).copied().collect::<Vec<_>>());
    let silent = Outcome { code: Some(0), stdout: String::new(), stderr: String::new() };
    assert_eq!(verify(&["chain.crt", "--roots", "root.crt"]), silent);
    assert_eq!(verify(&["leaf.crt", "--roots", "root.crt, inter.crt"]), silent);
    assert_eq!(verify(&["leaf.crt", "--roots", "inter.crt"]), silent);
    assert_eq!(verify(&["chain.crt", "--roots", "root.crt", "--host", "A.test"]), silent);
    assert_eq!(verify(&["chain.crt", "--roots", "root.crt", "--host", "10.0.0.1"]), silent);
    verify(&["chain.crt", "--roots=root.crt", "-v"])
        .printed("certificate validated against roots\ncertificate is valid\n");
    verify(&["leaf.crt", "--roots", "root.crt"]).failed(1, "failed to verify certificate: ");
    verify(&["chain.crt", "--roots", "root.crt", "--host", "b.test"])
        .failed(1, "x509: certificate is valid for a.test, 10.0.0.1, not b.test");
    verify(&["chain.crt", "--roots", "gone.crt"])
        .failed(1, "path 'gone.crt': error reading cert pool: open gone.crt: no such file or directory");
    verify(&["chain.crt", "--roots=root.crt", "--verify-crl"])
        .failed(1, "CRL distribution endpoint not found in certificate");
    sandbox.write("bad.pem", "bogus");
    verify(&["bad.pem", "--roots=root.crt"]).failed(1, "bad.pem contains an invalid PEM block");
    sandbox.write("key.pem", &sandbox.read("leaf.key"));
    verify(&["key.pem", "--roots=root.crt"]).failed(
        1,
        "key.pem contains no PEM certificate blocks
",
    );
    assert_eq!(
        sandbox.run_with(&["certificate", "verify", "-", "--roots", "root.crt"], &sandbox.read("chain.crt")),
        silent
    );
    fs::create_dir(sandbox.path("folder")).expect("a folder");
    fs::copy(sandbox.path("root.crt"), sandbox.path("folder/root.pem")).expect("a copy");
    fs::write(sandbox.path("folder/readme"), "hello").expect("a file");
    assert_eq!(verify(&["chain.crt", "--roots", "folder"]), silent);
}

#[test]
fn passwords_are_changed_in_place_and_modes_tightened() {
    let sandbox = Sandbox::new();
    sandbox.write("old", "one\n");
    sandbox.write("new", "two\n");
    openssl(
        &sandbox,
        &[
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-aes256",
            "-pass",
            "pass:one",
            "-out",
            "a.key",
        ],
    );
    fs::set_permissions(sandbox.path("a.key"), fs::Permissions::from_mode(0o644)).expect("a mode");
    let change = ["crypto", "change-pass", "a.key", "--password-file=old", "--new-password-file=new"];
    sandbox.run(&change).said("Your key has been saved in a.key.\n");
    openssl(&sandbox, &["pkey", "-in", "a.key", "-passin", "pass:two", "-noout"]);
    assert_eq!(fs::metadata(sandbox.path("a.key")).expect("a file").permissions().mode() & 0o777, 0o600);
    let before = sandbox.read("a.key");
    sandbox.run(&change).failed(1, "the key, a.key, cannot be used: the password is wrong\n");
    assert_eq!(sandbox.read("a.key"), before);
    let plain = ["crypto", "change-pass", "a.key", "--password-file=new", "--no-password", "--out=b.key"];
    sandbox.run(&plain).failed(1, "flag '--no-password' requires the '--insecure' flag\n");
    let plain: Vec<&str> = plain.iter().copied().chain(["--insecure"]).collect();
    sandbox.run(&plain).said("Your key has been saved in b.key.\n");
    sandbox.run(&plain).failed(1, "b.key exists; pass --force to overwrite it");
    assert!(sandbox.read("b.key").starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
    assert_eq!(fs::metadata(sandbox.path("b.key")).expect("a file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_json_key_stays_json() {
    let sandbox = Sandbox::new();
    sandbox.write("new", "two\n");
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","kid":"mine","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    sandbox.write("a.jwk", jwk);
    let encrypt = ["crypto", "change-pass", "a.jwk", "--new-password-file", "new"];
    sandbox.run(&encrypt).said("Your key has been saved in a.jwk.\n");
    assert!(sandbox.read("a.jwk").contains("\"ciphertext\""));
    let decrypt = ["crypto", "change-pass", "a.jwk", "--password-file", "new", "--no-password", "--insecure"];
    sandbox.run(&decrypt).said("Your key has been saved in a.jwk.\n");
    let plain: serde_json::Value = serde_json::from_str(&sandbox.read("a.jwk")).expect("JSON");
    assert_eq!((plain["kid"].as_str(), plain["crv"].as_str()), (Some("mine"), Some("Ed25519")));
}

#[test]
fn passwords_are_asked_for_on_a_terminal() {
    let sandbox = Sandbox::new();
    openssl(&sandbox, &["genpkey", "-algorithm", "ED25519", "-aes256", "-pass", "pass:one", "-out", "a.key"]);
    let mut session = sandbox.on_a_terminal(&["crypto", "change-pass", "a.key"]);
    session.exp_string("Please enter the password to decrypt a.key").expect("the question");
    session.send_line("wrong").expect("a password");
    session.exp_string("That password is wrong, try again.").expect("the verdict");
    session.exp_string("Please enter the password to decrypt a.key").expect("the question");
    session.send_line("one").expect("a password");
    session.exp_string("Please enter the password to encrypt a.key").expect("the question");
    session.send_line("two").expect("a password");
    session.exp_string("Your key has been saved in a.key.").expect("the end");
    session.exp_eof().expect("the end");
    openssl(&sandbox, &["pkey", "-in", "a.key", "-passin", "pass:two", "-noout"]);
}

#[test]
fn keys_that_cannot_be_used_are_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("new", "two\n");
    let change = |file: &str| sandbox.run(&["crypto", "change-pass", file, "--new-password-file", "new"]);
    sandbox.write("cut.key", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n");
    change("cut.key").failed(1, "the key, cut.key, cannot be used: ");
    change("gone.key").failed(1, "could not read the key, gone.key: ");
    sandbox.write("empty.key", "");
    change("empty.key").failed(1, "the key, empty.key, cannot be used: ");
    sandbox.write("real.key", "x");
    symlink(sandbox.path("real.key"), sandbox.path("link.key")).expect("a link");
    change("link.key").failed(1, "link.key is a symbolic link and is not overwritten");
}

#[test]
fn a_full_disk_leaves_the_old_file_and_no_other() {
    let sandbox = Sandbox::new();
    sandbox.write("new", "two\n");
    openssl(&sandbox, &["genpkey", "-algorithm", "ED25519", "-out", "a.key"]);
    let before = (sandbox.read("a.key"), sandbox.files(""));
    let outcome = sandbox.run_on_a_full_disk(&["crypto", "change-pass", "a.key", "--new-password-file", "new"]);
    outcome.failed(1, "could not write a.key; nothing was changed. Make room or name another file: ");
    assert_eq!((sandbox.read("a.key"), sandbox.files("")), before);
}

#[test]
fn documents_need_no_context() {
    let sandbox = sandbox();
    sandbox.write(
        "step/contexts.json",
        r#"{"one":{"authority":"a","profile":"p"},"two":{"authority":"b","profile":"p"}}"#,
    );
    sandbox.run(&["certificate", "inspect", "leaf.crt"]).printed(include_str!("../vectors/leaf.txt"));
}
