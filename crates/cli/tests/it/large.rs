//! Input that is larger than anybody means: refused with the limit, and with the memory that there is.

use std::fs::{self, File};

use crate::sandbox::Sandbox;

const RSA: &[u8] = include_bytes!("../vectors/rsa.pem");

/// A sandbox with a file of a gigabyte of which nothing is on the disk, and a key.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    File::create(sandbox.path("large")).expect("a file").set_len(1 << 30).expect("a sparse file");
    fs::write(sandbox.path("ca.crt"), RSA).expect("a file");
    let made = sandbox.run(&["crypto", "keypair", "a.pub", "a.key", "--no-password", "--insecure"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    sandbox
}

#[test]
fn l02_a_gigabyte_is_refused_within_bounded_memory() {
    let sandbox = sandbox();
    for command in [
        "certificate bundle large ca.crt out.crt",
        "certificate extract large",
        "certificate fingerprint large",
        "certificate format large",
        "certificate inspect large",
        "certificate key large",
        "certificate lint large",
        "certificate needs-renewal large",
        "certificate p12 out.p12 large a.key --no-password --insecure",
        "certificate verify large --roots ca.crt",
        "crl inspect large --insecure",
        "crypto change-pass large --no-password --insecure",
        "crypto key fingerprint large",
        "crypto key inspect large",
        "crypto key sign --key a.key large",
        "crypto winpe extract large",
    ] {
        let outcome = sandbox.run_in_little_memory(command);
        assert_ne!(outcome.code, Some(0), "{command}");
        assert!(outcome.stderr.contains("large, is larger than 64 MiB"), "{command}: {}", outcome.stderr);
    }
    for command in [
        "base64",
        "base64 -d",
        "certificate inspect -",
        "crypto jwk public",
        "crypto jwk thumbprint",
        "crypto jwt inspect --insecure",
        "crypto kdf hash",
    ] {
        // An input without an end: nobody waits for it.
        let outcome = sandbox.run_in_little_memory(&format!("{command} < /dev/zero"));
        assert_ne!(outcome.code, Some(0), "{command}");
        assert!(outcome.stderr.contains("standard input, is larger than 64 MiB"), "{command}: {}", outcome.stderr);
    }
    File::create(sandbox.path("longer")).expect("a file").set_len(1 << 27).expect("a sparse file");
    // What only goes through is read in parts, however much it is.
    let outcome = sandbox.run_in_little_memory("crypto hash digest longer");
    let of_zeros = "254bcc3fc4f27172636df4bf32de9f107f620d559b20d760197e452b97453917";
    assert!(outcome.stdout.contains(of_zeros), "{outcome:?}");
}

#[test]
fn a_bundle_of_ten_thousand_certificates_is_shown_whole() {
    let sandbox = Sandbox::new();
    let pem = String::from_utf8_lossy(RSA).into_owned();
    sandbox.write("bundle.pem", &pem.repeat(10_000));
    let outcome = sandbox.run(&["certificate", "inspect", "--short", "--bundle", "bundle.pem"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.matches("X.509v3").count(), 10_000);
}
