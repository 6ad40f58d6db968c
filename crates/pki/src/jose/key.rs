//! Keys of every kind as JSON (RFC 7517): public, private and shared secrets, for signatures and for encryption.

#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::{constant_time, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{
    JwkError, json,
    jwk::{Members, key_type, numbers, thumbprint},
    private_jwk::{append_private, append_secret, private_key, secret},
};
use crate::{Certificate, KeyAlgorithm, PrivateKey, PublicKey, Signer};

/// A key of any kind, and what its owner says about it.
///
/// Unlike [`PublicJwk`](super::PublicJwk) and [`PrivateJwk`](super::PrivateJwk), which are for verifying and signing
/// tokens alone, it may be for encryption, be a shared secret, and name any algorithm. Whether it may be used with an
/// algorithm is asked of [`SigningAlgorithm::fits`](super::SigningAlgorithm::fits) and
/// [`KeyManagement::fits`](super::KeyManagement::fits).
#[derive(Debug)]
pub struct Jwk {
    /// The key itself.
    pub material: Material,
    /// Its id.
    pub key_id: Option<String>,
    /// The only algorithm that it is used with, by the name that its owner wrote.
    pub algorithm: Option<String>,
    /// What it is for: `sig` or `enc`, or something that Rung does not know.
    pub usage: Option<String>,
    key_ops: Option<Vec<String>>,
    chain: Vec<Certificate>,
}

/// The key itself.
#[derive(Debug)]
pub enum Material {
    /// A private key.
    Private(Box<PrivateKey>),
    /// A public key.
    Public(PublicKey),
    /// A secret that both sides share (`oct`).
    Secret(Secret),
}

