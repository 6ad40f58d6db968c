//! Signed tokens in compact serialisation (RFC 7515 §7.1).

#[cfg(test)]
mod tests;

use serde::Deserialize;

use super::{JwsAlgorithm, base64url, json, prepared::Prepared};
use crate::{KeyAlgorithm, PublicKey};

/// How long a token may be, in octets.
pub const MAX_TOKEN_LEN: usize = 64 * 1024;

/// A token that nobody has checked: the header and payload say whatever its sender wants.
///
/// Only what has exactly one spelling is parsed: three parts of canonical base64url, a header and a payload that are
/// JSON objects without duplicate names, and no extension that has to be understood.
pub struct UnverifiedJws<'a> {
    signing_input: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// What a token's header says (RFC 7515 §4.1).
///
/// `jku`, `x5u` and `jwk` are ignored: a token does not say which key it is to be verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How the token claims to be signed.
    pub algorithm: JwsAlgorithm,
    /// Which key the token claims to be signed with.
    pub key_id: Option<String>,
    /// The media type of the token.
    pub typ: Option<String>,
    /// Certificates in base64, the signer's first.
    pub x5c: Option<Vec<String>>,
    /// The same under the name of those who do not want a middleman to verify them.
    pub x5c_insecure: Option<Vec<String>>,
    /// An SSH certificate in base64.
    pub sshpop: Option<String>,
    /// A Nebula certificate in base64.
    pub nebula: Option<String>,
}

/// A public key with the algorithms that it verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationKey {
    key: PublicKey,
    algorithm: Option<JwsAlgorithm>,
    prepared: Prepared,
}

/// The payload of a token whose signature is good. Made only by [`UnverifiedJws::verify`].
#[derive(Debug, Clone, Copy)]
pub struct VerifiedPayload<'a> {
    header: &'a Header,
    payload: &'a [u8],
    signing_input: &'a str,
}

/// A part of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first part.
    Header,
    /// The second part.
    Payload,
    /// The third part.
    Signature,
}

/// Why a token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// The token's algorithm does not belong to the key.
    #[error("the token is signed with {token}, which is not an algorithm of the key ({key})")]
    AlgorithmMismatch {
        /// What the header says.
        token: JwsAlgorithm,
        /// The key that was to verify it.
        key: KeyAlgorithm,
    },
    /// The header asks for extensions (RFC 7515 §4.1.11, RFC 7797); there are none that Rung understands.
    #[error("the token's header has the member `{0}`, which is not supported")]
    Critical(&'static str),
    /// A member of the header is missing or has the wrong type.
    #[error("the token's header is malformed: {0}")]
    Header(&'static str),
    /// A part is not a proper JSON object.
    #[error("the token's {part}: {problem}")]
    Json {
        /// Which part.
        part: Part,
        /// What is wrong with it.
        problem: json::JsonError,
    },
    /// A part is not base64url without padding in canonical spelling.
    #[error("the token's {0} is not canonical base64url without padding")]
    NotBase64(Part),
    /// There are not exactly three parts.
    #[error("the token does not have three parts separated by dots")]
    NotCompact,
    /// The signature is not good.
    #[error("the token's signature does not verify")]
    Signature,
    /// The token is longer than [`MAX_TOKEN_LEN`].
    #[error("the token is longer than {MAX_TOKEN_LEN} octets")]
    TooLong,
    /// The token is not signed, or with an algorithm that Rung does not verify.
    #[error("the token's header: {0}")]
    UnknownAlgorithm(#[from] super::UnknownAlgorithm),
}

impl<'a> UnverifiedJws<'a> {
    /// Take a token apart.
    ///
    /// # Errors
    /// When it is not a token in the one spelling that is accepted.
    pub fn parse(text: &'a str) -> Result<Self, JwsError> {
        if text.len() > MAX_TOKEN_LEN {
            return Err(JwsError::TooLong);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::NotCompact)?;
        if payload.contains('.') {
            return Err(JwsError::NotCompact);
        }
        let decode = |text, part| base64url::decode(text).map_err(|_| JwsError::NotBase64(part));
        let header = Header::parse(&decode(header, Part::Header)?)?;
        let payload = decode(payload, Part::Payload)?;
        check_object(Part::Payload, &payload)?;
        let signature = decode(signature, Part::Signature)?;
        Ok(Self { signing_input, header, payload, signature })
    }

    /// The header, to find the key that the token claims to be signed with.
    pub fn unverified_header(&self) -> &Header {
        &self.header
    }

    /// The payload, to find out who claims to have sent it. It is a JSON object.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Header and payload as they were signed.
    ///
    /// This, not the token's whole text, identifies a token: an ECDSA signature has a second spelling that verifies.
    pub fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    /// Verify the signature with a key that the caller trusts.
    ///
    /// # Errors
    /// When the header's algorithm is not one of the key's, or the signature does not verify.
    pub fn verify(&self, key: &VerificationKey) -> Result<VerifiedPayload<'_>, JwsError> {
        let algorithm = self.header.algorithm;
        if !key.accepts(algorithm) {
            return Err(JwsError::AlgorithmMismatch { token: algorithm, key: key.key.algorithm() });
        }
        key.prepared
            .verify(&key.key, algorithm, (self.signing_input.as_bytes(), &self.signature))
            .map_err(|_| JwsError::Signature)?;
        Ok(VerifiedPayload { header: &self.header, payload: &self.payload, signing_input: self.signing_input })
    }
}

/// Shows the length alone: a token is a credential.
impl std::fmt::Debug for UnverifiedJws<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "UnverifiedJws({} octets signed)", self.signing_input.len())
    }
}

