//! Signed content of any kind (JWS, RFC 7515): compact, flattened and general serialisation, detached content,
//! key pairs and shared secrets.
//!
//! The tokens that a CA accepts have a narrower reader, [`UnverifiedJws`](super::UnverifiedJws).

mod make;
#[cfg(test)]
mod tests;

use aws_lc_rs::hmac;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

pub use self::make::{CompactJws, sign};
use super::{JsonError, Jwk, MacAlgorithm, SigningAlgorithm, base64url, json, key::Material};

/// Signed content that nobody has checked.
pub struct SignedObject {
    payload: Content,
    signatures: Vec<Signature>,
}

/// One signature of it, with its header.
pub struct Signature {
    /// As it was signed; empty when everything is unprotected.
    protected: String,
    /// The decoded protected header.
    protected_json: String,
    header: Map<String, Value>,
    algorithm: String,
    octets: Vec<u8>,
}

/// The content, in the spelling in which it was signed.
struct Content {
    encoded: String,
    octets: Vec<u8>,
}

/// Content with a good signature. Made only by [`SignedObject::verify`].
#[derive(Debug, Clone, Copy)]
pub struct VerifiedContent<'a>(&'a [u8]);

/// Why signed content was refused or not made.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// The header names no algorithm, or one that Rung does not know.
    #[error("the header's `alg` {0:?} is not a signature algorithm")]
    Algorithm(String),
    /// The header asks for extensions that have to be understood; there are none that Rung understands.
    #[error("unrecognized critical headers (crit)")]
    Critical,
    /// The key is not one for this algorithm.
    #[error("the algorithm {algorithm} is not one of the key, whose type is {kty}")]
    Key {
        /// What the header says.
        algorithm: SigningAlgorithm,
        /// The type of the key.
        kty: &'static str,
    },
    /// The key's owner allows it for other things alone.
    #[error("the key is not for this: its `{0}` says so")]
    KeyUse(&'static str),
    /// The header cannot be what was asked for.
    #[error("the header member `{0}` cannot be set freely")]
    ReservedMember(String),
    /// A shared secret that is shorter than the hash (RFC 7518 §3.2) can be guessed.
    #[error("the secret has {len} octets, and {algorithm} takes at least {least}")]
    ShortSecret {
        /// How long it is.
        len: usize,
        /// What it was to be used with.
        algorithm: &'static str,
        /// How long it has to be.
        least: usize,
    },
    /// The key store did not sign.
    #[error(transparent)]
    Sign(#[from] crate::SignError),
    /// The signature is not good.
    #[error("invalid signature")]
    Signature,
    /// It is not a JWS.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
}

/// Why a text is not a JWS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// A part is not base64url without padding in its canonical spelling.
    #[error("the {0} is not canonical base64url without padding")]
    Base64(&'static str),
    /// There are not exactly three parts.
    #[error("compact JWS format must have three parts")]
    NotCompact,
    /// A part is not a JSON object that means one thing.
    #[error("the {part}: {problem}")]
    Json {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        problem: JsonError,
        /// What was to be JSON.
        text: Vec<u8>,
    },
    /// A member is missing or is not what it should be.
    #[error("the JWS's `{0}` is missing or malformed")]
    Member(&'static str),
    /// Content stands in the text although it was said to come from elsewhere.
    #[error("the JWS has a payload of its own")]
    NotDetached,
    /// A name occurs in the protected and in the unprotected header.
    #[error("the header member {0:?} occurs twice")]
    TwoHeaders(String),
    /// The text is longer than Rung reads.
    #[error("the JWS is longer than {} MiB", MAX_LEN >> 20)]
    TooLong,
    /// There are more signatures than anyone needs.
    #[error("the JWS has no signature, or more than {MOST_SIGNATURES}")]
    Signatures,
}

/// How long a JWS may be, in octets.
pub const MAX_LEN: usize = 24 << 20;

/// How many signatures a JWS may have.
pub const MOST_SIGNATURES: usize = 20;

impl SignedObject {
    /// Take a text apart, however it is serialised. White space around it is skipped.
    ///
    /// # Errors
    /// When it is not a JWS.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text, None)
    }

    /// The same for a text without its content (RFC 7515 appendix F), which comes from elsewhere.
    ///
    /// # Errors
    /// When it is not a JWS, or has content of its own.
    pub fn parse_detached(text: &str, content: &[u8]) -> Result<Self, SyntaxError> {
        Self::read(text, Some(content))
    }

    fn read(text: &str, detached: Option<&[u8]>) -> Result<Self, SyntaxError> {
        if text.len() > MAX_LEN {
            return Err(SyntaxError::TooLong);
        }
        let text = text.trim_ascii();
        if text.starts_with('{') {
            return Self::read_json(text, detached);
        }
        let mut parts = text.split('.');
        let (Some(protected), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SyntaxError::NotCompact);
        };
        let signature = Signature::read(Some(protected), None, signature)?;
        Ok(Self { payload: Content::read(payload, detached)?, signatures: vec![signature] })
    }

    fn read_json(text: &str, detached: Option<&[u8]>) -> Result<Self, SyntaxError> {
        check_object("JWS", text.as_bytes())?;
        let members: Members<'_> = serde_json::from_str(text).map_err(|_| SyntaxError::Member("payload"))?;
        let signatures = match (&members.signatures, members.signature) {
            (Some(list), None) if members.protected.is_none() && members.header.is_none() => {
                let read = |one: &Entry<'_>| Signature::read(one.protected, one.header, one.signature);
                if list.len() > MOST_SIGNATURES {
                    return Err(SyntaxError::Signatures);
                }
                list.iter().map(read).collect::<Result<Vec<_>, _>>()?
            }
            (None, Some(signature)) => vec![Signature::read(members.protected, members.header, signature)?],
            // RFC 7515 §7.2.2: the flattened form has no list.
            _ => return Err(SyntaxError::Member("signature")),
        };
        if signatures.is_empty() {
            return Err(SyntaxError::Signatures);
        }
        Ok(Self { payload: Content::read(members.payload.unwrap_or_default(), detached)?, signatures })
    }

    /// The signatures, in the order in which they stand.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The content, whoever made it.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload.octets
    }

    /// Verify one signature with a key that the caller trusts.
    ///
    /// The key decides about the algorithm: the header's has to be one of it, and the one that the key names if it
    /// names one.
    ///
    /// # Errors
    /// When the signature is not good or the key is not for it.
    pub fn verify(
        &self,
        signature: &Signature,
        key: &Jwk,
        secrets: SecretLength,
    ) -> Result<VerifiedContent<'_>, SignedError> {
        signature.check_critical()?;
        let algorithm = signature.algorithm()?;
        check_key(key, algorithm, "verify")?;
        let message = [signature.protected.as_bytes(), b".", self.payload.encoded.as_bytes()].concat();
        let good = match (algorithm, &key.material) {
            (SigningAlgorithm::Mac(algorithm), Material::Secret(secret)) => {
                secrets.check(algorithm, secret.octets())?;
                // Compares in constant time.
                hmac::verify(&mac_key(algorithm, secret.octets()), &message, &signature.octets).is_ok()
            }
            (SigningAlgorithm::Pair(algorithm), _) => key.public_key().is_some_and(|public| {
                public.verify_jose(algorithm.signature_algorithm(), &message, &signature.octets).is_ok()
            }),
            (SigningAlgorithm::Mac(_), _) => false,
        };
        if good { Ok(VerifiedContent(&self.payload.octets)) } else { Err(SignedError::Signature) }
    }

    /// In compact serialisation; only for one signature without unprotected header.
    pub fn to_compact(&self) -> Option<String> {
        let [signature] = &self.signatures[..] else { return None };
        signature.header.is_empty().then(|| {
            let signature_text = base64url::encode(&signature.octets);
            [signature.protected.as_str(), self.payload.encoded.as_str(), signature_text.as_str()].join(".")
        })
    }

    /// In flattened serialisation on one line: `payload`, `protected`, `signature`; only for one signature without
    /// unprotected header.
    pub fn to_flattened(&self) -> Option<String> {
        let [signature] = &self.signatures[..] else { return None };
        signature.header.is_empty().then(|| {
            let octets = base64url::encode(&signature.octets);
            let (payload, protected) = (&self.payload.encoded, &signature.protected);
            format!("{{\"payload\":\"{payload}\",\"protected\":\"{protected}\",\"signature\":\"{octets}\"}}")
        })
    }
}

