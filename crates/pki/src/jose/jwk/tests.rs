use serde_json::{Value, json};

use super::*;
use crate::{PrivateKey, Signer};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors.json")).unwrap()
}

#[track_caller]
fn check_refused(changes: &Value, expected: JwkError) {
    let mut jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    assert!(PublicJwk::from_json(jwk.to_string().as_bytes()).is_ok());
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    assert_eq!(PublicJwk::from_json(jwk.to_string().as_bytes()).map(drop), Err(expected), "{jwk}");
}

#[test]
fn thumbprints_are_those_of_the_standards() {
    for name in ["RFC 7638 3.1", "RFC 8037 A"] {
        let mut key = vectors()[name]["key"].clone();
        key.as_object_mut().unwrap().remove("d");
        let jwk = PublicJwk::from_json(key.to_string().as_bytes()).unwrap();
        assert_eq!(jwk.thumbprint(), vectors()[name]["thumbprint"].as_str().unwrap(), "{name}");
    }
}

#[test]
fn members_are_written_in_the_usual_order() {
    let jwk = r#"{"use":"sig","kty":"EC","kid":"l9hPnjmjh0HSrb8dWaAA3moh7H6l2YvPzDXUmgD_KZM","crv":"P-256","alg":"ES256","x":"m1czT-weLUBcHiZTPP6Lo37I_Vvlo8MGRdn7Q6KuC0s","y":"JxvwbpNkkwcwuRKq-kwoHeDkRc_IImCi3PxcJJOOTRs"}"#;
    let read = PublicJwk::from_json(jwk.as_bytes()).unwrap();
    assert_eq!(read.to_json(), jwk);
    assert_eq!(read.key_id(), Some(read.thumbprint().as_str()));
    assert_eq!(PublicJwk::describe(read.key().clone()), read);

    let rsa = PublicJwk::describe(PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap().public_key().clone());
    let text = rsa.to_json();
    let names: Vec<String> =
        serde_json::from_str::<Value>(&text).unwrap().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["use", "kty", "kid", "alg", "n", "e"]);
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
        let jwk = PublicJwk::describe(PrivateKey::generate(algorithm).unwrap().public_key().clone());
        assert_eq!(PublicJwk::from_json(jwk.to_json().as_bytes()), Ok(jwk));
    }
}

#[test]
fn keys_of_no_use_are_refused() {
    check_refused(&json!({"use": "enc"}), JwkError::NotForSignatures("use"));
    check_refused(&json!({"key_ops": ["encrypt"]}), JwkError::NotForSignatures("key_ops"));
    check_refused(&json!({"alg": "ES384"}), JwkError::Algorithm("ES384".to_owned()));
    check_refused(&json!({"alg": "ECDH-ES"}), JwkError::Algorithm("ECDH-ES".to_owned()));
    check_refused(&json!({"d": "AAAA"}), JwkError::Private("d"));
    check_refused(&json!({"kty": "oct", "k": "AAAA"}), JwkError::Unsupported("oct".to_owned()));
    check_refused(&json!({"crv": "secp256k1"}), JwkError::Unsupported("EC secp256k1".to_owned()));
    check_refused(&json!({"kty": "OKP", "crv": "X25519"}), JwkError::Unsupported("OKP X25519".to_owned()));
    check_refused(&json!({"crv": "P-384"}), JwkError::Member("x"));
    check_refused(&json!({"x": "AAAA"}), JwkError::Member("x"));
    check_refused(&json!({"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0="}), JwkError::Member("y"));
    check_refused(&json!({"kty": "RSA", "n": "AAEC", "e": "AQAB"}), JwkError::WeakRsa);
    check_refused(&json!({"kty": "RSA", "n": "", "e": ""}), JwkError::Key(KeyError::Malformed("not an RSAPublicKey")));
}

#[test]
fn duplicate_members_are_refused() {
    let text = br#"{"kty":"OKP","crv":"Ed25519","x":"AAAA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let expected = JwkError::Json(json::JsonError::DuplicateName("x".to_owned()));
    assert_eq!(PublicJwk::from_json(text).map(drop), Err(expected));
}

mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_key_makes_the_reader_panic(
            kty in prop::sample::select(vec!["EC", "OKP", "RSA", "oct", ""]),
            crv in prop::sample::select(vec!["P-256", "P-384", "P-521", "Ed25519", "x"]),
            x in prop::collection::vec(any::<u8>(), 0..70),
            y in prop::collection::vec(any::<u8>(), 0..70),
            n in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let encode = |octets: &Vec<u8>| base64url::encode(octets);
            let jwk = json!({
                "kty": kty, "crv": crv, "x": encode(&x), "y": encode(&y), "n": encode(&n), "e": encode(&y),
                "d": encode(&x), "p": encode(&n), "q": encode(&y), "dp": encode(&x), "dq": encode(&n), "qi": encode(&y),
            });
            let _ = crate::jose::PrivateJwk::from_json(jwk.to_string().as_bytes());
            let mut public = jwk;
            for name in ["d", "p", "q", "dp", "dq", "qi"] {
                public.as_object_mut().unwrap().remove(name);
            }
            let _ = PublicJwk::from_json(public.to_string().as_bytes());
        }

        #[test]
        fn no_octets_make_the_readers_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = PublicJwk::from_json(&text);
            let _ = crate::jose::KeySet::parse(&text);
        }
    }
}
