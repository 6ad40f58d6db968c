//! The parameter sets of ML-KEM.

use std::fmt;

use der::asn1::ObjectIdentifier;
use ml_kem::{DecapsulationKey512, DecapsulationKey768, DecapsulationKey1024, KeyExport, Seed};
use ml_kem::{EncapsulationKey512, EncapsulationKey768, EncapsulationKey1024};
use zeroize::Zeroize;

/// A parameter set of ML-KEM (FIPS 203 §8), with which two sides agree on a secret that quantum computers are not known
/// to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MlKem {
    /// As strong as AES-128; public keys of 800 octets.
    MlKem512,
    /// As strong as AES-192; public keys of 1184 octets.
    MlKem768,
    /// As strong as AES-256; public keys of 1568 octets.
    MlKem1024,
}

impl MlKem {
    /// Every parameter set there is.
    pub const ALL: [Self; 3] = [Self::MlKem512, Self::MlKem768, Self::MlKem1024];

    /// Octets of the seed that a private key is made from.
    pub const SEED_LEN: usize = 64;

    /// The name in FIPS 203: `ML-KEM-768`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MlKem512 => "ML-KEM-512",
            Self::MlKem768 => "ML-KEM-768",
            Self::MlKem1024 => "ML-KEM-1024",
        }
    }

    /// The parameter set of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.as_str() == name)
    }

    /// The identifier of keys (RFC 9935 §3).
    pub(super) const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::MlKem512 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.4.1"),
            Self::MlKem768 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.4.2"),
            Self::MlKem1024 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.4.3"),
        }
    }

    /// The public key of a seed of [`Self::SEED_LEN`] octets (FIPS 203 §7.1); nothing for another length.
    pub(super) fn public_key(self, seed: &[u8]) -> Option<Vec<u8>> {
        let mut seed = Seed::try_from(seed).ok()?;
        // Only this takes keys from their seeds; the library of everything else has expanded ones alone.
        let public = match self {
            Self::MlKem512 => DecapsulationKey512::from_seed(seed).encapsulation_key().to_bytes().to_vec(),
            Self::MlKem768 => DecapsulationKey768::from_seed(seed).encapsulation_key().to_bytes().to_vec(),
            Self::MlKem1024 => DecapsulationKey1024::from_seed(seed).encapsulation_key().to_bytes().to_vec(),
        };
        seed.as_mut_slice().zeroize();
        Some(public)
    }

    /// Whether the octets are a public key: of the right length, and each number below the modulus (FIPS 203 §7.2).
    pub(super) fn is_public_key(self, octets: &[u8]) -> bool {
        match self {
            Self::MlKem512 => octets.try_into().is_ok_and(|octets| EncapsulationKey512::new(octets).is_ok()),
            Self::MlKem768 => octets.try_into().is_ok_and(|octets| EncapsulationKey768::new(octets).is_ok()),
            Self::MlKem1024 => octets.try_into().is_ok_and(|octets| EncapsulationKey1024::new(octets).is_ok()),
        }
    }

    /// Where the public key begins in an expanded private key, which is made of four parts (FIPS 203 §7.1).
    pub(super) fn public_part(self, expanded: &[u8]) -> Option<&[u8]> {
        let (before, len) = match self {
            Self::MlKem512 => (768, 800),
            Self::MlKem768 => (1152, 1184),
            Self::MlKem1024 => (1536, 1568),
        };
        if expanded.len() == before + len + 64 { expanded.get(before..before + len) } else { None }
    }
}

impl fmt::Display for MlKem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
