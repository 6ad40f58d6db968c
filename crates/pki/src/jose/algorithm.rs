//! The signature algorithms of JOSE that Rung takes part in.

use std::{fmt, str::FromStr};

use crate::{KeyAlgorithm, MlDsa, SignatureAlgorithm};

/// A signature algorithm by its JOSE name (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9964); `none` and shared secrets are not
/// among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JwsAlgorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// ML-DSA.
    MlDsa(MlDsa),
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

/// The name of an algorithm that Rung does not verify with, such as `none` or `HS256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signature algorithm is not one of EdDSA, ES256, ES384, ES512, ML-DSA-44, ML-DSA-65, ML-DSA-87, PS256, PS384, \
     PS512, RS256, RS384 and RS512"
)]
pub struct UnknownAlgorithm;

impl JwsAlgorithm {
    /// Every algorithm there is.
    pub const ALL: [Self; 13] = [
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::MlDsa(MlDsa::MlDsa44),
        Self::MlDsa(MlDsa::MlDsa65),
        Self::MlDsa(MlDsa::MlDsa87),
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// The algorithm that a key of this kind signs with unless something else is asked for.
    pub fn default_for(key: KeyAlgorithm) -> Self {
        match key {
            KeyAlgorithm::EcP256 => Self::Es256,
            KeyAlgorithm::EcP384 => Self::Es384,
            KeyAlgorithm::EcP521 => Self::Es512,
            KeyAlgorithm::Ed25519 => Self::EdDsa,
            KeyAlgorithm::MlDsa(set) => Self::MlDsa(set),
            KeyAlgorithm::Rsa { .. } => Self::Rs256,
        }
    }

    /// Whether a key of this kind signs with this algorithm; every curve has exactly one (RFC 7518 §3.4).
    pub fn fits(self, key: KeyAlgorithm) -> bool {
        match self {
            Self::EdDsa => key == KeyAlgorithm::Ed25519,
            Self::Es256 => key == KeyAlgorithm::EcP256,
            Self::Es384 => key == KeyAlgorithm::EcP384,
            Self::Es512 => key == KeyAlgorithm::EcP521,
            Self::MlDsa(set) => key == KeyAlgorithm::MlDsa(set),
            Self::Ps256 | Self::Ps384 | Self::Ps512 | Self::Rs256 | Self::Rs384 | Self::Rs512 => {
                matches!(key, KeyAlgorithm::Rsa { .. })
            }
        }
    }

    /// The same algorithm as certificates name it.
    pub fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::EdDsa => SignatureAlgorithm::Ed25519,
            Self::Es256 => SignatureAlgorithm::EcdsaSha256,
            Self::Es384 => SignatureAlgorithm::EcdsaSha384,
            Self::Es512 => SignatureAlgorithm::EcdsaSha512,
            Self::MlDsa(set) => SignatureAlgorithm::MlDsa(set),
            Self::Ps256 => SignatureAlgorithm::RsaPssSha256,
            Self::Ps384 => SignatureAlgorithm::RsaPssSha384,
            Self::Ps512 => SignatureAlgorithm::RsaPssSha512,
            Self::Rs256 => SignatureAlgorithm::RsaPkcs1Sha256,
            Self::Rs384 => SignatureAlgorithm::RsaPkcs1Sha384,
            Self::Rs512 => SignatureAlgorithm::RsaPkcs1Sha512,
        }
    }

    /// The name in JOSE headers, such as `ES256`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::MlDsa(set) => set.as_str(),
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }
}

impl FromStr for JwsAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        // RFC 7515 §4.1.1: the name is case-sensitive.
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(UnknownAlgorithm)
    }
}

impl fmt::Display for JwsAlgorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
