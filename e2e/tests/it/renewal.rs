//! Renewing, rekeying and revoking against the real server, and the agent as a process.

use std::os::unix::fs::PermissionsExt;

use super::harness::{Ca, eventually, free_port};

/// The serial number of a certificate, as OpenSSL reads it.
#[track_caller]
fn serial(ca: &Ca, file: &str) -> String {
    ca.place.run("openssl", &["x509", "-in", file, "-noout", "-serial"]).success().stdout
}

/// OpenSSL finds a path from the certificate to the root, and the key fits.
#[track_caller]
fn check_pair(ca: &Ca, name: &str) {
    let (crt, key, root) = (format!("{name}.crt"), format!("{name}.key"), ca.root());
    ca.place.run("openssl", &["verify", "-CAfile", &root, "-untrusted", &crt, "-x509_strict", &crt]).success();
    let of_crt = ca.place.run("openssl", &["x509", "-in", &crt, "-noout", "-pubkey"]).success().stdout;
    let of_key = ca.place.run("openssl", &["pkey", "-in", &key, "-pubout"]).success().stdout;
    assert_eq!(of_crt, of_key);
}

#[test]
fn a_certificate_is_renewed_rekeyed_and_revoked() {
    let ca = Ca::init();
    let _server = ca.serve();
    ca.certificate("svc.test", "svc", &[]).success();
    ca.place.path("svc.crt").metadata().expect("a certificate").permissions().set_mode(0o644);
    let (first, key) = (serial(&ca, "svc.crt"), ca.place.read("svc.key"));

    let renewed = ca.place.rung(&["ca", "renew", "svc.crt", "svc.key"]).success();
    assert_eq!(renewed.stderr, "Your certificate has been saved in svc.crt.\n");
    let second = serial(&ca, "svc.crt");
    assert_ne!(first, second);
    assert_eq!(ca.place.read("svc.key"), key);
    check_pair(&ca, "svc");

    let hook = "sh -c 'printf \"%s\" \"$1\" > told' hook 'a  b;$(x)'";
    ca.place.rung(&["ca", "renew", "svc.crt", "svc.key", "--mtls=false", "--exec", hook]).success();
    assert_eq!(ca.place.read("told"), "a  b;$(x)");
    check_pair(&ca, "svc");

    let early = ca.place.rung(&["ca", "renew", "svc.crt", "svc.key", "--expires-in", "8h"]).success();
    assert!(early.stderr.starts_with("certificate not renewed: expires in 2"), "{}", early.stderr);

    ca.place.rung(&["ca", "rekey", "svc.crt", "svc.key", "--kty", "RSA"]).success();
    assert_ne!(ca.place.read("svc.key"), key);
    check_pair(&ca, "svc");

    ca.place.rung(&["ca", "revoke", "--cert", "svc.crt", "--key", "svc.key", "--reasonCode", "superseded"]).success();
    let before = ca.place.read("svc.crt");
    assert!(!ca.place.rung(&["ca", "renew", "svc.crt", "svc.key"]).status.success(), "it was revoked");
    assert!(!ca.place.rung(&["ca", "rekey", "svc.crt", "svc.key"]).status.success(), "it was revoked");
    assert_eq!(ca.place.read("svc.crt"), before, "nothing is written when the CA refuses");
}

#[test]
fn a_certificate_is_revoked_by_its_number() {
    let ca = Ca::init();
    let _server = ca.serve();
    ca.certificate("svc.test", "svc", &[]).success();
    let hex = serial(&ca, "svc.crt").trim().replace("serial=", "0x");
    let credential = ["--provisioner", "admin", "--provisioner-password-file", "password"];
    let revoked = ca.place.rung(&[&["ca", "revoke", &hex][..], &credential].concat()).success();
    assert!(revoked.stderr.ends_with(" has been revoked.\n"), "{}", revoked.stderr);
    assert!(!ca.place.rung(&["ca", "renew", "svc.crt", "svc.key"]).status.success(), "it was revoked");
}

