//! `certificate bundle`, `format`, `key` and `needs-renewal`, judged by OpenSSL.

use std::fs;
use std::process::Command;

use crate::sandbox::Sandbox;

/// A sandbox with a certificate, its key, and a request.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=svc"];
    openssl(&sandbox, &[&new[..], &["-days", "10", "-keyout", "svc.key", "-out", "svc.crt"]].concat());
    openssl(&sandbox, &["req", "-new", "-key", "svc.key", "-subj", "/CN=svc", "-out", "svc.csr"]);
    sandbox
}

fn openssl(sandbox: &Sandbox, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).current_dir(sandbox.path("")).output();
    let output = output.expect("the program openssl, which these tests need");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_certificate_is_turned_into_der_and_back() {
    let sandbox = sandbox();
    for (file, kind) in [("svc.crt", "x509"), ("svc.csr", "req")] {
        let outcome = sandbox.run(&["certificate", "format", file, "--out", "out.der"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(outcome.stderr, "Your certificate has been saved in out.der\n");
        assert_eq!(
            fs::read(sandbox.path("out.der")).unwrap(),
            openssl(&sandbox, &[kind, "-in", file, "-outform", "DER"])
        );
        let back = sandbox.run(&["certificate", "format", "out.der"]);
        assert_eq!(back.stdout.as_bytes(), openssl(&sandbox, &[kind, "-in", file, "-outform", "PEM"]));
        fs::remove_file(sandbox.path("out.der")).unwrap();
    }
    let piped = sandbox.run_with(&["certificate", "format", "-", "--out", "a.der"], &sandbox.read("svc.crt"));
    assert_eq!(piped.code, Some(0), "{piped:?}");
    sandbox.write("junk", "junk");
    sandbox.run(&["certificate", "format", "junk"]).failed(1, "error parsing DER format certificate");
    sandbox.run(&["certificate", "format", "svc.key"]).failed(1, "invalid PEM block");
    sandbox.run(&["certificate", "format", "svc.crt", "--out", "a.der"]).failed(1, "a.der");
    sandbox.run(&["certificate", "format", "nowhere"]).failed(1, "nowhere");
}

#[test]
fn a_bundle_holds_everything_in_order() {
    let sandbox = sandbox();
    let certificate = sandbox.read("svc.crt");
    sandbox.write("cas.crt", &format!("text\n{certificate}more\n{certificate}"));
    let outcome = sandbox.run(&["certificate", "bundle", "svc.crt", "cas.crt", "all.crt"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), "Your certificate has been saved in all.crt.\n"));
    assert_eq!(sandbox.read("all.crt"), certificate.repeat(3));
    sandbox.run(&["certificate", "bundle", "svc.key", "cas.crt", "b.crt"]).failed(1, "svc.key");
    assert!(!sandbox.path("b.crt").exists(), "a key is not bundled");
    sandbox.run(&["certificate", "bundle", "svc.crt", "cas.crt"]).failed(
        1,
        "not enough positional arguments were provided in 'rung certificate bundle <crt-file> <ca> <bundle-file>'",
    );
}

#[test]
fn the_key_of_a_certificate_is_its_public_one() {
    let sandbox = sandbox();
    let expected = openssl(&sandbox, &["x509", "-in", "svc.crt", "-noout", "-pubkey"]);
    for file in ["svc.crt", "svc.csr"] {
        let outcome = sandbox.run(&["certificate", "key", file]);
        assert_eq!(outcome.stdout.as_bytes(), expected, "{outcome:?}");
    }
    let outcome = sandbox.run(&["certificate", "key", "svc.crt", "--out", "pub.pem"]);
    assert_eq!(outcome.stderr, "The public key has been saved in pub.pem.\n");
    let refused = sandbox.run(&["certificate", "key", "svc.key"]);
    refused.failed(1, "error decoding PEM");
    assert!(!refused.stdout.contains("KEY"), "a private key is not printed");
}

#[test]
fn exit_codes_say_whether_a_certificate_needs_renewal() {
    let sandbox = sandbox();
    sandbox.write("two.crt", &sandbox.read("svc.crt").repeat(2));
    for (arguments, code, stdout, stderr) in [
        (&["svc.crt"][..], 1, "", ""),
        (&["svc.crt", "--verbose"], 1, "", "certificate does not need renewal\n"),
        (&["svc.crt", "--expires-in", "0%"], 0, "", ""),
        (&["svc.crt", "--expires-in", "0%", "-v"], 0, "certificate needs renewal\n", ""),
        (&["two.crt", "--expires-in", "241h", "--bundle"], 0, "", ""),
        (&["svc.crt", "--expires-in", "239h"], 1, "", ""),
        (&["nowhere.crt"], 2, "", "stat nowhere.crt: no such file or directory\n"),
    ] {
        let outcome = sandbox.run(&[&["certificate", "needs-renewal"], arguments].concat());
        assert_eq!((outcome.code, &*outcome.stdout, &*outcome.stderr), (Some(code), stdout, stderr), "{arguments:?}");
    }
    for (arguments, said) in [
        (&["svc.crt", "--expires-in", "101%"][..], "value must be in range 0-100%"),
        (&["svc.crt", "--expires-in", "1d"], "invalid value '1d' for flag '--expires-in'"),
        (&["svc.key"], "svc.key"),
        (&["https://127.0.0.1:1"], "failed to connect"),
    ] {
        sandbox.run(&[&["certificate", "needs-renewal"], arguments].concat()).failed(255, said);
    }
}
