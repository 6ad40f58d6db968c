//! Keys, tokens, signed and encrypted content.

use std::sync::OnceLock;

use rung_pki::jose::jwe::{DecryptionKey, EncryptedObject};
use rung_pki::jose::signed::{SecretLength, SignedObject};
use rung_pki::jose::{Jwk, KeySet, Material, PrivateJwk, PublicJwk, UnverifiedJws, VerificationKey};
use rung_pki::{MlDsa, PrivateKey};

/// Signed content in any serialisation.
pub fn jws(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = SignedObject::parse_detached(text, b"content");
    let Ok(object) = SignedObject::parse(text) else { return };
    for signature in object.signatures() {
        let _ = signature.key_id();
        for key in keys() {
            let verified = object.verify(signature, key, SecretLength::Any);
            assert!(verified.is_err() || key.exchange_key().is_none(), "X25519 signs nothing");
        }
    }
    if let Some(compact) = object.to_compact() {
        let again = SignedObject::parse(&compact).expect("what was written is read");
        assert_eq!(again.to_compact().as_ref(), Some(&compact));
        let flattened = again.to_flattened().expect("it has one signature");
        let again = SignedObject::parse(&flattened).expect("what was written is read");
        assert_eq!(again.to_compact(), Some(compact));
    }
}

/// Tokens, by the narrow reader of the CA; whatever it reads the wide one reads, too.
pub fn jwt(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(token) = UnverifiedJws::parse(text) else { return };
    for key in keys().iter().filter_map(Jwk::public_key) {
        let _ = token.verify(&VerificationKey::new(key.clone()));
    }
    let object = SignedObject::parse(text).expect("a token is a JWS");
    assert_eq!(object.unverified_payload(), token.unverified_payload());
    assert_eq!(object.signatures()[0].key_id(), token.unverified_header().key_id);
}

/// Keys and sets of them; what is read is written, and read again as the same.
pub fn jwk(data: &[u8]) {
    let _ = KeySet::parse(data);
    let _ = PrivateJwk::from_json(data);
    let public = PublicJwk::from_json(data);
    let Ok(jwk) = Jwk::from_json(data) else {
        assert!(public.is_err(), "a key for tokens is a key");
        return;
    };
    let written = jwk.to_json();
    let again = Jwk::from_json(written.as_bytes()).expect("what was written is read");
    assert_eq!(*again.to_json(), *written);
    assert_eq!(again.thumbprint(), jwk.thumbprint());
    if let Some(public) = jwk.public() {
        Jwk::from_json(public.to_json().as_bytes()).expect("what was written is read");
    }
}

/// Encrypted content in any serialisation.
pub fn jwe(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(object) = EncryptedObject::parse(text) else { return };
    for recipient in 0..object.recipients() {
        let _ = object.key_id(recipient);
        // More iterations would only cost time.
        let password = DecryptionKey::Password { password: b"pass", most_iterations: 10 };
        let _ = object.decrypt(recipient, password);
        for key in keys() {
            let _ = object.decrypt(recipient, DecryptionKey::Jwk(key));
        }
    }
    if let Some(compact) = object.to_compact() {
        for written in [object.to_flattened(), object.to_pretty()] {
            let written = written.expect("it has one recipient");
            let again = EncryptedObject::parse(&written).expect("what was written is read");
            assert_eq!(again.to_compact().as_ref(), Some(&compact));
        }
    }
}

/// Keys of the examples of RFC 7515, 7516, 7517 and 7748, one of ML-DSA, and one secret for each length.
fn keys() -> &'static [Jwk] {
    static KEYS: OnceLock<Vec<Jwk>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let ml_dsa = PrivateKey::from_ml_dsa_seed(MlDsa::MlDsa44, &[7; 32]).expect("a seed");
        let ml_dsa = Jwk::new(Material::Private(Box::new(ml_dsa)));
        let texts = TEXTS.iter().map(|text| Jwk::from_json(text.as_bytes()).expect("a key"));
        texts.chain([ml_dsa]).collect()
    })
}

const TEXTS: [&str; 7] = [
    r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
    r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}"#,
    r#"{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"}"#,
    r#"{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#,
    r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}"#,
    r#"{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo","d":"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo"}"#,
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
];
