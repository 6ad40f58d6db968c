use serde_json::{Value, json};

use super::*;
use crate::{KeyAlgorithm, PrivateKey, jose::Secret};

/// The examples of RFC 7515 appendix A and RFC 7520 §4.
fn standards() -> Vec<Value> {
    serde_json::from_str(include_str!("standards.json")).unwrap()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap()
}

fn jwk(value: &Value) -> Jwk {
    Jwk::from_json(value.to_string().as_bytes()).unwrap()
}

fn secret(octets: &[u8]) -> Jwk {
    Jwk::new(Material::Secret(Secret::from(octets.to_vec())))
}

fn pair(algorithm: KeyAlgorithm) -> Jwk {
    Jwk::new(Material::Private(Box::new(PrivateKey::generate(algorithm).unwrap())))
}

fn parsed(vector: &Value) -> SignedObject {
    if vector["detached"] == true {
        let payload = base64url::decode(text(vector, "payload")).unwrap();
        return SignedObject::parse_detached(text(vector, "text"), &payload).unwrap();
    }
    SignedObject::parse(text(vector, "text")).unwrap()
}

#[test]
fn examples_of_the_standards_verify() {
    let standards = standards();
    assert_eq!(standards.len(), 27);
    let others = [
        secret(&[7; 64]),
        pair(KeyAlgorithm::EcP256),
        pair(KeyAlgorithm::EcP521),
        pair(KeyAlgorithm::Ed25519),
        pair(KeyAlgorithm::Rsa { bits: 2048 }),
    ];
    for vector in standards {
        let name = text(&vector, "name");
        let key = jwk(&vector["key"]);
        let object = parsed(&vector);
        let which = usize::try_from(vector["signature"].as_u64().unwrap()).unwrap();
        let signature = &object.signatures()[which];
        let content = object.verify(signature, &key, SecretLength::AsLongAsTheHash);
        let content = content.unwrap_or_else(|error| panic!("{name}: {error}")).octets();
        assert_eq!(base64url::encode(content), text(&vector, "payload"), "{name}");
        if let Some(public) = key.public() {
            object.verify(signature, &public, SecretLength::AsLongAsTheHash).unwrap();
        }
        // Every other key of the right type is refused.
        for other in &others {
            assert!(object.verify(signature, other, SecretLength::Any).is_err(), "{name}");
        }
    }
}

#[test]
fn serialisations_turn_into_each_other() {
    let standards = standards();
    let by_name = |name: &str| standards.iter().find(|vector| vector["name"] == name).unwrap();
    for number in ["4.1", "4.2", "4.3", "4.4"] {
        let compact = by_name(&format!("RFC 7520 {number}, compact"));
        for form in ["general", "flattened", "compact"] {
            let vector = by_name(&format!("RFC 7520 {number}, {form}"));
            assert_eq!(parsed(vector).to_compact().as_deref(), Some(text(compact, "text")));
        }
        let flattened: Value = serde_json::from_str(&parsed(compact).to_flattened().unwrap()).unwrap();
        let expected: Value =
            serde_json::from_str(text(by_name(&format!("RFC 7520 {number}, flattened")), "text")).unwrap();
        assert_eq!(flattened, expected);
    }
    for name in ["RFC 7515 A.6, first", "RFC 7515 A.7", "RFC 7520 4.7, flattened"] {
        assert_eq!(parsed(by_name(name)).to_compact(), None, "{name}");
    }
}

#[test]
fn every_kind_of_key_signs_what_it_verifies() {
    let mut keys = vec![(secret(&[1; 64]), SigningAlgorithm::Mac(MacAlgorithm::Hs256))];
    keys.push((secret(&[1; 64]), SigningAlgorithm::Mac(MacAlgorithm::Hs384)));
    keys.push((secret(&[1; 64]), SigningAlgorithm::Mac(MacAlgorithm::Hs512)));
    for kind in [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::EcP521, KeyAlgorithm::Ed25519] {
        keys.push((pair(kind), SigningAlgorithm::Pair(crate::jose::JwsAlgorithm::default_for(kind))));
    }
    let rsa = pair(KeyAlgorithm::Rsa { bits: 2048 }).to_json();
    for name in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        keys.push((Jwk::from_json(rsa.as_bytes()).unwrap(), name.parse().unwrap()));
    }
    for (key, algorithm) in keys {
        let header = [("kid", json!("k")), ("cty", json!("text"))].into();
        let jws = sign(&header, b"\0content", (&key, algorithm), SecretLength::AsLongAsTheHash).unwrap();
        let object = SignedObject::parse(jws.as_str()).unwrap();
        let signature = &object.signatures()[0];
        let expected = format!("{{\"alg\":\"{algorithm}\",\"cty\":\"text\",\"kid\":\"k\"}}");
        assert_eq!((signature.protected_json(), signature.key_id().as_deref()), (&*expected, Some("k")));
        let content = object.verify(signature, &key, SecretLength::AsLongAsTheHash).unwrap();
        assert_eq!(content.octets(), b"\0content");
    }
}

