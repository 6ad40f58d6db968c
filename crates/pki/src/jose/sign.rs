//! Making signed tokens.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use der::{Decode, Sequence, asn1::UintRef};
use serde_json::Value;

use super::{JwsAlgorithm, base64url};
use crate::{KeyAlgorithm, PrivateKey, SignError};

/// What to say in the header of a token, next to its algorithm.
#[derive(Debug, Clone, Default)]
pub struct SignHeader<'a> {
    /// How to sign, when it is not [`JwsAlgorithm::default_for`] the key.
    pub algorithm: Option<JwsAlgorithm>,
    /// Which key it is.
    pub key_id: Option<&'a str>,
    /// The media type, such as `JWT`.
    pub typ: Option<&'a str>,
    /// Other members, such as `x5c`.
    pub extra: BTreeMap<&'a str, Value>,
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A key of that kind does not sign with that algorithm.
    #[error("a key of type {key} cannot sign a token with {algorithm}")]
    Mismatch {
        /// The kind of key.
        key: KeyAlgorithm,
        /// What was asked of it.
        algorithm: JwsAlgorithm,
    },
    /// The additional members contain one that has a meaning of its own.
    #[error("the header member `{0}` cannot be set freely")]
    ReservedMember(String),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Sign `payload` and write the token in compact serialisation; the header's members are sorted by name.
///
/// # Errors
/// When the algorithm does not belong to the key, or an additional member is one of those that Rung sets itself.
pub fn sign_compact(header: &SignHeader<'_>, payload: &[u8], key: &PrivateKey) -> Result<String, TokenError> {
    let algorithm = header.algorithm.unwrap_or(JwsAlgorithm::default_for(key.algorithm()));
    if !algorithm.fits(key.algorithm()) {
        return Err(TokenError::Mismatch { key: key.algorithm(), algorithm });
    }
    let mut text = base64url::encode(header_json(header, algorithm)?);
    text.push('.');
    base64url::append(&mut text, payload);
    let signature = key.sign_now(algorithm.signature_algorithm(), text.as_bytes())?;
    let signature = match key.algorithm().coordinate_len() {
        Some(len) => side_by_side(&signature, len),
        None => signature,
    };
    text.push('.');
    base64url::append(&mut text, &signature);
    Ok(text)
}

fn header_json(header: &SignHeader<'_>, algorithm: JwsAlgorithm) -> Result<String, TokenError> {
    if let Some(name) = header.extra.keys().find(|name| RESERVED.contains(name)) {
        return Err(TokenError::ReservedMember((*name).to_owned()));
    }
    let mut members = header.extra.clone();
    members.insert("alg", algorithm.as_str().into());
    members.extend(header.key_id.map(|key_id| ("kid", key_id.into())));
    members.extend(header.typ.map(|typ| ("typ", typ.into())));
    Ok(serde_json::to_string(&members).expect("a map of JSON values is JSON"))
}

/// Turn a DER `ECDSA-Sig-Value` (RFC 3279 §2.2.3) into r and s of `len` octets each (RFC 7518 §3.4).
pub(super) fn side_by_side(signature: &[u8], len: usize) -> Vec<u8> {
    let numbers = EcdsaSignature::from_der(signature).expect("the key signs in DER");
    let mut octets = vec![0; 2 * len];
    for (number, place) in [numbers.r, numbers.s].into_iter().zip(octets.chunks_exact_mut(len)) {
        let number = number.as_bytes();
        // r and s are smaller than the curve's order, so they fit.
        place[len - number.len()..].copy_from_slice(number);
    }
    octets
}

#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

const RESERVED: [&str; 5] = ["alg", "b64", "crit", "kid", "typ"];
