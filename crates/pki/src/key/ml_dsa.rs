//! The parameter sets of ML-DSA.

use std::fmt;

use aws_lc_rs::signature::{self as aws, PqdsaSigningAlgorithm, PqdsaVerificationAlgorithm};
use der::asn1::ObjectIdentifier;

/// A parameter set of ML-DSA (FIPS 204 §4), the signature algorithm that quantum computers are not known to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MlDsa {
    /// As strong as SHA-256 against collisions; public keys of 1312 octets, signatures of 2420.
    MlDsa44,
    /// As strong as AES-192; public keys of 1952 octets, signatures of 3309.
    MlDsa65,
    /// As strong as AES-256; public keys of 2592 octets, signatures of 4627.
    MlDsa87,
}

impl MlDsa {
    /// Every parameter set there is.
    pub const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// Octets of the seed that a private key is made from.
    pub const SEED_LEN: usize = 32;

    /// The name in FIPS 204, and in JOSE: `ML-DSA-65`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }

    /// The parameter set of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.as_str() == name)
    }

    /// The identifier of keys and of signatures (RFC 9881 §2).
    pub(crate) const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::MlDsa44 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17"),
            Self::MlDsa65 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18"),
            Self::MlDsa87 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19"),
        }
    }

    pub(crate) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.oid() == oid)
    }

    /// Octets of a public key (FIPS 204 table 2).
    pub(crate) fn public_len(self) -> usize {
        match self {
            Self::MlDsa44 => 1312,
            Self::MlDsa65 => 1952,
            Self::MlDsa87 => 2592,
        }
    }

    pub(super) fn signing(self) -> &'static PqdsaSigningAlgorithm {
        match self {
            Self::MlDsa44 => &aws::ML_DSA_44_SIGNING,
            Self::MlDsa65 => &aws::ML_DSA_65_SIGNING,
            Self::MlDsa87 => &aws::ML_DSA_87_SIGNING,
        }
    }

    pub(super) fn verification(self) -> &'static PqdsaVerificationAlgorithm {
        match self {
            Self::MlDsa44 => &aws::ML_DSA_44,
            Self::MlDsa65 => &aws::ML_DSA_65,
            Self::MlDsa87 => &aws::ML_DSA_87,
        }
    }

    /// The DER of the `AlgorithmIdentifier`, which has no parameters.
    pub(super) fn identifier_der(self) -> &'static [u8] {
        match self {
            Self::MlDsa44 => &[0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17],
            Self::MlDsa65 => &[0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18],
            Self::MlDsa87 => &[0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19],
        }
    }
}

impl fmt::Display for MlDsa {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