#[test]
fn an_administrator_looks_through_the_certificates_of_a_running_ca() {
    let ca = Ca::init();
    let config = ca.place.read("step/config/ca.json");
    ca.place.write("step/config/ca.json", &config.replacen('{', "{\"inventoryReaders\": [\"a.test\"],", 1));
    let _server = ca.serve();
    for name in ["a.test", "b.test", "c.test"] {
        ca.certificate(name, name, &[]).success();
    }
    ca.place.rung(&["ca", "revoke", "--cert", "b.test.crt", "--key", "b.test.key"]).success();
    let config = ca.config();
    let list = |what: &str, more: &[&str]| {
        ca.place.rung_ca(&[&["certificates", what, config.as_str()][..], more].concat()).success().stdout
    };
    assert_eq!(list("list", &[]).lines().count(), 4);
    let revoked = list("list", &["--state", "revoked", "--format", "json"]);
    let revoked: serde_json::Value = serde_json::from_str(&revoked).expect("JSON");
    assert_eq!(revoked["certificates"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&revoked["certificates"][0]["names"], &revoked["next"]),
        (&["b.test"].into(), &serde_json::Value::Null)
    );
    assert_eq!(list("export", &["--name", "a.test", "--format", "pem"]).matches("BEGIN").count(), 1);
    assert_eq!(list("export", &["--key", "c.test.crt"]).lines().count(), 2);
    assert_eq!(list("list", &["--expires-within", "1h"]).lines().count(), 1);
    let serial = revoked["certificates"][0]["serial"].as_str().expect("a number").to_owned();
    let shown = ca.place.rung_ca(&["certificates", "show", &serial, &config]).success().stdout;
    assert!(shown.contains("revoked") && shown.contains("BEGIN CERTIFICATE"), "{shown}");

    // From elsewhere, by a certificate with a name that is listed, the same is printed.
    let remote = |reader: &str, words: &[&str]| {
        let (crt, key) = (format!("{reader}.crt"), format!("{reader}.key"));
        ca.place.rung(&[&["ca", "certificates"], words, &["--cert", &crt, "--key", &key]].concat())
    };
    for words in [
        &["list"][..],
        &["list", "--state", "revoked", "--format", "json"],
        &["list", "--name", "a.test", "--format", "csv"],
        &["list", "--provisioner", "admin", "--expires-within", "48h"],
        &["export", "--name", "A.test", "--format", "pem"],
        &["export"],
    ] {
        assert_eq!(remote("a.test", words).success().stdout, list(words[0], &words[1..]), "{words:?}");
    }
    let page = remote("a.test", &["list", "--limit", "2"]).success();
    let (_, cursor) = page.stderr.split_once("There may be more: --after ").expect("there are three");
    let rest = remote("a.test", &["list", "--limit", "2", "--after", cursor.trim()]).success();
    assert_eq!((page.stdout.lines().count(), rest.stdout.lines().count()), (3, 2));
    assert_eq!(remote("a.test", &["show", &serial]).success().stdout, shown);
    assert_eq!(remote("a.test", &["list", "--for-key", "c.test.crt"]).success().stdout.lines().count(), 2);
    remote("c.test", &["list"]).refusal(&["the CA does not show its certificates", "no name of those who may look"]);
    remote("b.test", &["list"]).refusal(&["the certificate is revoked"]);
    remote("a.test", &["list", "--state", "dead"]).refusal(&["options are expired, revoked, valid"]);
    remote("a.test", &["show", "7"]).refusal(&["no certificate with the serial number 7 on record"]);
}

#[test]
fn the_renewal_units_that_people_have_work_under_the_name_step() {
    let ca = Ca::init();
    let _server = ca.serve();
    ca.certificate("svc.test", "svc", &[]).success();
    std::fs::create_dir(ca.place.path("bin")).expect("a folder");
    std::os::unix::fs::symlink(super::harness::program("rung"), ca.place.path("bin/step")).expect("a link");
    let before = serial(&ca, "svc.crt");
    let step = ca.place.text_path("bin/step");
    // As the unit calls it, flag before the files.
    ca.place.run(&step, &["ca", "renew", "--force", "svc.crt", "svc.key"]).success();
    assert_ne!(serial(&ca, "svc.crt"), before);
    check_pair(&ca, "svc");
}

#[test]
fn l13_the_agent_outlives_its_ca_and_tells_users_once() {
    let ca = Ca::init();
    let server = ca.serve();
    for name in ["a", "b"] {
        ca.certificate(&format!("{name}.test"), name, &["--not-after", "5m"]).success();
    }
    // Due at once, and then again after at most a minute: tests cannot wait for two thirds of a lifetime.
    let hook = "sh -c 'echo \"$RUNG_CRT_FILE\" >> hooks'";
    let rule = ["--expires-in", "5m30s", "--exec", hook];
    ca.place.rung(&[&["agent", "add", "a.crt", "a.key"][..], &rule].concat()).success();
    ca.place.rung(&[&["agent", "add", "b.crt", "b.key", "--rekey"][..], &rule].concat()).success();
    let list = ca.place.read("step/config/agent.json");
    let port = free_port();
    ca.place.write("step/config/agent.json", &list.replacen('{', &format!("{{\"metrics\":\"127.0.0.1:{port}\","), 1));
    let (old_key, numbers) = (ca.place.read("b.key"), [serial(&ca, "a.crt"), serial(&ca, "b.crt")]);

    // The CA is away when the agent starts.
    server.finish_with_term().success();
    let agent = ca.place.start_rung(&["agent", "run"]);
    agent.wait_for_text("is the CA running", 2);
    eventually("a status that shows both failures", || {
        let status = ca.place.rung(&["agent", "status", "--format", "json"]);
        // The agent says it before it writes it down.
        let failing = status.stdout.matches("\"state\": \"failing\"").count();
        (failing == 2 && status.status.code() == Some(1)).then_some(())
    });
    assert_eq!([serial(&ca, "a.crt"), serial(&ca, "b.crt")], numbers);

    let _server = ca.serve();
    agent.wait_for_text("told its users", 2);
    let hooks = ca.place.read("hooks");
    for name in ["a", "b"] {
        check_pair(&ca, name);
        assert_eq!(hooks.matches(&format!("/{name}.crt\n")).count(), 1, "{hooks}");
    }
    assert_ne!(ca.place.read("b.key"), old_key);
    let metrics = eventually("metrics of two renewals", || {
        let url = format!("http://127.0.0.1:{port}/metrics");
        let shown = ca.place.run("curl", &["--silent", &url]).success().stdout;
        (shown.matches("crt\"} 1\n").count() >= 4).then_some(shown)
    });
    assert!(metrics.contains("# TYPE rung_agent_renewals_total counter"), "{metrics}");

    // Another agent on the same list would renew twice.
    let second = ca.place.rung(&["agent", "run"]);
    assert!(!second.status.success() && second.stderr.contains("another agent"), "{}", second.stderr);
    ca.place.rung(&["agent", "remove", "a.crt"]).success();
    agent.wait_for_text("taking care of 1 certificate", 1);
    agent.finish_with_term().success();
    assert_eq!(ca.place.read("hooks"), hooks, "the hooks ran once for each change");
}
