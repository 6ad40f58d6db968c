//! Public keys as JSON (RFC 7517).

#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{JwsAlgorithm, VerificationKey, base64url, json};
use crate::{ExchangeAlgorithm, ExchangePublicKey, KeyAlgorithm, KeyError, MlDsa, PublicKey};

/// A public key that signatures are verified with, and what its owner says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicJwk {
    pub(super) key: VerificationKey,
    pub(super) key_id: Option<String>,
    pub(super) usage: Option<String>,
}

/// Why JSON is not a key that Rung can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// The key says that it is used with an algorithm that does not belong to it or is not supported.
    #[error("the JWK's `alg` {0:?} is not a signature algorithm of this kind of key")]
    Algorithm(String),
    /// It is not a JSON object.
    #[error("the JWK: {0}")]
    Json(#[from] json::JsonError),
    /// The numbers are not a key.
    #[error("the JWK: {0}")]
    Key(#[from] KeyError),
    /// A member is missing or is not what it should be.
    #[error("the JWK's `{0}` is missing or malformed")]
    Member(&'static str),
    /// The key is for encryption or something else.
    #[error("the JWK is not for signatures: its `{0}` says so")]
    NotForSignatures(&'static str),
    /// The key has private members where a public key is due.
    #[error("the JWK is a private key where a public one is due (member `{0}`)")]
    Private(&'static str),
    /// A kind of key that Rung does not use, such as a shared secret.
    #[error("JWKs of type {0:?} are not supported")]
    Unsupported(String),
    /// An RSA key that is too short, too long, or has an unusual exponent.
    #[error("the JWK's RSA key must have 2048 to 8192 bits, and an odd exponent of at least 65537")]
    WeakRsa,
}

impl PublicJwk {
    /// Describe a key the way `step` does: for signatures, with its default algorithm and its thumbprint as id.
    pub fn describe(key: PublicKey) -> Self {
        let algorithm = JwsAlgorithm::default_for(key.algorithm());
        let key_id = Some(thumbprint(&key));
        let key = VerificationKey::with_algorithm(key, algorithm).expect("the default algorithm fits");
        Self { key, key_id, usage: Some(SIGNATURES.to_owned()) }
    }

    /// Read a public key.
    ///
    /// # Errors
    /// When it is not a key that signatures can be verified with, or it is a private key.
    pub fn from_json(text: &[u8]) -> Result<Self, JwkError> {
        let members = Members::parse(text)?;
        if let Some(name) = members.private_member() {
            return Err(JwkError::Private(name));
        }
        members.public("verify")
    }

    /// Write the key on one line, with the members in the order `use, kty, kid, crv, alg, x, y`, `use, kty, kid, alg, n, e`
    /// or `use, kty, kid, alg, pub`.
    pub fn to_json(&self) -> String {
        let mut text = self.open_json();
        text.push('}');
        text
    }

    /// The same without the closing brace.
    pub(super) fn open_json(&self) -> String {
        let mut text = String::from("{");
        let mut member = |name: &str, value: &str| {
            text.push_str(if text.len() > 1 { ",\"" } else { "\"" });
            text.push_str(name);
            text.push_str("\":");
            json::append_string(&mut text, value);
        };
        if let Some(usage) = &self.usage {
            member("use", usage);
        }
        member("kty", key_type(self.key().algorithm()));
        if let Some(key_id) = &self.key_id {
            member("kid", key_id);
        }
        if let Some(curve) = self.key().algorithm().curve() {
            member("crv", curve);
        }
        if let Some(algorithm) = self.key.algorithm() {
            member("alg", algorithm.as_str());
        }
        for (name, number) in numbers(self.key()) {
            member(name, &base64url::encode(number));
        }
        text
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        self.key.key()
    }

    /// The key together with the algorithms that it may be used with.
    pub fn verification_key(&self) -> &VerificationKey {
        &self.key
    }

    /// The key's id.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The only algorithm that the key is used with, if it says so.
    pub fn algorithm(&self) -> Option<JwsAlgorithm> {
        self.key.algorithm()
    }

    /// What the key is for: `sig`, if it says so.
    pub fn usage(&self) -> Option<&str> {
        self.usage.as_deref()
    }

    /// The thumbprint of RFC 7638 with SHA-256, in base64url.
    pub fn thumbprint(&self) -> String {
        thumbprint(self.key())
    }
}

/// The thumbprint of RFC 7638 with SHA-256, in base64url.
pub(super) fn thumbprint(key: &PublicKey) -> String {
    let mut words = vec![("kty", key_type(key.algorithm()))];
    words.extend(key.algorithm().curve().map(|curve| ("crv", curve)));
    if let KeyAlgorithm::MlDsa(set) = key.algorithm() {
        // RFC 9964: the parameter set is said by the algorithm alone.
        words.push(("alg", set.as_str()));
    }
    thumbprint_of(&words, &numbers(key))
}

/// The thumbprint of a key with these members.
pub(super) fn thumbprint_of(words: &[(&str, &str)], numbers: &[(&str, &[u8])]) -> String {
    // RFC 7638 §3.2: the required members only, sorted by name.
    let numbers = numbers.iter().map(|(name, number)| (*name, base64url::encode(number)));
    let words = words.iter().map(|(name, word)| (*name, (*word).to_owned()));
    let mut members: Vec<(&str, String)> = numbers.chain(words).collect();
    members.sort_unstable();
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    base64url::encode(digest(&SHA256, format!("{{{}}}", members.join(",")).as_bytes()))
}

pub(super) fn key_type(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => "EC",
        KeyAlgorithm::Ed25519 => "OKP",
        KeyAlgorithm::MlDsa(_) => "AKP",
        KeyAlgorithm::Rsa { .. } => "RSA",
    }
}

/// The members that hold the public key's numbers.
pub(super) fn numbers(key: &PublicKey) -> Vec<(&'static str, &[u8])> {
    if let Some((x, y)) = key.coordinates() {
        return vec![("x", x), ("y", y)];
    }
    match (key.algorithm(), key.rsa_numbers()) {
        (_, Some((modulus, exponent))) => vec![("n", modulus), ("e", exponent)],
        (KeyAlgorithm::MlDsa(_), None) => vec![("pub", key.bits())],
        (_, None) => vec![("x", key.bits())],
    }
}

/// What a JWK may hold; members that are not listed are ignored.
#[derive(Deserialize)]
pub(super) struct Members {
    pub(super) kty: String,
    #[serde(default, rename = "use", deserialize_with = "json::string")]
    pub(super) usage: Option<String>,
    #[serde(default, deserialize_with = "json::strings")]
    pub(super) key_ops: Option<Vec<String>>,
    #[serde(default, deserialize_with = "json::string")]
    pub(super) kid: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    pub(super) alg: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    crv: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    x: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    y: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    n: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    e: Option<String>,
    #[serde(default, deserialize_with = "json::secret")]
    pub(super) d: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "json::secret")]
    pub(super) p: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "json::secret")]
    pub(super) q: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "json::secret")]
    pub(super) dp: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "json::secret")]
    pub(super) dq: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "json::secret")]
    pub(super) qi: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "json::present")]
    pub(super) oth: bool,
    #[serde(default, deserialize_with = "json::secret")]
    pub(super) k: Option<Zeroizing<String>>,
    #[serde(default, rename = "pub", deserialize_with = "json::string")]
    octets: Option<String>,
    #[serde(default, rename = "priv", deserialize_with = "json::secret")]
    pub(super) seed: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "json::strings")]
    pub(super) x5c: Option<Vec<String>>,
}

