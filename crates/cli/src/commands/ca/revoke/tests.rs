//! Serial numbers and reasons as people write them.

use super::{reason_code, serial};

#[track_caller]
fn check_serial(text: &str, expected: Option<&str>) {
    assert_eq!(serial(text).map(|serial| serial.to_string()).as_deref(), expected, "{text}");
}

#[test]
fn c24_serial_numbers_have_a_base() {
    check_serial("255", Some("255"));
    check_serial("0xff", Some("255"));
    check_serial("0XFF", Some("255"));
    check_serial("0b11111111", Some("255"));
    check_serial("0o377", Some("255"));
    check_serial(&format!("0b{}", "1".repeat(160)), Some("1461501637330902918203684832716283019655932542975"));
    for wrong in [
        "",
        "0",
        "-1",
        "ff",
        "0x",
        "0b2",
        "0o8",
        "0b",
        "0xfg",
        "1.5",
        &"9".repeat(60),
        &format!("0b{}", "1".repeat(161)),
    ] {
        check_serial(wrong, None);
    }
}

#[track_caller]
fn check_reason(text: &str, expected: Result<i64, &str>) {
    assert_eq!(reason_code(Some(text)).map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{text}");
}

#[test]
fn c24_reasons_have_a_number_and_a_name() {
    check_reason("1", Ok(1));
    check_reason("keycompromise", Ok(1));
    check_reason("Key Compromise", Ok(1));
    check_reason("AACompromise", Ok(10));
    check_reason("99", Err("reasonCode out of bounds. Got 99, but want value between 0 and 10"));
    check_reason("-1", Err("reasonCode out of bounds. Got -1, but want value between 0 and 10"));
    check_reason("foo", Err("unrecognized revocation reason code 'foo'"));
    check_reason("7", Err("'7' is not a reason to revoke a certificate"));
    check_reason("RemoveFromCRL", Err("'RemoveFromCRL' is not a reason to revoke a certificate"));
}
