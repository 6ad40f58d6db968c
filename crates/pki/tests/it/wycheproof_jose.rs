//! The vectors of Wycheproof for JSON web signatures, keys and encryption.
//!
//! They are those of C2SP/wycheproof (Apache-2.0), `json_web_*_test.json`, without what is not needed here. Where Rung
//! decides otherwise than they say, the vector stands below with the reason.

use rung_pki::jose::jwe::{DecryptionKey, EncryptedObject};
use rung_pki::jose::signed::{SecretLength, SignedObject};
use rung_pki::jose::{Jwk, KeySet, UnverifiedJws};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Group {
    comment: String,
    private: Value,
    public: Option<Value>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    tc_id: u32,
    comment: String,
    jws: Option<Value>,
    jwe: Option<Value>,
    pt: Option<String>,
    result: String,
}

impl Test {
    fn text(value: Option<&Value>) -> String {
        match value.expect("a text") {
            Value::String(text) => text.clone(),
            object => object.to_string(),
        }
    }
}

fn key(value: &Value) -> Option<Jwk> {
    Jwk::from_json(value.to_string().as_bytes()).ok()
}

fn verifies(text: &str, key: &Jwk) -> bool {
    let Ok(object) = SignedObject::parse(text) else { return false };
    let [signature] = object.signatures() else { return false };
    object.verify(signature, key, SecretLength::AsLongAsTheHash).is_ok()
}

/// Whether the narrow reader of the CA takes it as a token, with the same key.
fn is_token(text: &str, key: &Jwk) -> bool {
    let key = key.public_key().map(|key| rung_pki::jose::VerificationKey::new(key.clone()));
    key.is_some_and(|key| UnverifiedJws::parse(text).is_ok_and(|token| token.verify(&key).is_ok()))
}

#[track_caller]
fn check(vectors: &str, divergences: &[(u32, &str)], judge: impl Fn(&Group, &Test) -> bool) {
    let groups: Vec<Group> = serde_json::from_str(vectors).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for group in &groups {
        for test in &group.tests {
            count += 1;
            let taken = judge(group, test);
            let differs = taken != (test.result == "valid");
            if differs != divergences.iter().any(|(id, _)| *id == test.tc_id) {
                let Test { tc_id, comment, result, .. } = test;
                wrong.push(format!("{tc_id} {} {comment}: {result}, taken: {taken}", group.comment));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 20, "{count}");
}

#[test]
fn signatures() {
    check(include_str!("../vectors/json_web_signature.json"), &SIGNATURES, |group, test| {
        let Some(key) = key(group.public.as_ref().unwrap_or(&group.private)) else { return false };
        let text = Test::text(test.jws.as_ref());
        let verified = verifies(&text, &key);
        assert!(verified || !is_token(&text, &key), "{}: the CA takes less, never more", test.tc_id);
        verified
    });
}

#[test]
fn keys() {
    check(include_str!("../vectors/json_web_key.json"), &KEYS, |group, test| {
        let set = group.public.as_ref().unwrap_or(&group.private);
        let text = Test::text(test.jws.as_ref());
        // Key sets of providers are read by another reader, which knows public keys alone.
        let _ = KeySet::parse(set.to_string().as_bytes());
        let keys = set["keys"].as_array().expect("a set").iter().filter_map(key);
        let Ok(object) = SignedObject::parse(&text) else { return false };
        let id = object.signatures()[0].key_id();
        keys.filter(|key| id.is_none() || key.key_id == id).any(|key| verifies(&text, &key))
    });
}

#[test]
fn encryption() {
    check(include_str!("../vectors/json_web_encryption.json"), &ENCRYPTION, |group, test| {
        let Some(key) = key(&group.private) else { return false };
        let text = Test::text(test.jwe.as_ref());
        let Ok(object) = EncryptedObject::parse(&text) else { return false };
        let Ok(content) = object.decrypt(0, DecryptionKey::Jwk(&key)) else { return false };
        let hex: String = content.iter().map(|octet| format!("{octet:02x}")).collect();
        assert!(test.pt.as_ref().is_none_or(|expected| *expected == hex), "{}", test.tc_id);
        true
    });
}

/// Signatures that are judged otherwise.
const SIGNATURES: [(u32, &str); 8] = [
    (346, "the key says that it is for PS256 alone, and the signature is PS384"),
    (347, "the key names ES521, which no standard has; the signature is ES512"),
    (350, "the key says that it is for PS256 alone, and the signature is PS384"),
    (351, "the key names ES521, which no standard has; the signature is ES512"),
    (367, "the text has lost the padding that it is about, and is the same as that of 357, which is valid"),
    (370, "the text has lost the padding that it is about, and is the same as that of 357, which is valid"),
    (372, "foreign characters in base64url are refused (RFC 7515 §2)"),
    (373, "foreign characters in base64url are refused (RFC 7515 §2)"),
];

/// Key sets that are judged otherwise; providers' sets, which only have public keys, are read by a stricter reader.
const KEYS: [(u32, &str); 2] = [
    (1, "a set may have keys of several kinds; the key that verifies decides about the algorithm"),
    (4, "of several keys with one id each is tried, by its own algorithm"),
];

/// Encrypted content that is judged otherwise.
const ENCRYPTION: [(u32, &str); 2] = [
    (22, "the JSON serialisation is read (RFC 7516 §7.2)"),
    (135, "the key says that it is for A128GCM, which encrypts content, and the header that it is used directly"),
];