/// Shows the length alone: what is signed may be a credential.
impl std::fmt::Debug for SignedObject {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SignedObject({} octets, {} signatures)", self.payload.octets.len(), self.signatures.len())
    }
}

impl Signature {
    fn read(protected: Option<&str>, header: Option<&RawValue>, signature: &str) -> Result<Self, SyntaxError> {
        let protected = protected.unwrap_or_default();
        let decoded = base64url::decode(protected).map_err(|_| SyntaxError::Base64("header"))?;
        let mut merged = Map::new();
        if !protected.is_empty() {
            check_object("header", &decoded)?;
            merged = object(&decoded)?;
        }
        let header: Map<String, Value> = header.map_or(Ok(Map::new()), |header| object(header.get().as_bytes()))?;
        for (name, value) in &header {
            // RFC 7515 §4: the names of the two are disjoint.
            if merged.insert(name.clone(), value.clone()).is_some() {
                return Err(SyntaxError::TwoHeaders(name.chars().take(40).collect()));
            }
        }
        let algorithm = match merged.get("alg") {
            Some(Value::String(name)) => name.clone(),
            _ => return Err(SyntaxError::Member("alg")),
        };
        let octets = base64url::decode(signature).map_err(|_| SyntaxError::Base64("signature"))?;
        let protected_json = String::from_utf8(decoded).map_err(|_| SyntaxError::Base64("header"))?;
        Ok(Self { protected: protected.to_owned(), protected_json, header, algorithm, octets })
    }

