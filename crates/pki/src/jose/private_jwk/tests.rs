use serde_json::Value;

use super::*;
use crate::jose::{SignHeader, UnverifiedJws, sign_compact};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors.json")).unwrap()
}

#[test]
fn every_kind_of_key_is_read_again() {
    for algorithm in [
        KeyAlgorithm::EcP256,
        KeyAlgorithm::EcP384,
        KeyAlgorithm::EcP521,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa { bits: 2048 },
    ] {
        let key = PrivateJwk::describe(PrivateKey::generate(algorithm).unwrap());
        let text = key.to_json();
        let again = PrivateJwk::from_json(text.as_bytes()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(again.key().pkcs8(), key.key().pkcs8());
        assert_eq!(again.to_json(), text);
        assert!(!format!("{again:?}").contains("\"d\""));
    }
}

#[test]
fn members_are_written_in_the_usual_order() {
    let names = |algorithm| {
        let key = PrivateJwk::describe(PrivateKey::generate(algorithm).unwrap());
        let value: Value = serde_json::from_str(&key.to_json()).unwrap();
        value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(",")
    };
    assert_eq!(names(KeyAlgorithm::EcP384), "use,kty,kid,crv,alg,x,y,d");
    assert_eq!(names(KeyAlgorithm::Ed25519), "use,kty,kid,crv,alg,x,d");
    assert_eq!(names(KeyAlgorithm::Rsa { bits: 2048 }), "use,kty,kid,alg,n,e,d,p,q,dp,dq,qi");
}

#[test]
fn a_key_of_the_standard_signs_its_token() {
    let vector = &vectors()["RFC 8037 A"];
    let key = PrivateJwk::from_json(vector["key"].to_string().as_bytes()).unwrap();
    // Ed25519 is deterministic, so the token comes out octet for octet.
    let token = sign_compact(&SignHeader::default(), b"Example of Ed25519 signing", key.key()).unwrap();
    assert_eq!(token, vector["token"].as_str().unwrap());
}

#[test]
fn keys_of_the_standard_are_read() {
    let keys = &vectors()["RFC 7517 A.2"]["keys"];
    let ec = keys[0].to_string();
    assert_eq!(PrivateJwk::from_json(ec.as_bytes()).map(drop), Err(JwkError::NotForSignatures("use")));
    let rsa = PrivateJwk::from_json(keys[1].to_string().as_bytes()).unwrap();
    let token = sign_compact(&SignHeader::default(), b"{}", rsa.key()).unwrap();
    assert!(UnverifiedJws::parse(&token).unwrap().verify(rsa.public().verification_key()).is_ok());
}

#[test]
fn halves_that_do_not_belong_together_are_refused() {
    for algorithm in [KeyAlgorithm::EcP256, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa { bits: 2048 }] {
        let [first, second] = [(), ()].map(|()| {
            let key = PrivateJwk::describe(PrivateKey::generate(algorithm).unwrap());
            serde_json::from_str::<Value>(&key.to_json()).unwrap()
        });
        let mut mixed = first.clone();
        for name in ["d", "p", "q", "dp", "dq", "qi"].into_iter().filter(|name| first.get(name).is_some()) {
            mixed[name] = second[name].clone();
        }
        assert!(matches!(PrivateJwk::from_json(mixed.to_string().as_bytes()), Err(JwkError::Key(_))), "{algorithm}");
        mixed.as_object_mut().unwrap().remove("d");
        assert_eq!(PrivateJwk::from_json(mixed.to_string().as_bytes()).map(drop), Err(JwkError::Member("d")));
    }
}
