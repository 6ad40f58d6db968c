//! Every algorithm that a JWK can be used with, shared secrets included, and which key may be used with which.

use std::{fmt, str::FromStr};

use super::{Jwk, JwsAlgorithm, UnknownAlgorithm};
use crate::KeyAlgorithm;

/// How a JWS is signed: with a key pair or with a shared secret. There is no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// HMAC with a shared secret (RFC 7518 §3.2).
    Mac(MacAlgorithm),
    /// A signature of a private key.
    Pair(JwsAlgorithm),
}

/// HMAC with SHA-2 (RFC 7518 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// With SHA-256.
    Hs256,
    /// With SHA-384.
    Hs384,
    /// With SHA-512.
    Hs512,
}

/// How the key that encrypts the content of a JWE is brought to its recipient (RFC 7518 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyManagement {
    /// Wrapped with AES-GCM under a shared secret of so many octets.
    AesGcmWrap(usize),
    /// Wrapped with AES under a shared secret of so many octets.
    AesWrap(usize),
    /// The shared secret itself.
    Direct,
    /// Agreed upon with elliptic curve keys; used as it is, or to wrap with AES under so many octets.
    EcdhEs(Option<usize>),
    /// Wrapped with AES under so many octets that are derived from a password.
    Password(usize),
    /// Encrypted with RSAES-PKCS1-v1_5. Only read: a program that tells how decryption failed gives the key away.
    Rsa15,
    /// Encrypted with RSAES-OAEP and SHA-1.
    RsaOaep,
    /// Encrypted with RSAES-OAEP and SHA-256.
    RsaOaep256,
}

impl SigningAlgorithm {
    /// Whether this key signs or verifies with it. The key decides: a shared secret never takes part in a signature
    /// of a key pair, nor a public key in a MAC.
    pub fn fits(self, key: &Jwk) -> bool {
        match (self, key.algorithm_of_pair()) {
            (Self::Mac(_), _) => key.is_secret(),
            (Self::Pair(algorithm), Some(pair)) => algorithm.fits(pair),
            (Self::Pair(_), None) => false,
        }
    }

    /// The name in JOSE headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mac(algorithm) => algorithm.as_str(),
            Self::Pair(algorithm) => algorithm.as_str(),
        }
    }
}

impl FromStr for SigningAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        match MacAlgorithm::ALL.into_iter().find(|algorithm| algorithm.as_str() == name) {
            Some(algorithm) => Ok(Self::Mac(algorithm)),
            None => name.parse().map(Self::Pair),
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl MacAlgorithm {
    /// Every algorithm there is.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The name in JOSE headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// How many octets the secret has at least (RFC 7518 §3.2: as many as the hash).
    pub fn least_secret_len(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
        }
    }
}

impl KeyManagement {
    /// Every algorithm with its name.
    pub const ALL: [(&'static str, Self); 17] = [
        ("RSA1_5", Self::Rsa15),
        ("RSA-OAEP", Self::RsaOaep),
        ("RSA-OAEP-256", Self::RsaOaep256),
        ("A128KW", Self::AesWrap(16)),
        ("A192KW", Self::AesWrap(24)),
        ("A256KW", Self::AesWrap(32)),
        ("dir", Self::Direct),
        ("ECDH-ES", Self::EcdhEs(None)),
        ("ECDH-ES+A128KW", Self::EcdhEs(Some(16))),
        ("ECDH-ES+A192KW", Self::EcdhEs(Some(24))),
        ("ECDH-ES+A256KW", Self::EcdhEs(Some(32))),
        ("A128GCMKW", Self::AesGcmWrap(16)),
        ("A192GCMKW", Self::AesGcmWrap(24)),
        ("A256GCMKW", Self::AesGcmWrap(32)),
        ("PBES2-HS256+A128KW", Self::Password(16)),
        ("PBES2-HS384+A192KW", Self::Password(24)),
        ("PBES2-HS512+A256KW", Self::Password(32)),
    ];

    /// The algorithm that encrypts for a key of this kind unless something else is asked for.
    pub fn default_for(key: &Jwk) -> Option<Self> {
        if key.is_secret() {
            return Some(Self::AesGcmWrap(32));
        }
        match key.algorithm_of_pair() {
            // X25519.
            None | Some(KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521) => Some(Self::EcdhEs(None)),
            Some(KeyAlgorithm::Rsa { .. }) => Some(Self::RsaOaep256),
            Some(KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_)) => None,
        }
    }

    /// Whether this key encrypts or decrypts with it.
    pub fn fits(self, key: &Jwk) -> bool {
        match self {
            Self::AesGcmWrap(_) | Self::AesWrap(_) | Self::Direct => key.is_secret(),
            Self::EcdhEs(_) => {
                let curve = key.algorithm_of_pair().and_then(KeyAlgorithm::coordinate_len);
                curve.is_some() || key.exchange_key().is_some()
            }
            Self::Password(_) => false,
            Self::Rsa15 | Self::RsaOaep | Self::RsaOaep256 => {
                matches!(key.algorithm_of_pair(), Some(KeyAlgorithm::Rsa { .. }))
            }
        }
    }

    /// The name in JOSE headers.
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(_, algorithm)| *algorithm == self);
        found.expect("only the lengths of the list are ever used").0
    }
}

impl FromStr for KeyManagement {
    type Err = UnknownKeyManagement;

    fn from_str(name: &str) -> Result<Self, UnknownKeyManagement> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, algorithm)| algorithm).ok_or(UnknownKeyManagement)
    }
}

impl fmt::Display for KeyManagement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The name of a way to bring a key to its recipient that Rung does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not one of RSA1_5, RSA-OAEP[-256], A…KW, A…GCMKW, dir, ECDH-ES[+A…KW] and PBES2-HS…+A…KW")]
pub struct UnknownKeyManagement;
