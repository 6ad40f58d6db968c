//! Public keys as certificates carry them.

use std::fmt;

use aws_lc_rs::{
    digest,
    signature::{ParsedPublicKey, UnparsedPublicKey},
};
use der::{
    Decode, Encode, Sequence,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef},
};

use super::{KeyAlgorithm, KeyError, MlDsa, SignatureAlgorithm, SignatureError, weakness};

/// A public key of a kind that Rung can verify with, kept with the `SubjectPublicKeyInfo` it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: KeyAlgorithm,
    spki: Vec<u8>,
    /// Content of the BIT STRING: a point, the octets of Ed25519 or ML-DSA, or an `RSAPublicKey`.
    bits: Vec<u8>,
}

/// Why a public key is too weak to be certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// The RSA modulus is shorter than 2048 bits.
    #[error("certificate request RSA key must be at least 2048 bits (256 bytes)")]
    RsaTooShort,
    /// The RSA modulus is longer than 8192 bits.
    #[error("certificate request RSA key must be at most 8192 bits (1024 bytes)")]
    RsaTooLong,
    /// The RSA public exponent is not an odd number from 65537 to 2^32.
    #[error("certificate request RSA key must have an odd public exponent of at least 65537")]
    RsaExponent,
    /// The factors of the RSA modulus are easily found: one is small, both are close, or they have a known form (ROCA).
    #[error("certificate request RSA key has a modulus that is easily factored")]
    RsaModulus,
}

