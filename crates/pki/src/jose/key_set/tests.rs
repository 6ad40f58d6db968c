use serde_json::{Value, json};

use super::*;
use crate::{KeyAlgorithm, PrivateKey, Signer};

fn key(id: Option<&str>) -> Value {
    let jwk = PublicJwk::describe(PrivateKey::generate(KeyAlgorithm::EcP256).unwrap().public_key().clone());
    let mut value: Value = serde_json::from_str(&jwk.to_json()).unwrap();
    match id {
        Some(id) => value["kid"] = id.into(),
        None => drop(value.as_object_mut().unwrap().remove("kid")),
    }
    value
}

fn changed(name: &str, member: Value) -> Value {
    let mut key = key(Some("bad"));
    key[name] = member;
    key
}

fn parse(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({"keys": keys, "other": {}}).to_string().as_bytes()).unwrap()
}

#[test]
fn bad_keys_are_ignored_and_counted() {
    let bad = [
        json!({"kty": "oct", "k": "c2VjcmV0", "kid": "bad"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "bad"}),
        changed("use", json!("enc")),
        changed("alg", json!("RS256")),
        changed("d", json!("AAAA")),
        changed("x", json!("AAAA")),
        json!("text"),
        json!(null),
    ];
    let set = parse(&[&bad[..], &[key(Some("good"))]].concat());
    assert_eq!(set.ignored(), bad.len());
    assert_eq!(set.keys().len(), 1);
    assert_eq!(set.keys_for(Some("good")).count(), 1);
    assert_eq!(set.keys_for(Some("bad")).count(), 0);
}

#[test]
fn at_most_a_hundred_keys_are_looked_at() {
    let one = key(Some("k"));
    let set = parse(&vec![one; 10_000]);
    assert_eq!((set.keys().len(), set.ignored()), (MAX_KEYS, 10_000 - MAX_KEYS));
}

#[test]
fn keys_are_found_by_their_id_in_the_order_of_the_set() {
    let (first, second) = (key(Some("k")), key(Some("k")));
    let set = parse(&[first.clone(), key(Some("other")), second.clone(), key(None)]);
    let found: Vec<&str> = set.keys_for(Some("k")).map(|key| key.key_id().unwrap()).collect();
    assert_eq!(found, ["k", "k"]);
    assert_eq!(set.keys_for(Some("k")).next().unwrap().to_json(), first.to_string());
    assert_eq!(set.keys_for(Some("k")).nth(1).unwrap().to_json(), second.to_string());
    assert_eq!(set.keys_for(Some("K")).count(), 0);
    assert_eq!(set.keys_for(None).count(), 1);
    assert_eq!(parse(&[key(Some("only"))]).keys_for(None).count(), 1);
    assert_eq!(parse(&[key(Some("a")), key(Some("b"))]).keys_for(None).count(), 0);
}

#[test]
fn what_is_no_key_set_is_refused() {
    let error = |text: &str| KeySet::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error("{}"), KeySetError::NoKeys);
    assert_eq!(error(r#"{"keys":{}}"#), KeySetError::NoKeys);
    assert_eq!(error("[]"), KeySetError::Json(json::JsonError::NotAnObject));
    assert_eq!(error(r#"{"keys":[],"keys":[]}"#), KeySetError::Json(json::JsonError::DuplicateName("keys".to_owned())));
    assert!(matches!(error("<html>"), KeySetError::Json(json::JsonError::Syntax { .. })));
    assert!(matches!(error(&format!("{{\"keys\":{}", "[".repeat(100_000))), KeySetError::Json(_)));
}
