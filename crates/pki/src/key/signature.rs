//! Signature algorithms: their names, their DER identifiers and which key may use them.

use std::fmt;

use aws_lc_rs::signature as aws;

use super::{KeyAlgorithm, MlDsa};

/// An algorithm that certificates and tokens are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ECDSA with SHA-256 (RFC 5758 §3.2).
    EcdsaSha256,
    /// ECDSA with SHA-384 (RFC 5758 §3.2).
    EcdsaSha384,
    /// ECDSA with SHA-512 (RFC 5758 §3.2).
    EcdsaSha512,
    /// Ed25519 (RFC 8410 §3).
    Ed25519,
    /// ML-DSA with an empty context (RFC 9881 §3).
    MlDsa(MlDsa),
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 4055 §5).
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384 (RFC 4055 §5).
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512 (RFC 4055 §5).
    RsaPkcs1Sha512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 octets (RFC 4055 §3.1).
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 octets (RFC 4055 §3.1).
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 octets (RFC 4055 §3.1).
    RsaPssSha512,
}

impl SignatureAlgorithm {
    /// Every algorithm there is.
    pub const ALL: [Self; 13] = [
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::EcdsaSha512,
        Self::Ed25519,
        Self::MlDsa(MlDsa::MlDsa44),
        Self::MlDsa(MlDsa::MlDsa65),
        Self::MlDsa(MlDsa::MlDsa87),
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
        Self::RsaPssSha256,
        Self::RsaPssSha384,
        Self::RsaPssSha512,
    ];

    /// The DER of the `AlgorithmIdentifier` that names this algorithm in certificates.
    pub fn identifier_der(self) -> &'static [u8] {
        match self {
            Self::EcdsaSha256 => ECDSA_SHA256,
            Self::EcdsaSha384 => ECDSA_SHA384,
            Self::EcdsaSha512 => ECDSA_SHA512,
            Self::Ed25519 => ED25519,
            Self::MlDsa(set) => set.identifier_der(),
            Self::RsaPkcs1Sha256 => RSA_PKCS1_SHA256,
            Self::RsaPkcs1Sha384 => RSA_PKCS1_SHA384,
            Self::RsaPkcs1Sha512 => RSA_PKCS1_SHA512,
            Self::RsaPssSha256 => RSA_PSS_SHA256,
            Self::RsaPssSha384 => RSA_PSS_SHA384,
            Self::RsaPssSha512 => RSA_PSS_SHA512,
        }
    }

    /// The algorithm whose `AlgorithmIdentifier` is exactly these bytes.
    ///
    /// RSASSA-PSS with unusual parameters, SHA-1 and everything older have no entry.
    pub fn from_identifier_der(der: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.identifier_der() == der)
    }

    /// Whether a key of that kind can make this signature.
    pub fn fits(self, key: KeyAlgorithm) -> bool {
        match self {
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => {
                matches!(key, KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521)
            }
            Self::Ed25519 => key == KeyAlgorithm::Ed25519,
            Self::MlDsa(set) => key == KeyAlgorithm::MlDsa(set),
            Self::RsaPkcs1Sha256
            | Self::RsaPkcs1Sha384
            | Self::RsaPkcs1Sha512
            | Self::RsaPssSha256
            | Self::RsaPssSha384
            | Self::RsaPssSha512 => matches!(key, KeyAlgorithm::Rsa { .. }),
        }
    }

    /// How to verify a signature in the encoding of X.509, if the key can make it at all.
    pub(super) fn verification(self, key: KeyAlgorithm) -> Option<&'static dyn aws::VerificationAlgorithm> {
        use KeyAlgorithm as K;
        let algorithm: &'static dyn aws::VerificationAlgorithm = match (self, key) {
            (Self::EcdsaSha256, K::EcP256) => &aws::ECDSA_P256_SHA256_ASN1,
            (Self::EcdsaSha384, K::EcP256) => &aws::ECDSA_P256_SHA384_ASN1,
            (Self::EcdsaSha512, K::EcP256) => &aws::ECDSA_P256_SHA512_ASN1,
            (Self::EcdsaSha256, K::EcP384) => &aws::ECDSA_P384_SHA256_ASN1,
            (Self::EcdsaSha384, K::EcP384) => &aws::ECDSA_P384_SHA384_ASN1,
            (Self::EcdsaSha512, K::EcP384) => &aws::ECDSA_P384_SHA512_ASN1,
            (Self::EcdsaSha256, K::EcP521) => &aws::ECDSA_P521_SHA256_ASN1,
            (Self::EcdsaSha384, K::EcP521) => &aws::ECDSA_P521_SHA384_ASN1,
            (Self::EcdsaSha512, K::EcP521) => &aws::ECDSA_P521_SHA512_ASN1,
            (Self::Ed25519, K::Ed25519) => &aws::ED25519,
            (Self::MlDsa(set), K::MlDsa(of_key)) if set == of_key => set.verification(),
            (Self::RsaPkcs1Sha256, K::Rsa { .. }) => &aws::RSA_PKCS1_2048_8192_SHA256,
            (Self::RsaPkcs1Sha384, K::Rsa { .. }) => &aws::RSA_PKCS1_2048_8192_SHA384,
            (Self::RsaPkcs1Sha512, K::Rsa { .. }) => &aws::RSA_PKCS1_2048_8192_SHA512,
            (Self::RsaPssSha256, K::Rsa { .. }) => &aws::RSA_PSS_2048_8192_SHA256,
            (Self::RsaPssSha384, K::Rsa { .. }) => &aws::RSA_PSS_2048_8192_SHA384,
            (Self::RsaPssSha512, K::Rsa { .. }) => &aws::RSA_PSS_2048_8192_SHA512,
            _ => return None,
        };
        Some(algorithm)
    }

    /// How to verify an ECDSA signature as JOSE writes it (RFC 7518 §3.4), r and s side by side.
    pub(super) fn fixed_verification(self, key: KeyAlgorithm) -> Option<&'static dyn aws::VerificationAlgorithm> {
        let algorithm: &'static dyn aws::VerificationAlgorithm = match (self, key) {
            (Self::EcdsaSha256, KeyAlgorithm::EcP256) => &aws::ECDSA_P256_SHA256_FIXED,
            (Self::EcdsaSha384, KeyAlgorithm::EcP384) => &aws::ECDSA_P384_SHA384_FIXED,
            (Self::EcdsaSha512, KeyAlgorithm::EcP521) => &aws::ECDSA_P521_SHA512_FIXED,
            (Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512, _) => return None,
            _ => return self.verification(key),
        };
        Some(algorithm)
    }
}