#[test]
fn the_key_chooses_the_algorithm() {
    let p256 = pair(KeyAlgorithm::EcP256);
    let es256 = "ES256".parse().unwrap();
    for name in ["HS256", "ES384", "ES512", "RS256", "PS256", "EdDSA"] {
        let outcome = sign(&[].into(), b"", (&p256, name.parse().unwrap()), SecretLength::Any);
        assert!(matches!(outcome, Err(SignedError::Key { .. })), "{name}");
    }
    // A public key is never a shared secret: what is MACed with its text does not verify with it.
    let public = p256.public().unwrap();
    let spki = public.public_key().unwrap().spki().to_vec();
    let pem = crate::pem::encode("PUBLIC KEY", &spki);
    for text in [spki, pem.into_bytes(), public.to_json().as_bytes().to_vec()] {
        let forged = sign(&[].into(), b"x", (&secret(&text), "HS256".parse().unwrap()), SecretLength::Any).unwrap();
        let object = SignedObject::parse(forged.as_str()).unwrap();
        let outcome = object.verify(&object.signatures()[0], &public, SecretLength::Any);
        assert!(matches!(outcome, Err(SignedError::Key { kty: "EC", .. })));
    }
    // A key that names its algorithm takes part in no other; one that is for something else in none.
    let rsa = || pair(KeyAlgorithm::Rsa { bits: 2048 });
    let mut bound = rsa();
    bound.algorithm = Some("PS256".to_owned());
    let outcome = sign(&[].into(), b"", (&bound, "RS256".parse().unwrap()), SecretLength::Any);
    assert!(matches!(outcome, Err(SignedError::Key { .. })));
    let mut other = pair(KeyAlgorithm::EcP256);
    other.usage = Some("enc".to_owned());
    assert!(matches!(sign(&[].into(), b"", (&other, es256), SecretLength::Any), Err(SignedError::KeyUse("use"))));
    assert!(matches!(sign(&[].into(), b"", (&public, es256), SecretLength::Any), Err(SignedError::Sign(_))));
}

#[test]
fn a_key_is_used_for_the_operations_of_its_list_alone() {
    let key = json!({"kty": "oct", "k": base64url::encode([9; 32]), "key_ops": ["verify"]});
    let (verifies, signs) = (jwk(&key), secret(&[9; 32]));
    let hs256 = "HS256".parse().unwrap();
    let outcome = sign(&[].into(), b"", (&verifies, hs256), SecretLength::Any);
    assert!(matches!(outcome, Err(SignedError::KeyUse("key_ops"))));
    let jws = sign(&[].into(), b"", (&signs, hs256), SecretLength::Any).unwrap();
    let object = SignedObject::parse(jws.as_str()).unwrap();
    assert!(object.verify(&object.signatures()[0], &verifies, SecretLength::Any).is_ok());
}

#[test]
fn short_secrets_are_refused_unless_they_are_asked_for() {
    for (algorithm, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let (short, algorithm) = (secret(&vec![1; least - 1]), algorithm.parse().unwrap());
        let strict = sign(&[].into(), b"", (&short, algorithm), SecretLength::AsLongAsTheHash);
        assert!(matches!(strict, Err(SignedError::ShortSecret { .. })), "{algorithm}");
        let jws = sign(&[].into(), b"", (&short, algorithm), SecretLength::Any).unwrap();
        let object = SignedObject::parse(jws.as_str()).unwrap();
        let signature = &object.signatures()[0];
        assert!(object.verify(signature, &short, SecretLength::Any).is_ok());
        assert!(object.verify(signature, &short, SecretLength::AsLongAsTheHash).is_err());
        let empty = sign(&[].into(), b"", (&secret(b""), algorithm), SecretLength::Any);
        assert!(matches!(empty, Err(SignedError::ShortSecret { .. })));
    }
}

#[track_caller]
fn check_header(header: &str, expected: &str) {
    let text = format!("{}.AA.AA", base64url::encode(header));
    let outcome = SignedObject::parse(&text)
        .map_err(SignedError::from)
        .and_then(|object| object.verify(&object.signatures()[0], &secret(&[1; 64]), SecretLength::Any).map(drop));
    assert_eq!(outcome.unwrap_err().to_string(), expected, "{header}");
}

