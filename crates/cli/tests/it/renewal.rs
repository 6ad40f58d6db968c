//! Renewing, rekeying and revoking, as far as that goes without a CA.

use crate::sandbox::Sandbox;

#[track_caller]
fn check_refused(words: &[&str], text: &str) {
    let sandbox = Sandbox::new();
    sandbox.write("root.crt", include_str!("../vectors/ca.pem"));
    sandbox.write("leaf.crt", include_str!("../vectors/leaf.pem"));
    let place = ["--ca-url", "https://127.0.0.1:1", "--root", "root.crt"];
    sandbox.run(&[words, &place].concat()).failed(1, text);
}

#[test]
fn flags_are_checked_before_anything_is_asked() {
    let renew = |more: &[&str], text: &str| check_refused(&[&["ca", "renew", "a.crt", "a.key"], more].concat(), text);
    renew(&["--expires-in", "x"], "invalid value 'x' for flag '--expires-in'\n");
    renew(&["--renew-period", "1h"], "flag '--renew-period' requires the '--daemon' flag\n");
    renew(
        &["--daemon", "--renew-period", "1h", "--expires-in", "1h"],
        "flag '--expires-in' is incompatible with '--renew-period'\n",
    );
    renew(&["--pid", "0"], "invalid value '0' for flag '--pid'\n");
    renew(&["--pid", "1", "--pid-file", "x"], "flag '--pid' and flag '--pid-file' are mutually exclusive\n");
    renew(&["--signal", "-3"], "invalid value '-3' for flag '--signal'\n");
    renew(&["--signal", "999"], "invalid value '999' for flag '--signal'\n");
    renew(&["--pid-file", "gone"], "could not read the file of --pid-file, gone");
    renew(&["--exec", "sh -c 'x"], "invalid value 'sh -c 'x' for flag '--exec': a quotation mark is not closed\n");
    let same =
        "positional arguments <crt-file> and <key-file> cannot be equal in 'rung ca renew <crt-file> <key-file>'\n";
    check_refused(&["ca", "renew", "a", "a"], same);
    check_refused(
        &["ca", "rekey", "a", "b", "--private-key", "x", "--kty", "EC"],
        "incompatible with '--private-key'\n",
    );
}

#[test]
fn files_that_cannot_be_renewed_are_named() {
    check_refused(&["ca", "renew", "gone.crt", "gone.key"], "could not read the certificate, gone.crt");
    check_refused(&["ca", "renew", "leaf.crt", "gone.key"], "could not read the private key, gone.key");
    check_refused(&["ca", "rekey", "root.crt", "leaf.crt"], "leaf.crt, cannot be used");
}

#[test]
fn a_revocation_names_one_certificate_and_a_reason() {
    let revoke = |more: &[&str], text: &str| check_refused(&[&["ca", "revoke"], more].concat(), text);
    revoke(&[], "not enough positional arguments were provided in 'rung ca revoke <serial>'\n");
    revoke(&["--cert", "leaf.crt"], "flag '--cert' requires the '--key' flag\n");
    revoke(&["--key", "leaf.key"], "flag '--key' requires the '--cert' flag\n");
    let both = "'rung ca revoke --cert <certificate> --key <key>' expects no additional positional arguments\n";
    revoke(&["7", "--cert", "leaf.crt", "--key", "leaf.key"], both);
    let wrong =
        "'ff' is not a valid serial number - use a base 10 representation or add a prefix indicating the base\n";
    revoke(&["ff"], wrong);
    revoke(&["7", "--reasonCode", "99"], "reasonCode out of bounds. Got 99, but want value between 0 and 10\n");
    revoke(&["7", "--reason-code", "foo"], "unrecognized revocation reason code 'foo'\n");
}