impl<'a> VerifiedPayload<'a> {
    /// The payload, a JSON object without duplicate names.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The header that was signed together with the payload.
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// Header and payload as they were signed; see [`UnverifiedJws::signing_input`].
    pub fn signing_input(&self) -> &'a str {
        self.signing_input
    }
}

impl VerificationKey {
    /// Verify with every algorithm of this kind of key: one for a curve, RS256/384/512 and PS256/384/512 for RSA.
    pub fn new(key: PublicKey) -> Self {
        Self { key, algorithm: None, prepared: Prepared::default() }
    }

    /// Verify with one algorithm alone.
    ///
    /// # Errors
    /// When the algorithm does not belong to this kind of key.
    pub fn with_algorithm(key: PublicKey, algorithm: JwsAlgorithm) -> Result<Self, JwsError> {
        if !algorithm.fits(key.algorithm()) {
            return Err(JwsError::AlgorithmMismatch { token: algorithm, key: key.algorithm() });
        }
        Ok(Self { key, algorithm: Some(algorithm), prepared: Prepared::default() })
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The only algorithm, if the key is bound to one.
    pub fn algorithm(&self) -> Option<JwsAlgorithm> {
        self.algorithm
    }

    /// Whether a token signed with this algorithm may be verified with the key.
    pub fn accepts(&self, algorithm: JwsAlgorithm) -> bool {
        algorithm.fits(self.key.algorithm()) && self.algorithm.is_none_or(|only| only == algorithm)
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

impl Header {
    fn parse(text: &[u8]) -> Result<Self, JwsError> {
        check_object(Part::Header, text)?;
        let members: Members = serde_json::from_slice(text).map_err(|_| {
            JwsError::Header("`alg`, `kid`, `typ`, `sshpop` and `nebula` are strings, `x5c` is a list of them")
        })?;
        // RFC 7515 §4.1.11: an empty `crit` is as wrong as one with names that are not understood.
        // RFC 7797 §6: `b64` without `crit` is not allowed either.
        if members.crit {
            return Err(JwsError::Critical("crit"));
        }
        if members.b64 {
            return Err(JwsError::Critical("b64"));
        }
        let algorithm = members.alg.ok_or(JwsError::Header("it has no `alg`"))?.parse()?;
        Ok(Self {
            algorithm,
            key_id: members.kid,
            typ: members.typ,
            x5c: members.x5c,
            x5c_insecure: members.x5c_insecure,
            sshpop: members.sshpop,
            nebula: members.nebula,
        })
    }
}

fn check_object(part: Part, text: &[u8]) -> Result<(), JwsError> {
    json::check_object(text).map_err(|problem| JwsError::Json { part, problem })
}

#[derive(Deserialize)]
struct Members {
    #[serde(default, deserialize_with = "json::string")]
    alg: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    crit: bool,
    #[serde(default, deserialize_with = "json::present")]
    b64: bool,
    #[serde(default, deserialize_with = "json::strings")]
    x5c: Option<Vec<String>>,
    #[serde(default, rename = "x5cInsecure", deserialize_with = "json::strings")]
    x5c_insecure: Option<Vec<String>>,
    #[serde(default, deserialize_with = "json::string")]
    sshpop: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    nebula: Option<String>,
}
