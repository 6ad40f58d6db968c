//! Documents whose text is known to the last octet.

use super::{Document, parse, short, text};

#[track_caller]
fn read(pem: &str) -> Document {
    let mut found = parse(pem.as_bytes()).expect("PEM");
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn the_text_is_what_scripts_expect() {
    let vector = |pem: &str, expected: &str| assert_eq!(text(&read(pem)), expected);
    vector(include_str!("../../tests/vectors/leaf.pem"), include_str!("../../tests/vectors/leaf.txt"));
    vector(include_str!("../../tests/vectors/ca.pem"), include_str!("../../tests/vectors/ca.txt"));
    vector(include_str!("../../tests/vectors/rsa.pem"), include_str!("../../tests/vectors/rsa.txt"));
    vector(include_str!("../../tests/vectors/csr.pem"), include_str!("../../tests/vectors/csr.txt"));
}

#[test]
fn the_short_text_is_what_scripts_expect() {
    let vector = |pem: &str, expected: &str| assert_eq!(short(&read(pem)), expected);
    vector(include_str!("../../tests/vectors/leaf.pem"), include_str!("../../tests/vectors/leaf.short"));
    vector(include_str!("../../tests/vectors/ca.pem"), include_str!("../../tests/vectors/ca.short"));
    let csr =
        "X.509v3 Certificate Signing Request (ECDSA P-256)\n  Subject:     csr.example\n               192.0.2.9\n";
    vector(include_str!("../../tests/vectors/csr.pem"), csr);
}

#[test]
fn text_and_other_blocks_around_a_certificate_are_skipped() {
    let leaf = include_str!("../../tests/vectors/leaf.pem");
    let csr = include_str!("../../tests/vectors/csr.pem");
    let around = format!("Bag attributes\n{csr}\n-----BEGIN X-----\nAAAA\n-----END X-----\n{leaf}trailing");
    assert!(matches!(read(&around), Document::Certificate(_)));
    assert_eq!(parse(format!("{leaf}{leaf}").as_bytes()).expect("PEM").len(), 2);
}

#[test]
fn der_is_read_and_rubbish_is_nothing() {
    let leaf = read(include_str!("../../tests/vectors/leaf.pem"));
    assert_eq!(parse(leaf.der()).expect("DER").len(), 1);
    assert!(parse(b"rubbish").expect("no PEM").is_empty());
    assert!(parse(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_err());
}
