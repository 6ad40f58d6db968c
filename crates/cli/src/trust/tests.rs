//! What is run on systems that are not this one.

use super::Root;
use super::step::Step;
use super::system::System;
use crate::inspect::{Document, parse};

fn root(prefix: &str) -> Root {
    let mut found = parse(include_bytes!("../../tests/vectors/ca.pem")).expect("PEM");
    let certificate = found.pop().and_then(Document::into_certificate).expect("a certificate");
    let name = format!("{prefix}{}", certificate.serial());
    Root { certificate, name }
}

/// On `system`, with these folders, a root is added and removed by these programs; those of `sudo` are seen without it.
#[track_caller]
fn check(system: &str, folders: &[&str], added: &[&str], removed: &[&str]) {
    let root = root("a/b c ");
    let found = System::of(system, |folder| folders.contains(&folder)).expect("a known system");
    let lines = |steps: Vec<Step>| -> Vec<String> {
        steps.iter().map(|step| step.to_string().trim_start_matches("sudo -- ").to_owned()).collect()
    };
    let number = root.certificate.serial().to_string();
    let expected = |lines: &[&str]| -> Vec<String> { lines.iter().map(|line| line.replace('#', &number)).collect() };
    assert_eq!(lines(found.to_add(&root, "file").expect("steps")), expected(added));
    assert_eq!(lines(found.to_remove(&root, "file").expect("steps")), expected(removed));
}

#[test]
fn every_system_has_its_own_programs() {
    let debian = "/usr/local/share/ca-certificates";
    let fedora = "/etc/pki/ca-trust/source/anchors";
    let suse = "/usr/share/pki/trust/anchors";
    let arch = "/etc/ca-certificates/trust-source/anchors";
    for folders in [&[fedora][..], &[arch, debian, fedora, suse]] {
        check(
            "linux",
            folders,
            &["tee /etc/pki/ca-trust/source/anchors/a_b_c_#.pem", "update-ca-trust extract"],
            &["rm -f /etc/pki/ca-trust/source/anchors/a_b_c_#.pem", "update-ca-trust extract"],
        );
    }
    check(
        "linux",
        &[debian],
        &["tee /usr/local/share/ca-certificates/a_b_c_#.crt", "update-ca-certificates"],
        &["rm -f /usr/local/share/ca-certificates/a_b_c_#.crt", "update-ca-certificates"],
    );
    check(
        "linux",
        &[suse],
        &["tee /usr/share/pki/trust/anchors/a_b_c_#.crt", "update-ca-certificates"],
        &["rm -f /usr/share/pki/trust/anchors/a_b_c_#.crt", "update-ca-certificates"],
    );
    check(
        "linux",
        &[arch],
        &["tee /etc/ca-certificates/trust-source/anchors/a_b_c_#.crt", "trust extract-compat"],
        &["rm -f /etc/ca-certificates/trust-source/anchors/a_b_c_#.crt", "trust extract-compat"],
    );
    check(
        "macos",
        &[],
        &["security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain file"],
        &["security remove-trusted-cert -d file"],
    );
    let error = System::of("linux", |_| false).expect_err("no store").to_string();
    assert!(error.contains("ca-certificates") && error.contains("--no-system"), "{error}");
}

#[test]
fn a_name_that_no_file_can_have_is_refused() {
    let system = System::of("linux", |folder| folder.starts_with("/usr/local")).expect("a known system");
    system.to_add(&root(&"n".repeat(260)), "file").expect_err("too long");
}
