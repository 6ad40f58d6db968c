use serde_json::json;

use super::*;
use crate::{
    Signer,
    jose::{UnverifiedJws, VerificationKey},
};

#[track_caller]
fn check_round_trip(algorithm: KeyAlgorithm) {
    let key = PrivateKey::generate(algorithm).unwrap();
    let public = VerificationKey::new(key.public_key().clone());
    // Often enough that some numbers are shorter than the curve.
    for round in 0..if algorithm.coordinate_len().is_some() { 600 } else { 3 } {
        let payload = format!("{{\"round\":{round}}}");
        let token = sign_compact(&SignHeader::default(), payload.as_bytes(), &key).unwrap();
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(jws.verify(&public).unwrap().payload(), payload.as_bytes());
    }
}

#[test]
fn every_kind_of_key_signs_tokens_that_verify() {
    check_round_trip(KeyAlgorithm::EcP256);
    check_round_trip(KeyAlgorithm::EcP384);
    check_round_trip(KeyAlgorithm::EcP521);
    check_round_trip(KeyAlgorithm::Ed25519);
    check_round_trip(KeyAlgorithm::Rsa { bits: 2048 });
}

#[test]
fn the_header_is_sorted() {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let token = sign_compact(&SignHeader { typ: Some("JWT"), ..SignHeader::default() }, b"{}", &key).unwrap();
    assert!(token.starts_with("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30."), "{token}");

    let header = SignHeader {
        key_id: Some("k\""),
        typ: Some("JWT"),
        extra: [("x5c", json!(["AAEC"])), ("aaa", json!(1))].into(),
        ..SignHeader::default()
    };
    let token = sign_compact(&header, b"{}", &key).unwrap();
    let text = base64url::decode(token.split('.').next().unwrap()).unwrap();
    assert_eq!(
        std::str::from_utf8(&text).unwrap(),
        r#"{"aaa":1,"alg":"ES256","kid":"k\"","typ":"JWT","x5c":["AAEC"]}"#
    );
}

#[test]
fn reserved_members_and_foreign_algorithms_are_refused() {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    for name in ["alg", "b64", "crit", "kid", "typ"] {
        let header = SignHeader { extra: [(name, json!("x"))].into(), ..SignHeader::default() };
        assert!(matches!(sign_compact(&header, b"{}", &key), Err(TokenError::ReservedMember(_))), "{name}");
    }
    for algorithm in JwsAlgorithm::ALL.into_iter().filter(|algorithm| *algorithm != JwsAlgorithm::Es256) {
        let header = SignHeader { algorithm: Some(algorithm), ..SignHeader::default() };
        assert!(matches!(sign_compact(&header, b"{}", &key), Err(TokenError::Mismatch { .. })), "{algorithm}");
    }
}

#[test]
fn numbers_of_every_length_are_put_side_by_side() {
    // r = 1, s = 0x80 with the sign octet that DER asks for.
    assert_eq!(side_by_side(&[0x30, 7, 2, 1, 1, 2, 2, 0, 0x80], 4), [0, 0, 0, 1, 0, 0, 0, 0x80]);
    assert_eq!(side_by_side(&[0x30, 8, 2, 2, 1, 2, 2, 2, 3, 4], 2), [1, 2, 3, 4]);
}
