//! Keys of every kind as JSON (RFC 7517): public, private and shared secrets, for signatures and for encryption.

#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::{constant_time, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{
    JwkError, json,
    jwk::{Members, key_type, numbers, thumbprint, thumbprint_of},
    private_jwk::{append_private, append_secret, exchange_private_key, private_key, secret},
};
use crate::{
    Certificate, ExchangeAlgorithm, ExchangePrivateKey, ExchangePublicKey, KeyAlgorithm, PrivateKey, PublicKey, Signer,
    keyfile::{AnyKey, KeyFileError},
};

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
    /// A private key that two sides agree on a secret with.
    ExchangePrivate(Box<ExchangePrivateKey>),
    /// A public key that others agree on a secret with.
    ExchangePublic(ExchangePublicKey),
    /// A private key.
    Private(Box<PrivateKey>),
    /// A public key.
    Public(PublicKey),
    /// A secret that both sides share (`oct`).
    Secret(Secret),
}

impl TryFrom<AnyKey> for Material {
    type Error = KeyFileError;

    /// The same key; ML-KEM has no form in JOSE.
    fn try_from(key: AnyKey) -> Result<Self, KeyFileError> {
        let no_form = |kind: ExchangeAlgorithm| match kind {
            ExchangeAlgorithm::X25519 => Ok(()),
            ExchangeAlgorithm::MlKem(set) => Err(KeyFileError::NoForm { key: set.to_string(), form: "JWK" }),
        };
        match key {
            AnyKey::ExchangePrivate(key) => no_form(key.algorithm()).map(|()| Self::ExchangePrivate(key)),
            AnyKey::ExchangePublic(key) => no_form(key.algorithm()).map(|()| Self::ExchangePublic(key)),
            AnyKey::Private(key) => Ok(Self::Private(key)),
            AnyKey::Public(key) => Ok(Self::Public(key)),
        }
    }
}

impl Material {
    /// Whether it is the public half of a key pair, and nothing more.
    pub fn is_public(&self) -> bool {
        match self {
            Self::ExchangePublic(_) | Self::Public(_) => true,
            Self::ExchangePrivate(_) | Self::Private(_) | Self::Secret(_) => false,
        }
    }
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
        } else if let Some(public) = members.exchange_key() {
            match members.private_member() {
                Some(_) => Material::ExchangePrivate(Box::new(exchange_private_key(&members, &public?)?)),
                None => Material::ExchangePublic(public?),
            }
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
        if jwk.chain.first().is_some_and(|leaf| Some(leaf.public_key_info()) != jwk.spki()) {
            return Err(JwkError::Member("x5c"));
        }
        Ok(jwk)
    }

    /// Write the key on one line, in clear: `use, kty, kid, crv, alg`, the public numbers, the private ones, `x5c`.
    pub fn to_json(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push('{');
        let curve = self.curve();
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
        let exchange = self.exchange_key().map(|key| vec![("x", key.octets())]);
        for (name, number) in exchange.or(self.public_key().map(numbers)).unwrap_or_default() {
            append(&mut text, name, &super::base64url(number));
        }
        match &self.material {
            Material::ExchangePrivate(key) => append_secret(&mut text, "d", key.secret()),
            Material::Private(key) => append_private(&mut text, key),
            Material::ExchangePublic(_) | Material::Public(_) => {}
            Material::Secret(Secret(octets)) => append_secret(&mut text, "k", octets),
        }
        append_list(&mut text, "key_ops", self.key_ops.iter().flatten().cloned());
        append_list(&mut text, "x5c", self.chain.iter().map(|certificate| STANDARD.encode(certificate.der())));
        text.push('}');
        text
    }

    /// The public half with what its owner says about it; a shared secret has none.
    pub fn public(&self) -> Option<Self> {
        let exchange = self.exchange_key().cloned().map(Material::ExchangePublic);
        Some(Self {
            material: exchange.or_else(|| self.public_key().cloned().map(Material::Public))?,
            key_id: self.key_id.clone(),
            algorithm: self.algorithm.clone(),
            usage: self.usage.clone(),
            // RFC 7517 §4.3: the operations of the other half.
            key_ops: self.key_ops.as_ref().map(|operations| operations.iter().map(|one| other_half(one)).collect()),
            chain: self.chain.clone(),
        })
    }

    /// The public half of a key pair for signatures.
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.material {
            Material::Private(key) => Some(key.public_key()),
            Material::Public(key) => Some(key),
            Material::ExchangePrivate(_) | Material::ExchangePublic(_) | Material::Secret(_) => None,
        }
    }

    /// The public half of a key pair with which two sides agree on a secret, and nothing else.
    pub fn exchange_key(&self) -> Option<&ExchangePublicKey> {
        match &self.material {
            Material::ExchangePrivate(key) => Some(key.public_key()),
            Material::ExchangePublic(key) => Some(key),
            Material::Private(_) | Material::Public(_) | Material::Secret(_) => None,
        }
    }

    /// Whether it is a secret that both sides share.
    pub fn is_secret(&self) -> bool {
        matches!(self.material, Material::Secret(_))
    }

    /// The name of its curve; nothing for keys without one.
    pub fn curve(&self) -> Option<&'static str> {
        let exchange = self.exchange_key().map(|_| X25519);
        exchange.or_else(|| self.algorithm_of_pair().and_then(KeyAlgorithm::curve))
    }

    fn spki(&self) -> Option<&[u8]> {
        let exchange = self.exchange_key().map(ExchangePublicKey::spki);
        exchange.or_else(|| self.public_key().map(PublicKey::spki))
    }

    /// What kind of key pair for signatures it is; nothing for every other key.
    pub fn algorithm_of_pair(&self) -> Option<KeyAlgorithm> {
        self.public_key().map(PublicKey::algorithm)
    }

    /// The `kty`: `AKP`, `EC`, `OKP`, `RSA` or `oct`.
    pub fn key_type(&self) -> &'static str {
        match (self.is_secret(), self.algorithm_of_pair()) {
            (true, _) => "oct",
            (false, Some(pair)) => key_type(pair),
            (false, None) => "OKP",
        }
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
        let words = [("kty", "OKP"), ("crv", X25519)];
        let exchange = self.exchange_key().map(|key| thumbprint_of(&words, &[("x", key.octets())]));
        exchange.or_else(|| self.public_key().map(thumbprint))
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

/// The one curve of keys for exchange that JOSE has (RFC 8037 §2) and Rung uses.
const X25519: &str = "X25519";
const MOST_CERTIFICATES: usize = 20;
