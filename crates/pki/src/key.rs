//! Public and private keys, the algorithms they sign with, and the [`Signer`] that certificates are made with.

mod exchange;
mod hash;
mod ml_dsa;
mod ml_kem;
mod private;
mod public;
mod rsa;
mod signature;
#[cfg(test)]
mod tests;
mod weakness;

use std::{fmt, future::Future, pin::Pin};

pub use exchange::{ExchangeAlgorithm, ExchangePrivateKey, ExchangePublicKey};
pub use hash::{Hash, Hasher};
pub use ml_dsa::MlDsa;
pub use ml_kem::MlKem;
pub use private::PrivateKey;
pub use public::{PublicKey, WeakKey};
pub use signature::SignatureAlgorithm;

/// What kind of key it is, with what has to be known to make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// Elliptic curve P-256 (RFC 5480).
    EcP256,
    /// Elliptic curve P-384 (RFC 5480).
    EcP384,
    /// Elliptic curve P-521 (RFC 5480).
    EcP521,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// ML-DSA (FIPS 204, RFC 9881).
    MlDsa(MlDsa),
    /// RSA (RFC 8017).
    Rsa {
        /// Length of the modulus in bits.
        bits: u32,
    },
}

impl KeyAlgorithm {
    /// The algorithm that a key of this kind signs certificates with unless something else is asked for.
    pub fn default_signature(self) -> SignatureAlgorithm {
        match self {
            Self::EcP256 => SignatureAlgorithm::EcdsaSha256,
            Self::EcP384 => SignatureAlgorithm::EcdsaSha384,
            Self::EcP521 => SignatureAlgorithm::EcdsaSha512,
            Self::Ed25519 => SignatureAlgorithm::Ed25519,
            Self::MlDsa(set) => SignatureAlgorithm::MlDsa(set),
            Self::Rsa { .. } => SignatureAlgorithm::RsaPkcs1Sha256,
        }
    }

    /// The curve's name as JOSE and people write it; nothing for keys without a curve.
    pub fn curve(self) -> Option<&'static str> {
        match self {
            Self::EcP256 => Some("P-256"),
            Self::EcP384 => Some("P-384"),
            Self::EcP521 => Some("P-521"),
            Self::Ed25519 => Some("Ed25519"),
            Self::MlDsa(_) | Self::Rsa { .. } => None,
        }
    }

    /// Octets of one coordinate of an elliptic curve point; nothing for other keys.
    pub(crate) fn coordinate_len(self) -> Option<usize> {
        match self {
            Self::EcP256 => Some(32),
            Self::EcP384 => Some(48),
            Self::EcP521 => Some(66),
            Self::Ed25519 | Self::MlDsa(_) | Self::Rsa { .. } => None,
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcP256 => out.write_str("ECDSA P-256"),
            Self::EcP384 => out.write_str("ECDSA P-384"),
            Self::EcP521 => out.write_str("ECDSA P-521"),
            Self::Ed25519 => out.write_str("Ed25519"),
            Self::MlDsa(set) => set.fmt(out),
            Self::Rsa { bits } => write!(out, "RSA {bits}"),
        }
    }
}

/// Why bytes are not a key that Rung can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not a key, or not wholly one.
    #[error("the key is malformed: {0}")]
    Malformed(&'static str),
    /// A key of a kind that Rung does not take part in.
    #[error("keys of type {0} are not supported")]
    Unsupported(String),
}

/// Why something was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key cannot sign with that algorithm.
    #[error("a key of type {key} cannot sign with {algorithm}")]
    Mismatch {
        /// The kind of key.
        key: KeyAlgorithm,
        /// What was asked of it.
        algorithm: SignatureAlgorithm,
    },
    /// The key store did not sign.
    #[error("the key store did not sign: {0}")]
    Failed(String),
}

/// A signature that does not verify, whatever the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// A signature on its way.
pub type SignFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SignError>> + Send + 'a>>;

/// Something that can sign with one private key, wherever that key lives.
///
/// Signatures have the encoding that X.509 uses (RFC 5758, RFC 8410, RFC 4055): ECDSA as a DER sequence.
pub trait Signer: Send + Sync {
    /// The public half of the key.
    fn public_key(&self) -> &PublicKey;

    /// Sign `message` (the message itself, not its digest) with `algorithm`.
    fn sign<'a>(&'a self, algorithm: SignatureAlgorithm, message: &'a [u8]) -> SignFuture<'a>;
}