impl PublicKey {
    /// Read a DER `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), strictly.
    ///
    /// # Errors
    /// When it is malformed, or a kind of key that Rung does not use (DSA, P-224, secp256k1, explicit curves, Ed448 …).
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let info = Info::from_der(spki).map_err(|_| KeyError::Malformed("not a SubjectPublicKeyInfo"))?;
        let bits = info.key.as_bytes().ok_or(KeyError::Malformed("the bit string is not whole octets"))?;
        let algorithm = info.algorithm.key_algorithm(bits)?;
        check_point(algorithm, bits)?;
        Ok(Self { algorithm, spki: spki.to_vec(), bits: bits.to_vec() })
    }

    /// Make the key of an elliptic curve or Ed25519 from the octets of its point.
    ///
    /// # Errors
    /// When they are not a key on that curve.
    pub fn from_point(algorithm: KeyAlgorithm, point: &[u8]) -> Result<Self, KeyError> {
        let (oid, parameters) = match algorithm {
            KeyAlgorithm::EcP256 => (EC_PUBLIC_KEY, Some(P256)),
            KeyAlgorithm::EcP384 => (EC_PUBLIC_KEY, Some(P384)),
            KeyAlgorithm::EcP521 => (EC_PUBLIC_KEY, Some(P521)),
            KeyAlgorithm::Ed25519 => (ED25519, None),
            KeyAlgorithm::MlDsa(_) | KeyAlgorithm::Rsa { .. } => {
                return Err(KeyError::Malformed("keys of this kind are not points"));
            }
        };
        let parameters = parameters.as_ref().map(AnyRef::from);
        Self::from_parts(Identifier { oid, parameters }, point)
    }

    /// Make an ML-DSA key from its octets (FIPS 204 §5.1).
    ///
    /// # Errors
    /// When there are more or fewer than the parameter set asks for.
    pub fn from_ml_dsa(set: MlDsa, octets: &[u8]) -> Result<Self, KeyError> {
        Self::from_parts(Identifier { oid: set.oid(), parameters: None }, octets)
    }

    /// Make an RSA key from its modulus and public exponent, both big-endian.
    ///
    /// # Errors
    /// When they are empty or longer than RSA keys get.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let malformed = |_| KeyError::Malformed("not an RSA public key");
        let numbers = RsaNumbers {
            modulus: UintRef::new(modulus).map_err(malformed)?,
            exponent: UintRef::new(exponent).map_err(malformed)?,
        };
        Self::from_rsa_der(&numbers.to_der().map_err(malformed)?)
    }

    /// Make an RSA key from a DER `RSAPublicKey` (RFC 8017 appendix A.1.1).
    ///
    /// # Errors
    /// When it is malformed.
    pub fn from_rsa_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_parts(Identifier { oid: RSA, parameters: Some(AnyRef::NULL) }, der)
    }

    fn from_parts(algorithm: Identifier<'_>, bits: &[u8]) -> Result<Self, KeyError> {
        let malformed = |_| KeyError::Malformed("the key is too long");
        let key = BitStringRef::from_bytes(bits).map_err(malformed)?;
        Self::from_spki(&Info { algorithm, key }.to_der().map_err(malformed)?)
    }

    /// What kind of key it is.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The DER `SubjectPublicKeyInfo`, byte for byte as it was read.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The content of the BIT STRING: an uncompressed point, the octets of Ed25519 or ML-DSA, or a DER
    /// `RSAPublicKey`.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// The key identifier of RFC 5280 §4.2.1.2 (1): SHA-1 of the BIT STRING's content.
    pub fn key_identifier(&self) -> [u8; 20] {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.bits);
        digest.as_ref().try_into().expect("SHA-1 has 20 octets")
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`.
    pub fn fingerprint(&self) -> [u8; 32] {
        digest::digest(&digest::SHA256, &self.spki).as_ref().try_into().expect("SHA-256 has 32 octets")
    }

    /// The x and y coordinates of an elliptic curve key, each as long as the curve asks.
    pub fn coordinates(&self) -> Option<(&[u8], &[u8])> {
        let len = self.algorithm.coordinate_len()?;
        Some(self.bits[1..].split_at(len))
    }

    /// Modulus and public exponent of an RSA key, big-endian without leading zeros.
    pub fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        let KeyAlgorithm::Rsa { .. } = self.algorithm else { return None };
        let numbers = RsaNumbers::from_der(&self.bits).expect("an RSA key was parsed when it was made");
        Some((numbers.modulus.as_bytes(), numbers.exponent.as_bytes()))
    }

    /// Verify a signature in the encoding of X.509, where ECDSA is a DER sequence.
    ///
    /// # Errors
    /// When it does not verify, or the algorithm does not belong to this kind of key.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let algorithm = algorithm.verification(self.algorithm).ok_or(SignatureError)?;
        UnparsedPublicKey::new(algorithm, &self.bits).verify(message, signature).map_err(|_| SignatureError)
    }

    /// Verify a signature in the encoding of JOSE (RFC 7518 §3.4), where ECDSA is r and s side by side.
    ///
    /// # Errors
    /// When it does not verify, or the algorithm does not belong to this kind of key.
    pub fn verify_jose(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let algorithm = algorithm.fixed_verification(self.algorithm).ok_or(SignatureError)?;
        UnparsedPublicKey::new(algorithm, &self.bits).verify(message, signature).map_err(|_| SignatureError)
    }

    /// The key in the form that verifies JOSE signatures most quickly, for keys that verify many.
    pub(crate) fn prepare_jose(&self, algorithm: SignatureAlgorithm) -> Result<ParsedPublicKey, SignatureError> {
        let algorithm = algorithm.fixed_verification(self.algorithm).ok_or(SignatureError)?;
        ParsedPublicKey::new(algorithm, &self.bits).map_err(|_| SignatureError)
    }

    /// Refuse keys that are too weak for a certificate.
    ///
    /// # Errors
    /// What is wrong with the key.
    pub fn check_strength(&self) -> Result<(), WeakKey> {
        let Some((modulus, exponent)) = self.rsa_numbers() else { return Ok(()) };
        match modulus.len() {
            0..256 => return Err(WeakKey::RsaTooShort),
            256..=1024 => {}
            _ => return Err(WeakKey::RsaTooLong),
        }
        let exponent = match exponent.len() {
            1..=4 => exponent.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet)),
            _ => return Err(WeakKey::RsaExponent),
        };
        if exponent < 65_537 || exponent % 2 == 0 {
            return Err(WeakKey::RsaExponent);
        }
        if weakness::factors(modulus).is_some() { Err(WeakKey::RsaModulus) } else { Ok(()) }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({}, ", self.algorithm)?;
        self.key_identifier().iter().try_for_each(|octet| write!(out, "{octet:02x}"))?;
        out.write_str(")")
    }
}

/// Refuse points in compressed form and points of the wrong length; whether a point is on its curve is
/// found out when it is used, since nothing verifies with one that is not.
fn check_point(algorithm: KeyAlgorithm, bits: &[u8]) -> Result<(), KeyError> {
    let fits = match algorithm {
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => {
            let len = algorithm.coordinate_len().expect("an elliptic curve has coordinates");
            bits.len() == 1 + 2 * len && bits[0] == 4
        }
        KeyAlgorithm::Ed25519 => bits.len() == 32,
        KeyAlgorithm::MlDsa(set) if bits.len() != set.public_len() => {
            return Err(KeyError::Malformed("the ML-DSA key has the wrong length"));
        }
        KeyAlgorithm::MlDsa(_) => true,
        KeyAlgorithm::Rsa { .. } => true,
    };
    if fits { Ok(()) } else { Err(KeyError::Malformed("the point has the wrong length or is compressed")) }
}

#[derive(Sequence)]
struct Info<'a> {
    algorithm: Identifier<'a>,
    key: BitStringRef<'a>,
}

#[derive(Sequence)]
struct Identifier<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

impl Identifier<'_> {
    fn key_algorithm(&self, bits: &[u8]) -> Result<KeyAlgorithm, KeyError> {
        if let Some(set) = MlDsa::from_oid(self.oid) {
            // RFC 9881 §2: no parameters.
            let fits = self.parameters.is_none();
            return if fits { Ok(KeyAlgorithm::MlDsa(set)) } else { Err(UNEXPECTED_PARAMETERS) };
        }
        match self.oid {
            EC_PUBLIC_KEY => self.curve(),
            ED25519 if self.parameters.is_none() => Ok(KeyAlgorithm::Ed25519),
            // RFC 3279 §2.3.1: the parameters are NULL.
            RSA if self.parameters == Some(AnyRef::NULL) => rsa_algorithm(bits),
            ED25519 | RSA => Err(UNEXPECTED_PARAMETERS),
            DSA => Err(KeyError::Unsupported("DSA".to_owned())),
            ED448 => Err(KeyError::Unsupported("Ed448".to_owned())),
            other => Err(KeyError::Unsupported(other.to_string())),
        }
    }

    fn curve(&self) -> Result<KeyAlgorithm, KeyError> {
        // RFC 5480 §2.1.1: only named curves; explicit parameters have been used to forge signatures.
        let name = self.parameters.and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
        match name {
            Some(P256) => Ok(KeyAlgorithm::EcP256),
            Some(P384) => Ok(KeyAlgorithm::EcP384),
            Some(P521) => Ok(KeyAlgorithm::EcP521),
            Some(P224) => Err(KeyError::Unsupported("ECDSA P-224".to_owned())),
            Some(other) => Err(KeyError::Unsupported(format!("ECDSA on curve {other}"))),
            None => Err(KeyError::Unsupported("ECDSA with explicit curve parameters".to_owned())),
        }
    }
}

fn rsa_algorithm(bits: &[u8]) -> Result<KeyAlgorithm, KeyError> {
    let numbers = RsaNumbers::from_der(bits).map_err(|_| KeyError::Malformed("not an RSAPublicKey"))?;
    let modulus = numbers.modulus.as_bytes();
    let (Some(first), false) = (modulus.first(), numbers.exponent.as_bytes().is_empty()) else {
        return Err(KeyError::Malformed("an RSA number is empty"));
    };
    if modulus.len() > 2048 {
        return Err(KeyError::Malformed("the RSA modulus is longer than 16384 bits"));
    }
    let bits = modulus.len() * 8 - first.leading_zeros() as usize;
    Ok(KeyAlgorithm::Rsa { bits: u32::try_from(bits).expect("a modulus of at most 16384 bits") })
}

#[derive(Sequence)]
struct RsaNumbers<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

const UNEXPECTED_PARAMETERS: KeyError = KeyError::Malformed("unexpected algorithm parameters");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.33");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