/// The name that `openssl` and Go print, such as `ECDSA-SHA256`.
impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::EcdsaSha256 => "ECDSA-SHA256",
            Self::EcdsaSha384 => "ECDSA-SHA384",
            Self::EcdsaSha512 => "ECDSA-SHA512",
            Self::Ed25519 => "Ed25519",
            Self::MlDsa(set) => set.as_str(),
            Self::RsaPkcs1Sha256 => "SHA256-RSA",
            Self::RsaPkcs1Sha384 => "SHA384-RSA",
            Self::RsaPkcs1Sha512 => "SHA512-RSA",
            Self::RsaPssSha256 => "SHA256-RSAPSS",
            Self::RsaPssSha384 => "SHA384-RSAPSS",
            Self::RsaPssSha512 => "SHA512-RSAPSS",
        })
    }
}

const ECDSA_SHA256: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const ECDSA_SHA384: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
const ECDSA_SHA512: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];
const ED25519: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
const RSA_PKCS1_SHA256: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11, 5, 0];
const RSA_PKCS1_SHA384: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 12, 5, 0];
const RSA_PKCS1_SHA512: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 13, 5, 0];
const RSA_PSS_SHA256: &[u8] = &pss_identifier(1, 32);
const RSA_PSS_SHA384: &[u8] = &pss_identifier(2, 48);
const RSA_PSS_SHA512: &[u8] = &pss_identifier(3, 64);

/// `AlgorithmIdentifier` of RSASSA-PSS (RFC 4055 §3.1) with the SHA-2 hash of that arc, MGF1 with the same hash
/// and a salt as long as the hash.
const fn pss_identifier(hash: u8, salt: u8) -> [u8; 67] {
    [
        0x30, 65, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 10, //
        0x30, 52, //
        0xa0, 15, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, hash, 5, 0, //
        0xa1, 28, 0x30, 26, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 8, //
        0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, hash, 5, 0, //
        0xa2, 3, 2, 1, salt,
    ]
}
