//! Documents whose text is known to the last octet.

use std::time::Duration;

use super::{Document, parse, short, text};

#[track_caller]
fn read(pem: &str) -> Document {
    let mut found = parse(pem.as_bytes()).expect("PEM");
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn the_text_is_what_scripts_expect() {
    let vector = |pem: &str, expected: &str| assert_eq!(text(&read(pem), None), expected);
    vector(include_str!("../../tests/vectors/leaf.pem"), include_str!("../../tests/vectors/leaf.txt"));
    vector(include_str!("../../tests/vectors/ca.pem"), include_str!("../../tests/vectors/ca.txt"));
    vector(include_str!("../../tests/vectors/rsa.pem"), include_str!("../../tests/vectors/rsa.txt"));
    vector(include_str!("../../tests/vectors/csr.pem"), include_str!("../../tests/vectors/csr.txt"));
}

#[test]
fn the_short_text_is_what_scripts_expect() {
    let vector = |pem: &str, expected: &str| assert_eq!(short(&read(pem), None), expected);
    vector(include_str!("../../tests/vectors/leaf.pem"), include_str!("../../tests/vectors/leaf.short"));
    vector(include_str!("../../tests/vectors/ca.pem"), include_str!("../../tests/vectors/ca.short"));
    let csr =
        "X.509v3 Certificate Signing Request (ECDSA P-256)\n  Subject:     csr.example\n               192.0.2.9\n";
    vector(include_str!("../../tests/vectors/csr.pem"), csr);
}

#[test]
fn a_person_reads_how_far_away_a_date_is() {
    let leaf = read(include_str!("../../tests/vectors/leaf.pem"));
    let Document::Certificate(certificate) = &leaf else { panic!("a certificate") };
    let check = |seconds: u64, begins: &str, ends: &str| {
        let now = certificate.not_before() + Duration::from_secs(seconds);
        let shown = short(&leaf, Some(now));
        assert!(shown.contains(&format!("  Valid from:  2026-03-01T08:00:00Z ({begins})\n")), "{shown}");
        assert!(shown.contains(&format!("          to:  2026-03-02T08:00:00Z ({ends})\n")), "{shown}");
        let shown = text(&leaf, Some(now));
        assert!(shown.contains(&format!("            Not After : Mar 2 08:00:00 2026 UTC ({ends})\n")), "{shown}");
    };
    check(1, "1 second ago", "in 23 hours");
    check(86_400 - 100, "23 hours ago", "in 100 seconds");
    check(4 * 86_400, "4 days ago", "3 days ago");
    check(400 * 86_400, "13 months ago", "13 months ago");
    check(4000 * 86_400, "10 years ago", "10 years ago");
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
