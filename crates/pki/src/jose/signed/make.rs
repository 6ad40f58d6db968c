//! Signing content of any kind.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use serde_json::Value;

use super::{SecretLength, SignedError, base64url, check_key, mac_key};
use crate::{
    SignError,
    jose::{Jwk, SigningAlgorithm, key::Material, sign::side_by_side},
};

/// A JWS that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactJws(String);

impl CompactJws {
    /// In compact serialisation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Sign `payload` with `key`; the header's members are sorted by name, `alg` among them.
///
/// # Errors
/// When the algorithm is not one of the key, the key is public or for something else, its secret is short, or the
/// header sets what is not to be set freely.
pub fn sign(
    header: &BTreeMap<&str, Value>,
    payload: &[u8],
    (key, algorithm): (&Jwk, SigningAlgorithm),
    secrets: SecretLength,
) -> Result<CompactJws, SignedError> {
    if let Some(name) = header.keys().find(|name| RESERVED.contains(name)) {
        return Err(SignedError::ReservedMember((*name).to_owned()));
    }
    check_key(key, algorithm, "sign")?;
    let mut members = header.clone();
    members.insert("alg", algorithm.as_str().into());
    let members = serde_json::to_string(&members).expect("a map of JSON values is JSON");
    let mut text = base64url::encode(members);
    text.push('.');
    base64url::append(&mut text, payload);
    let signature = match (algorithm, &key.material) {
        (SigningAlgorithm::Mac(algorithm), Material::Secret(secret)) => {
            secrets.check(algorithm, secret.octets())?;
            hmac::sign(&mac_key(algorithm, secret.octets()), text.as_bytes()).as_ref().to_vec()
        }
        (SigningAlgorithm::Pair(algorithm), Material::Private(key)) => {
            let signature = key.sign_now(algorithm.signature_algorithm(), text.as_bytes())?;
            match key.algorithm().coordinate_len() {
                Some(len) => side_by_side(&signature, len),
                None => signature,
            }
        }
        _ => return Err(SignError::Failed("it is a public key".to_owned()).into()),
    };
    text.push('.');
    base64url::append(&mut text, &signature);
    Ok(CompactJws(text))
}

const RESERVED: [&str; 3] = ["alg", "b64", "crit"];
