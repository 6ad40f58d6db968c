//! Private keys held in this process.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        self as aws, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, PqdsaKeyPair, RsaEncoding,
        RsaKeyPair,
    },
};
use zeroize::Zeroizing;

use super::{KeyAlgorithm, KeyError, MlDsa, PublicKey, SignError, SignFuture, SignatureAlgorithm, Signer};

/// A private key in memory, wiped when it is dropped.
pub struct PrivateKey {
    pair: Pair,
    pkcs8: Zeroizing<Vec<u8>>,
    public: PublicKey,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(MlDsa, PqdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    /// Make a new key.
    ///
    /// # Errors
    /// When RSA is asked for in a size other than 2048, 3072, 4096 or 8192 bits, or the system has no randomness.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Malformed("the system could not make a key");
        let pkcs8 = match algorithm {
            KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => {
                let pair = EcdsaKeyPair::generate(ec_signing(algorithm).expect("an elliptic curve")).map_err(failed)?;
                Zeroizing::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())
            }
            KeyAlgorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(failed)?;
                Zeroizing::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())
            }
            KeyAlgorithm::MlDsa(set) => {
                let pair = PqdsaKeyPair::generate(set.signing()).map_err(failed)?;
                Zeroizing::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())
            }
            KeyAlgorithm::Rsa { bits } => {
                let size = match bits {
                    2048 => KeySize::Rsa2048,
                    3072 => KeySize::Rsa3072,
                    4096 => KeySize::Rsa4096,
                    8192 => KeySize::Rsa8192,
                    _ => return Err(KeyError::Unsupported(format!("RSA with {bits} bits"))),
                };
                rsa_pkcs8(&RsaKeyPair::generate(size).map_err(failed)?)?
            }
        };
        Self::from_pkcs8(&pkcs8)
    }

    /// Read a plain PKCS#8 `PrivateKeyInfo` (RFC 5208, RFC 5958).
    ///
    /// # Errors
    /// When it is malformed, inconsistent or of a kind that Rung does not use.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        for algorithm in CURVES {
            let signing = ec_signing(algorithm).expect("an elliptic curve");
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(signing, pkcs8) {
                return Self::from_ec(algorithm, pair);
            }
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8) {
            let public = PublicKey::from_point(KeyAlgorithm::Ed25519, pair.public_key().as_ref())?;
            let document = pair.to_pkcs8v1().map_err(|_| UNREADABLE)?;
            return Ok(Self { pkcs8: Zeroizing::new(document.as_ref().to_vec()), public, pair: Pair::Ed25519(pair) });
        }
        for set in MlDsa::ALL {
            if let Ok(pair) = PqdsaKeyPair::from_pkcs8(set.signing(), pkcs8) {
                return Self::from_ml_dsa(set, pair);
            }
        }
        RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| UNREADABLE).and_then(Self::from_rsa)
    }

    /// Read the private key of RFC 5915 (`ECPrivateKey`, "SEC 1"), whose curve must be named in it.
    ///
    /// # Errors
    /// When it is malformed or on another curve than P-256, P-384 and P-521.
    pub fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        for algorithm in CURVES {
            let signing = ec_signing(algorithm).expect("an elliptic curve");
            if let Ok(pair) = EcdsaKeyPair::from_private_key_der(signing, der) {
                return Self::from_ec(algorithm, pair);
            }
        }
        Err(UNREADABLE)
    }

    /// Read the private key of RFC 8017 appendix A.1.2 (`RSAPrivateKey`, PKCS#1).
    ///
    /// # Errors
    /// When it is malformed, inconsistent, or shorter than 2048 bits.
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        RsaKeyPair::from_der(der).map_err(|_| UNREADABLE).and_then(Self::from_rsa)
    }

    /// Make an Ed25519 key from its 32-octet seed (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// When the seed has another length.
    pub fn from_ed25519_seed(seed: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| UNREADABLE)?;
        let document = pair.to_pkcs8v1().map_err(|_| UNREADABLE)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Make an ML-DSA key from its 32-octet seed (FIPS 204 §5.1).
    ///
    /// # Errors
    /// When the seed has another length.
    pub fn from_ml_dsa_seed(set: MlDsa, seed: &[u8]) -> Result<Self, KeyError> {
        let pair = PqdsaKeyPair::from_seed(set.signing(), seed).map_err(|_| UNREADABLE)?;
        Self::from_ml_dsa(set, pair)
    }

    /// Make an elliptic curve key from its private number and its uncompressed point.
    ///
    /// # Errors
    /// When they do not belong together.
    pub fn from_ec_numbers(algorithm: KeyAlgorithm, number: &[u8], point: &[u8]) -> Result<Self, KeyError> {
        let signing = ec_signing(algorithm).ok_or(KeyError::Malformed("not an elliptic curve"))?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(signing, number, point).map_err(|_| UNREADABLE)?;
        Self::from_ec(algorithm, pair)
    }

    fn from_ec(algorithm: KeyAlgorithm, pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_point(algorithm, pair.public_key().as_ref())?;
        let document = pair.to_pkcs8v1().map_err(|_| UNREADABLE)?;
        Ok(Self { pkcs8: Zeroizing::new(document.as_ref().to_vec()), public, pair: Pair::Ec(pair) })
    }

    fn from_ml_dsa(set: MlDsa, pair: PqdsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_ml_dsa(set, pair.public_key().as_ref())?;
        // RFC 9881 §6: the seed is what should be kept, and nothing leads back to it from the expanded key.
        let document = pair.to_pkcs8v1().map_err(|_| KeyError::Unsupported(format!("{set} without its seed")))?;
        Ok(Self { pkcs8: Zeroizing::new(document.as_ref().to_vec()), public, pair: Pair::MlDsa(set, pair) })
    }

    fn from_rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_rsa_der(pair.public_key().as_ref())?;
        Ok(Self { pkcs8: rsa_pkcs8(&pair)?, public, pair: Pair::Rsa(pair) })
    }

    /// What kind of key it is.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.public.algorithm()
    }

    /// The DER `PrivateKeyInfo` (RFC 5208), in clear.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Sign `message` at once, in the encoding of X.509.
    ///
    /// # Errors
    /// When the algorithm does not belong to this kind of key, or the system has no randomness.
    pub fn sign_now(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if !algorithm.fits(self.algorithm()) || algorithm.fixed_for(self.algorithm()).is_none() {
            return Err(SignError::Mismatch { key: self.algorithm(), algorithm });
        }
        let random = SystemRandom::new();
        let failed = |_| SignError::Failed("the system has no randomness".to_owned());
        match &self.pair {
            Pair::Ec(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec()),
            Pair::MlDsa(set, pair) => {
                let mut signature = vec![0; set.signing().signature_len()];
                pair.sign(message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let encoding = rsa_encoding(algorithm).expect("an RSA algorithm fits an RSA key");
                pair.sign(encoding, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, algorithm: SignatureAlgorithm, message: &'a [u8]) -> SignFuture<'a> {
        Box::pin(std::future::ready(self.sign_now(algorithm, message)))
    }
}

/// Shows which key it is, never the key.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl SignatureAlgorithm {
    /// This algorithm, if a key of that kind signs with it; an elliptic curve signs with its own hash alone.
    fn fixed_for(self, key: KeyAlgorithm) -> Option<Self> {
        match key {
            KeyAlgorithm::Rsa { .. } => rsa_encoding(self).map(|_| self),
            KeyAlgorithm::EcP256
            | KeyAlgorithm::EcP384
            | KeyAlgorithm::EcP521
            | KeyAlgorithm::Ed25519
            | KeyAlgorithm::MlDsa(_) => (key.default_signature() == self).then_some(self),
        }
    }
}

fn ec_signing(algorithm: KeyAlgorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        KeyAlgorithm::EcP256 => Some(&aws::ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyAlgorithm::EcP384 => Some(&aws::ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyAlgorithm::EcP521 => Some(&aws::ECDSA_P521_SHA512_ASN1_SIGNING),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) | KeyAlgorithm::Rsa { .. } => None,
    }
}

fn rsa_encoding(algorithm: SignatureAlgorithm) -> Option<&'static dyn RsaEncoding> {
    let encoding: &'static dyn RsaEncoding = match algorithm {
        SignatureAlgorithm::RsaPkcs1Sha256 => &aws::RSA_PKCS1_SHA256,
        SignatureAlgorithm::RsaPkcs1Sha384 => &aws::RSA_PKCS1_SHA384,
        SignatureAlgorithm::RsaPkcs1Sha512 => &aws::RSA_PKCS1_SHA512,
        SignatureAlgorithm::RsaPssSha256 => &aws::RSA_PSS_SHA256,
        SignatureAlgorithm::RsaPssSha384 => &aws::RSA_PSS_SHA384,
        SignatureAlgorithm::RsaPssSha512 => &aws::RSA_PSS_SHA512,
        SignatureAlgorithm::EcdsaSha256
        | SignatureAlgorithm::EcdsaSha384
        | SignatureAlgorithm::EcdsaSha512
        | SignatureAlgorithm::Ed25519
        | SignatureAlgorithm::MlDsa(_) => return None,
    };
    Some(encoding)
}

fn rsa_pkcs8(pair: &RsaKeyPair) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let document = AsDer::<Pkcs8V1Der<'static>>::as_der(pair).map_err(|_| UNREADABLE)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

const CURVES: [KeyAlgorithm; 3] = [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::EcP521];
const UNREADABLE: KeyError = KeyError::Malformed("it is not a private key of a supported kind, or it is damaged");