    /// What the header says about the key.
    pub fn key_id(&self) -> Option<String> {
        let protected = object(self.protected_json.as_bytes()).ok().and_then(|mut header| header.remove("kid"));
        match protected.as_ref().or_else(|| self.header.get("kid")) {
            Some(Value::String(id)) => Some(id.clone()),
            _ => None,
        }
    }

    /// The name of the algorithm, whatever it is.
    pub fn algorithm_name(&self) -> &str {
        &self.algorithm
    }

    /// The protected header as it was signed, decoded; empty when there is none.
    pub fn protected_json(&self) -> &str {
        &self.protected_json
    }

    /// The unprotected header.
    pub fn unprotected(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The octets of the signature.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Refuse a header that has to be understood wholly and is not.
    ///
    /// # Errors
    /// When it asks for extensions, or says that the content is not encoded (RFC 7797).
    pub fn check_critical(&self) -> Result<(), SignedError> {
        let protected = object(self.protected_json.as_bytes()).unwrap_or_default();
        let named = |name: &str| protected.contains_key(name) || self.header.contains_key(name);
        if named("crit") || named("b64") { Err(SignedError::Critical) } else { Ok(()) }
    }

    fn algorithm(&self) -> Result<SigningAlgorithm, SignedError> {
        self.algorithm.parse().map_err(|_| SignedError::Algorithm(self.algorithm.chars().take(40).collect()))
    }
}

impl<'a> VerifiedContent<'a> {
    /// The octets that were signed.
    pub fn octets(self) -> &'a [u8] {
        self.0
    }
}

impl Content {
    fn read(encoded: &str, detached: Option<&[u8]>) -> Result<Self, SyntaxError> {
        match detached {
            Some(_) if !encoded.is_empty() => Err(SyntaxError::NotDetached),
            Some(octets) => Ok(Self { encoded: base64url::encode(octets), octets: octets.to_vec() }),
            None => {
                let octets = base64url::decode(encoded).map_err(|_| SyntaxError::Base64("payload"))?;
                Ok(Self { encoded: encoded.to_owned(), octets })
            }
        }
    }
}

/// Whether short secrets are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretLength {
    /// Of any length, for what others made.
    Any,
    /// As RFC 7518 §3.2 demands: as long as the hash.
    AsLongAsTheHash,
}

impl SecretLength {
    fn check(self, algorithm: MacAlgorithm, secret: &[u8]) -> Result<(), SignedError> {
        let least = algorithm.least_secret_len();
        if secret.is_empty() || self == Self::AsLongAsTheHash && secret.len() < least {
            return Err(SignedError::ShortSecret { len: secret.len(), algorithm: algorithm.as_str(), least });
        }
        Ok(())
    }
}

fn check_key(key: &Jwk, algorithm: SigningAlgorithm, operation: &str) -> Result<(), SignedError> {
    if !algorithm.fits(key) || key.algorithm.as_deref().is_some_and(|only| only != algorithm.as_str()) {
        return Err(SignedError::Key { algorithm, kty: key.key_type() });
    }
    if key.usage.as_deref().is_some_and(|usage| usage != "sig") {
        return Err(SignedError::KeyUse("use"));
    }
    // A private key verifies with its public half.
    let by_its_other_half = operation == "verify" && key.allows("sign");
    if !key.allows(operation) && !by_its_other_half {
        return Err(SignedError::KeyUse("key_ops"));
    }
    Ok(())
}

fn mac_key(algorithm: MacAlgorithm, secret: &[u8]) -> hmac::Key {
    let hash = match algorithm {
        MacAlgorithm::Hs256 => hmac::HMAC_SHA256,
        MacAlgorithm::Hs384 => hmac::HMAC_SHA384,
        MacAlgorithm::Hs512 => hmac::HMAC_SHA512,
    };
    hmac::Key::new(hash, secret)
}

fn check_object(part: &'static str, text: &[u8]) -> Result<(), SyntaxError> {
    json::check_object(text).map_err(|problem| SyntaxError::Json { part, problem, text: text.to_vec() })
}

fn object(text: &[u8]) -> Result<Map<String, Value>, SyntaxError> {
    serde_json::from_slice(text).map_err(|_| SyntaxError::Member("header"))
}

#[derive(Deserialize)]
struct Members<'a> {
    payload: Option<&'a str>,
    protected: Option<&'a str>,
    #[serde(borrow)]
    header: Option<&'a RawValue>,
    signature: Option<&'a str>,
    #[serde(borrow)]
    signatures: Option<Vec<Entry<'a>>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    protected: Option<&'a str>,
    #[serde(borrow)]
    header: Option<&'a RawValue>,
    signature: &'a str,
}
