use serde_json::{Value, json};

use super::*;
use crate::MlDsa;
use crate::jose::{KeyManagement, PrivateJwk, SigningAlgorithm, base64url};

#[track_caller]
fn read(value: &Value) -> Jwk {
    Jwk::from_json(value.to_string().as_bytes()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

#[track_caller]
fn check_refused(value: &Value, expected: &str) {
    let outcome = Jwk::from_json(value.to_string().as_bytes());
    assert_eq!(outcome.map(drop).unwrap_err().to_string(), expected, "{value}");
}

fn ec() -> Value {
    // RFC 7517 appendix A.2.
    json!({
        "kty": "EC", "crv": "P-256", "use": "enc", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    })
}

#[test]
fn every_kind_of_key_is_written_as_it_was_read() {
    for kind in [KeyAlgorithm::EcP384, KeyAlgorithm::EcP521, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa { bits: 2048 }] {
        let text = PrivateJwk::describe(PrivateKey::generate(kind).unwrap()).to_json();
        let jwk = Jwk::from_json(text.as_bytes()).unwrap();
        assert_eq!(*jwk.to_json(), *text);
        let public = jwk.public().unwrap();
        assert!(matches!(public.material, Material::Public(_)));
        assert_eq!(Jwk::from_json(public.to_json().as_bytes()).unwrap().thumbprint(), jwk.thumbprint());
        assert!(!public.to_json().contains("\"d\""));
    }
    let secret = r#"{"use":"sig","kty":"oct","kid":"s","alg":"HS256","k":"AQID"}"#;
    assert_eq!(**Jwk::from_json(secret.as_bytes()).unwrap().to_json(), *secret);
    let ec = read(&ec());
    assert!(ec.to_json().starts_with(r#"{"use":"enc","kty":"EC","kid":"1","crv":"P-256","x":"#));
}

#[test]
fn keys_may_be_for_anything() {
    let mut key = ec();
    key["alg"] = "ECDH-ES+A128KW".into();
    let jwk = read(&key);
    assert_eq!((jwk.usage.as_deref(), jwk.algorithm.as_deref()), (Some("enc"), Some("ECDH-ES+A128KW")));
    assert!(jwk.allows("deriveKey"));
    key["key_ops"] = json!(["sign"]);
    let jwk = read(&key);
    assert!(jwk.allows("sign") && !jwk.allows("deriveKey"));
    assert!(jwk.public().unwrap().allows("verify") && !jwk.public().unwrap().allows("sign"));
}

#[test]
fn an_rsa_key_without_the_numbers_that_follow_gets_them() {
    let key = PrivateJwk::describe(PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap());
    let full: Value = serde_json::from_str(&key.to_json()).unwrap();
    let mut short = full.clone();
    for name in ["dp", "dq", "qi"] {
        short.as_object_mut().unwrap().shift_remove(name);
    }
    assert_eq!(serde_json::from_str::<Value>(&read(&short).to_json()).unwrap(), full);
    // One that is missing is a mistake; so is a wrong one.
    let mut odd = full.clone();
    odd.as_object_mut().unwrap().shift_remove("dq");
    check_refused(&odd, "the JWK's `dq` is missing or malformed");
    short["p"] = full["n"].clone();
    assert!(Jwk::from_json(short.to_string().as_bytes()).is_err());
}

#[test]
fn keys_that_contradict_themselves_are_refused() {
    let other = PrivateJwk::describe(PrivateKey::generate(KeyAlgorithm::EcP256).unwrap());
    let other: Value = serde_json::from_str(&other.to_json()).unwrap();
    let mut mixed = ec();
    mixed["d"] = other["d"].clone();
    assert!(Jwk::from_json(mixed.to_string().as_bytes()).is_err());
    check_refused(&json!({"kty": "oct"}), "the JWK's `k` is missing or malformed");
    check_refused(&json!({"kty": "oct", "k": "A"}), "the JWK's `k` is missing or malformed");
    check_refused(&json!({"kty": "OKP", "crv": "X448", "x": ""}), "JWKs of type \"OKP X448\" are not supported");
    check_refused(&json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}), "the JWK's `x` is missing or malformed");
    check_refused(&json!([]), "the JWK: it is not a JSON object");
    let outcome = Jwk::from_json(br#"{"kty":"oct","k":"AA","k":"AA"}"#);
    assert_eq!(outcome.map(drop).unwrap_err().to_string(), "the JWK: the name \"k\" occurs twice");
    let mut foreign = ec();
    foreign["x5c"] = json!(["AA=="]);
    check_refused(&foreign, "the JWK's `x5c` is missing or malformed");
}

#[test]
fn certificates_belong_to_the_key_or_are_refused() {
    let signer = certificate();
    let leaf = signer.public_key().unwrap().clone();
    let jwk = Jwk::of_certificates(vec![signer.clone()]).unwrap();
    let again = Jwk::from_json(jwk.to_json().as_bytes()).unwrap();
    assert_eq!((again.public_key(), again.chain().len()), (Some(&leaf), 1));
    let mut text: Value = serde_json::from_str(&jwk.to_json()).unwrap();
    let last = text.as_object().unwrap().keys().next_back().cloned();
    assert_eq!(last.as_deref(), Some("x5c"));
    let other = Jwk::new(Material::Public(PrivateKey::generate(KeyAlgorithm::EcP256).unwrap().public_key().clone()));
    let other: Value = serde_json::from_str(&other.to_json()).unwrap();
    for name in ["x", "y"] {
        text[name] = other[name].clone();
    }
    check_refused(&text, "the JWK's `x5c` is missing or malformed");
}

/// Made with OpenSSL 3.0 for a P-256 key.
fn certificate() -> Certificate {
    Certificate::from_pem(include_bytes!("certificate.pem")).unwrap()
}

#[test]
fn the_key_decides_which_algorithms_there_are() {
    let ec = read(&ec());
    let rsa = Jwk::new(Material::Private(Box::new(PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap())));
    let okp = Jwk::new(Material::Private(Box::new(PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap())));
    let x25519 = ExchangePrivateKey::generate(ExchangeAlgorithm::X25519).unwrap();
    let x25519 = Jwk::new(Material::ExchangePrivate(Box::new(x25519)));
    let akp = PrivateKey::generate(KeyAlgorithm::MlDsa(MlDsa::MlDsa65)).unwrap();
    let akp = Jwk::new(Material::Private(Box::new(akp)));
    let oct = Jwk::new(Material::Secret(Secret::generate(32).unwrap()));
    let signing = |key: &Jwk| {
        let names = [
            "HS256",
            "HS384",
            "HS512",
            "ES256",
            "ES384",
            "ES512",
            "EdDSA",
            "ML-DSA-44",
            "ML-DSA-65",
            "RS256",
            "RS512",
            "PS256",
            "PS384",
        ];
        names.into_iter().filter(|name| name.parse::<SigningAlgorithm>().unwrap().fits(key)).collect::<Vec<_>>()
    };
    assert_eq!(signing(&ec), ["ES256"]);
    assert_eq!(signing(&rsa), ["RS256", "RS512", "PS256", "PS384"]);
    assert_eq!(signing(&okp), ["EdDSA"]);
    assert_eq!(signing(&akp), ["ML-DSA-65"]);
    assert!(signing(&x25519).is_empty(), "its public half must never become a secret");
    assert_eq!(signing(&oct), ["HS256", "HS384", "HS512"]);
    let encryption = |key: &Jwk| {
        let fitting = KeyManagement::ALL.into_iter().filter(|(_, algorithm)| algorithm.fits(key));
        fitting.map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(encryption(&ec), ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"]);
    assert_eq!(encryption(&rsa), ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"]);
    assert!(encryption(&okp).is_empty() && encryption(&akp).is_empty());
    assert_eq!(encryption(&x25519), encryption(&ec));
    assert_eq!(encryption(&oct), ["A128KW", "A192KW", "A256KW", "dir", "A128GCMKW", "A192GCMKW", "A256GCMKW"]);
}

#[test]
fn secrets_are_not_shown() {
    let text = format!("{:?}", read(&json!({"kty": "oct", "k": base64url("canary")})));
    assert!(text.contains("6 octets") && !text.contains("canary"), "{text}");
    assert_eq!(read(&json!({"kty": "oct", "k": "AA"})).thumbprint(), None);
    assert!(read(&json!({"kty": "oct", "k": "AA"})).public().is_none());
    assert!(Secret::from(vec![1, 2]) == Secret::from(vec![1, 2]) && Secret::from(vec![1]) != Secret::from(vec![2]));
}