impl Members {
    pub(super) fn parse(text: &[u8]) -> Result<Self, JwkError> {
        json::check_object(text)?;
        serde_json::from_slice(text).map_err(|_| JwkError::Member("kty"))
    }

    pub(super) fn private_member(&self) -> Option<&'static str> {
        let members = [
            ("d", self.d.is_some()),
            ("p", self.p.is_some()),
            ("q", self.q.is_some()),
            ("dp", self.dp.is_some()),
            ("dq", self.dq.is_some()),
            ("qi", self.qi.is_some()),
            ("oth", self.oth),
            ("priv", self.seed.is_some()),
        ];
        members.into_iter().find(|(_, there)| *there).map(|(name, _)| name)
    }

    /// The public half of the key; `operation` is what a key that names its operations must name.
    pub(super) fn public(&self, operation: &str) -> Result<PublicJwk, JwkError> {
        let key = self.public_key()?;
        if self.usage.as_deref().is_some_and(|usage| usage != SIGNATURES) {
            return Err(JwkError::NotForSignatures("use"));
        }
        if self.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|one| one == operation)) {
            return Err(JwkError::NotForSignatures("key_ops"));
        }
        let key = match &self.alg {
            None => VerificationKey::new(key),
            Some(name) => name
                .parse()
                .ok()
                .and_then(|algorithm| VerificationKey::with_algorithm(key, algorithm).ok())
                .ok_or_else(|| JwkError::Algorithm(name.chars().take(40).collect()))?,
        };
        Ok(PublicJwk { key, key_id: self.kid.clone(), usage: self.usage.clone() })
    }

    pub(super) fn public_key(&self) -> Result<PublicKey, JwkError> {
        match self.kty.as_str() {
            "AKP" => self.ml_dsa_key(),
            "EC" => self.ec_key(),
            "OKP" => match self.crv.as_deref().ok_or(JwkError::Member("crv"))? {
                "Ed25519" => Ok(PublicKey::from_point(KeyAlgorithm::Ed25519, &self.number("x", 32)?)?),
                other => Err(unsupported("OKP", other)),
            },
            "RSA" => self.rsa_key(),
            other => Err(JwkError::Unsupported(other.chars().take(40).collect())),
        }
    }

    /// RFC 9964: a key pair of one algorithm, which it has to name.
    fn ml_dsa_key(&self) -> Result<PublicKey, JwkError> {
        let name = self.alg.as_deref().ok_or(JwkError::Member("alg"))?;
        let set = MlDsa::from_name(name).ok_or_else(|| unsupported("AKP", name))?;
        Ok(PublicKey::from_ml_dsa(set, &decode("pub", self.octets.as_deref())?)?)
    }

    /// The public half of a key that two sides agree on a secret with (RFC 8037 §2), if it is one.
    pub(super) fn exchange_key(&self) -> Option<Result<ExchangePublicKey, JwkError>> {
        if (self.kty.as_str(), self.crv.as_deref()) != ("OKP", Some("X25519")) {
            return None;
        }
        let octets = self.number("x", 32);
        Some(octets.and_then(|octets| Ok(ExchangePublicKey::from_octets(ExchangeAlgorithm::X25519, &octets)?)))
    }

    fn ec_key(&self) -> Result<PublicKey, JwkError> {
        let algorithm = match self.crv.as_deref().ok_or(JwkError::Member("crv"))? {
            "P-256" => KeyAlgorithm::EcP256,
            "P-384" => KeyAlgorithm::EcP384,
            "P-521" => KeyAlgorithm::EcP521,
            other => return Err(unsupported("EC", other)),
        };
        let len = algorithm.coordinate_len().expect("an elliptic curve has coordinates");
        let point = [vec![4], self.number("x", len)?, self.number("y", len)?].concat();
        Ok(PublicKey::from_point(algorithm, &point)?)
    }

    fn rsa_key(&self) -> Result<PublicKey, JwkError> {
        let key = PublicKey::from_rsa(&decode("n", self.n.as_deref())?, &decode("e", self.e.as_deref())?)?;
        key.check_strength().map_err(|_| JwkError::WeakRsa)?;
        Ok(key)
    }

    /// RFC 7518 §6.2.1.2: a coordinate has exactly the length of the curve.
    fn number(&self, name: &'static str, len: usize) -> Result<Vec<u8>, JwkError> {
        let text = if name == "x" { &self.x } else { &self.y };
        let number = decode(name, text.as_deref())?;
        if number.len() == len { Ok(number) } else { Err(JwkError::Member(name)) }
    }
}

pub(super) fn decode(name: &'static str, text: Option<&str>) -> Result<Vec<u8>, JwkError> {
    text.and_then(|text| base64url::decode(text).ok()).ok_or(JwkError::Member(name))
}

fn unsupported(kind: &str, curve: &str) -> JwkError {
    JwkError::Unsupported(format!("{kind} {}", curve.chars().take(40).collect::<String>()))
}

const SIGNATURES: &str = "sig";