/// Octets that both sides share.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Jwk {
    /// A key that says nothing about itself.
    pub fn new(material: Material) -> Self {
        Self { material, key_id: None, algorithm: None, usage: None, key_ops: None, chain: Vec::new() }
    }

    /// A public key with the certificates that vouch for it, its own first.
    pub fn of_certificates(chain: Vec<Certificate>) -> Option<Self> {
        let key = chain.first()?.public_key().ok()?.clone();
        Some(Self { chain, ..Self::new(Material::Public(key)) })
    }

    /// Read a key of any kind.
    ///
    /// # Errors
    /// When it is not a key, weak, of a kind that Rung does not use, or its parts do not belong together.
    pub fn from_json(text: &[u8]) -> Result<Self, JwkError> {
        let members = Members::parse(text)?;
        let material = if members.kty == "oct" {
            Material::Secret(Secret(secret("k", members.k.as_ref())?))
        } else {
            let public = members.public_key()?;
            match members.private_member() {
                Some(_) => Material::Private(Box::new(private_key(&members, &public)?)),
                None => Material::Public(public),
            }
        };
        let chain = members.x5c.as_deref().unwrap_or_default();
        if chain.len() > MOST_CERTIFICATES {
            return Err(JwkError::Member("x5c"));
        }
        let read = |text: &String| Certificate::from_der(&STANDARD.decode(text).ok()?).ok();
        let chain: Vec<Certificate> =
            chain.iter().map(|text| read(text).ok_or(JwkError::Member("x5c"))).collect::<Result<_, _>>()?;
        let jwk = Self {
            material,
            key_id: members.kid,
            algorithm: members.alg,
            usage: members.usage,
            key_ops: members.key_ops,
            chain,
        };
        // RFC 7517 §4.7: the key in the first certificate is this key.
        if jwk.chain.first().is_some_and(|leaf| leaf.public_key().ok() != jwk.public_key()) {
            return Err(JwkError::Member("x5c"));
        }
        Ok(jwk)
    }

    /// Write the key on one line, in clear: `use, kty, kid, crv, alg`, the public numbers, the private ones, `x5c`.
    pub fn to_json(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push('{');
        let curve = self.algorithm_of_pair().and_then(KeyAlgorithm::curve);
        let of_key = match self.algorithm_of_pair() {
            Some(KeyAlgorithm::MlDsa(set)) => Some(set.as_str()),
            _ => None,
        };
        let said = [
            ("use", self.usage.as_deref()),
            ("kty", Some(self.key_type())),
            ("kid", self.key_id.as_deref()),
            ("crv", curve),
            ("alg", of_key.or(self.algorithm.as_deref())),
        ];
        for (name, value) in said.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            append(&mut text, name, value);
        }
        for (name, number) in self.public_key().map(numbers).unwrap_or_default() {
            append(&mut text, name, &super::base64url(number));
        }
        match &self.material {
            Material::Private(key) => append_private(&mut text, key),
            Material::Public(_) => {}
            Material::Secret(Secret(octets)) => append_secret(&mut text, "k", octets),
        }
        append_list(&mut text, "key_ops", self.key_ops.iter().flatten().cloned());
        append_list(&mut text, "x5c", self.chain.iter().map(|certificate| STANDARD.encode(certificate.der())));
        text.push('}');
        text
    }

    /// The public half with what its owner says about it; a shared secret has none.
    pub fn public(&self) -> Option<Self> {
        Some(Self {
            material: Material::Public(self.public_key()?.clone()),
            key_id: self.key_id.clone(),
            algorithm: self.algorithm.clone(),
            usage: self.usage.clone(),
            // RFC 7517 §4.3: the operations of the other half.
            key_ops: self.key_ops.as_ref().map(|operations| operations.iter().map(|one| other_half(one)).collect()),
            chain: self.chain.clone(),
        })
    }

    /// The public half of a key pair.
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.material {
            Material::Private(key) => Some(key.public_key()),
            Material::Public(key) => Some(key),
            Material::Secret(_) => None,
        }
    }

    /// What kind of key pair it is; nothing for a shared secret.
    pub fn algorithm_of_pair(&self) -> Option<KeyAlgorithm> {
        self.public_key().map(PublicKey::algorithm)
    }

    /// The `kty`: `AKP`, `EC`, `OKP`, `RSA` or `oct`.
    pub fn key_type(&self) -> &'static str {
        self.algorithm_of_pair().map_or("oct", key_type)
    }

    /// The certificates that vouch for it, its own first.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// Whether its owner allows the operation (RFC 7517 §4.3), such as `sign`; a key without a list allows all.
    pub fn allows(&self, operation: &str) -> bool {
        self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|one| one == operation))
    }

    /// The thumbprint of RFC 7638 with SHA-256, in base64url; a shared secret has none, since it would help to guess
    /// the secret.
    pub fn thumbprint(&self) -> Option<String> {
        self.public_key().map(thumbprint)
    }
}

impl Secret {
    /// A new one of this length.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate(len: usize) -> Result<Self, JwkError> {
        let mut octets = Zeroizing::new(vec![0; len]);
        rand::fill(&mut octets).map_err(|_| JwkError::Member("k"))?;
        Ok(Self(octets))
    }

    /// The octets.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Secret {
    fn from(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
}

/// Takes as long for unlike secrets as for like ones.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

/// Shows the length alone.
impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secret({} octets)", self.0.len())
    }
}

fn other_half(operation: &str) -> String {
    let other = match operation {
        "sign" => "verify",
        "decrypt" => "encrypt",
        "unwrapKey" => "wrapKey",
        other => other,
    };
    other.to_owned()
}

fn append(text: &mut String, name: &str, value: &str) {
    text.push_str(if text.len() > 1 { ",\"" } else { "\"" });
    text.push_str(name);
    text.push_str("\":");
    json::append_string(text, value);
}

fn append_list(text: &mut Zeroizing<String>, name: &str, values: impl Iterator<Item = String>) {
    let list: Vec<String> = values.collect();
    if !list.is_empty() {
        let list = serde_json::to_string(&list).expect("strings are JSON");
        // As for secrets: what grows leaves a copy behind.
        let mut longer = Zeroizing::new(String::with_capacity(text.len() + list.len() + name.len() + 5));
        longer.extend([text.as_str(), ",\"", name, "\":", &list]);
        *text = longer;
    }
}

const MOST_CERTIFICATES: usize = 20;