#[test]
fn bad_headers_are_refused() {
    for name in ["none", "None", "nOnE", "", "hs256", "ES256K", "HS1"] {
        let expected = format!("the header's `alg` {name:?} is not a signature algorithm");
        check_header(&json!({ "alg": name }).to_string(), &expected);
    }
    check_header("{}", "the JWS's `alg` is missing or malformed");
    check_header(r#"{"alg":["HS256"]}"#, "the JWS's `alg` is missing or malformed");
    check_header(r#"{"alg":"HS256","alg":"HS256"}"#, "the header: the name \"alg\" occurs twice");
    check_header(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, "unrecognized critical headers (crit)");
    check_header(r#"{"alg":"HS256","crit":[]}"#, "unrecognized critical headers (crit)");
    check_header(r#"{"alg":"HS256","b64":false}"#, "unrecognized critical headers (crit)");
    check_header(r#"{"alg":"HS256"}"#, "invalid signature");
    check_header("[1]", "the header: it is not a JSON object");
}

#[track_caller]
fn check_syntax(text: &str, expected: &str) {
    assert_eq!(SignedObject::parse(text).map(drop).unwrap_err().to_string(), expected, "{text:.80}");
}

#[test]
fn other_texts_are_refused() {
    let header = base64url::encode(r#"{"alg":"HS256"}"#);
    for text in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e"] {
        check_syntax(text, "compact JWS format must have three parts");
    }
    check_syntax(&format!("{header}=.AA.AA"), "the header is not canonical base64url without padding");
    check_syntax(&format!("{header}.AB.AA"), "the payload is not canonical base64url without padding");
    check_syntax(&format!("{header}.AA.+A"), "the signature is not canonical base64url without padding");
    check_syntax("{}", "the JWS's `signature` is missing or malformed");
    check_syntax(r#"{"payload":1}"#, "the JWS's `payload` is missing or malformed");
    check_syntax(r#"{"payload":"","signatures":[]}"#, "the JWS has no signature, or more than 20");
    let both = json!({"payload": "", "protected": header, "signature": "", "signatures": []});
    check_syntax(&both.to_string(), "the JWS's `signature` is missing or malformed");
    let twice = json!({"payload": "", "protected": header, "header": {"alg": "HS256"}, "signature": ""});
    check_syntax(&twice.to_string(), "the header member \"alg\" occurs twice");
    let many = json!({"payload": "", "signatures": vec![json!({"protected": header, "signature": ""}); 21]});
    check_syntax(&many.to_string(), "the JWS has no signature, or more than 20");
    check_syntax(r#"{"payload":"","payload":""}"#, "the JWS: the name \"payload\" occurs twice");
    let detached = SignedObject::parse_detached(&format!("{header}.AA.AA"), b"x");
    assert_eq!(detached.map(drop), Err(SyntaxError::NotDetached));
}

#[test]
fn every_damaged_octet_is_noticed() {
    let key = pair(KeyAlgorithm::EcP256);
    let jws = sign(&[].into(), b"content", (&key, "ES256".parse().unwrap()), SecretLength::Any).unwrap();
    for place in 0..jws.as_str().len() {
        let mut damaged = jws.as_str().as_bytes().to_vec();
        damaged[place] = if damaged[place] == b'A' { b'B' } else { b'A' };
        let damaged = String::from_utf8(damaged).unwrap();
        let outcome = SignedObject::parse(&damaged).map_err(SignedError::from);
        let outcome = outcome.and_then(|object| {
            object.verify(&object.signatures()[0], &key, SecretLength::Any).map(|content| content.octets().to_vec())
        });
        assert!(outcome.is_err(), "{damaged}");
    }
}

#[test]
fn reserved_members_are_refused() {
    let key = secret(&[1; 32]);
    for name in ["alg", "b64", "crit"] {
        let header = [(name, json!("x"))].into();
        let outcome = sign(&header, b"", (&key, "HS256".parse().unwrap()), SecretLength::Any);
        assert!(matches!(outcome, Err(SignedError::ReservedMember(_))), "{name}");
    }
}

mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,300}") {
            let _ = SignedObject::parse(&text);
        }

        #[test]
        fn no_member_makes_the_reader_panic(
            header in "\\{[ -~]{0,60}\\}", payload in prop::collection::vec(any::<u8>(), 0..60), json in any::<bool>(),
        ) {
            let (header, payload) = (base64url::encode(header), base64url::encode(payload));
            let text = match json {
                true => json!({"payload": payload, "protected": header, "signature": "AA"}).to_string(),
                false => format!("{header}.{payload}.AA"),
            };
            if let Ok(object) = SignedObject::parse(&text) {
                let _ = object.verify(&object.signatures()[0], &secret(&[1; 64]), SecretLength::Any);
            }
        }
    }
}
