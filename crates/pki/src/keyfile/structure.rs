//! The DER structures of private keys.

use der::{
    Decode, Encode, Sequence,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef},
};
use zeroize::Zeroizing;

use crate::{KeyAlgorithm, PrivateKey, Signer};

/// `PrivateKeyInfo` (RFC 5208 §5), as keys in memory keep it: without attributes and public key.
#[derive(Sequence)]
pub(crate) struct PrivateKeyInfo<'a> {
    pub(crate) version: u8,
    pub(crate) algorithm: Identifier<'a>,
    pub(crate) key: &'a OctetStringRef,
}

/// `SubjectPublicKeyInfo` (RFC 5280 §4.1).
#[derive(Sequence)]
pub(crate) struct PublicKeyInfo<'a> {
    pub(crate) algorithm: Identifier<'a>,
    pub(crate) key: BitStringRef<'a>,
}

/// `AlgorithmIdentifier` (RFC 5280 §4.1.1.2).
#[derive(Clone, Copy, Sequence)]
pub(crate) struct Identifier<'a> {
    pub(crate) oid: ObjectIdentifier,
    pub(crate) parameters: Option<AnyRef<'a>>,
}

/// `ECPrivateKey` (RFC 5915 §3).
#[derive(Sequence)]
pub(crate) struct EcPrivateKey<'a> {
    pub(crate) version: u8,
    pub(crate) number: &'a OctetStringRef,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) curve: Option<ObjectIdentifier>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) point: Option<BitStringRef<'a>>,
}

/// `RSAPrivateKey` with two primes (RFC 8017 appendix A.1.2).
#[derive(Sequence)]
pub(crate) struct RsaPrivateKey<'a> {
    pub(crate) version: u8,
    pub(crate) n: UintRef<'a>,
    pub(crate) e: UintRef<'a>,
    pub(crate) d: UintRef<'a>,
    pub(crate) p: UintRef<'a>,
    pub(crate) q: UintRef<'a>,
    pub(crate) dp: UintRef<'a>,
    pub(crate) dq: UintRef<'a>,
    pub(crate) qi: UintRef<'a>,
}

/// The private numbers of a key.
pub(crate) enum PrivateNumbers<'a> {
    /// The private number of an elliptic curve key, as long as the curve asks.
    Ec(&'a [u8]),
    /// The seed of an Ed25519 key.
    Ed25519(&'a [u8]),
    /// The seed of an ML-DSA key.
    MlDsa(&'a [u8]),
    /// The numbers of an RSA key.
    Rsa(RsaPrivateKey<'a>),
}

impl<'a> PrivateNumbers<'a> {
    /// Take them out of a key.
    pub(crate) fn of(key: &'a PrivateKey) -> Self {
        let inner = inner(key);
        match key.algorithm() {
            KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => {
                Self::Ec(EcPrivateKey::from_der(inner).expect(WRITTEN_BY_US).number.as_bytes())
            }
            KeyAlgorithm::Ed25519 => Self::Ed25519(<&OctetStringRef>::from_der(inner).expect(WRITTEN_BY_US).as_bytes()),
            // RFC 9881 §6: an implicit tag, so the content follows it at once.
            KeyAlgorithm::MlDsa(_) => Self::MlDsa(AnyRef::from_der(inner).expect(WRITTEN_BY_US).value()),
            KeyAlgorithm::Rsa { .. } => Self::Rsa(RsaPrivateKey::from_der(inner).expect(WRITTEN_BY_US)),
        }
    }
}

/// The key inside of its `PrivateKeyInfo`: an `ECPrivateKey`, an `RSAPrivateKey` or an OCTET STRING with a seed.
pub(crate) fn inner(key: &PrivateKey) -> &[u8] {
    PrivateKeyInfo::from_der(key.pkcs8()).expect(WRITTEN_BY_US).key.as_bytes()
}

/// The `ECPrivateKey` of an elliptic curve key, with its curve and its point.
pub(crate) fn sec1(key: &PrivateKey) -> Option<Zeroizing<Vec<u8>>> {
    let PrivateNumbers::Ec(number) = PrivateNumbers::of(key) else { return None };
    let document = EcPrivateKey {
        version: 1,
        number: OctetStringRef::new(number).expect(WRITTEN_BY_US),
        curve: curve_oid(key.algorithm()),
        point: BitStringRef::from_bytes(key.public_key().bits()).ok(),
    };
    Some(Zeroizing::new(document.to_der().expect(WRITTEN_BY_US)))
}

/// The name of a curve (RFC 5480 §2.1.1.1).
fn curve_oid(algorithm: KeyAlgorithm) -> Option<ObjectIdentifier> {
    match algorithm {
        KeyAlgorithm::EcP256 => Some(P256),
        KeyAlgorithm::EcP384 => Some(P384),
        KeyAlgorithm::EcP521 => Some(P521),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) | KeyAlgorithm::Rsa { .. } => None,
    }
}

/// Whether it is the name of a curve that Rung uses.
pub(crate) fn is_curve(oid: ObjectIdentifier) -> bool {
    [P256, P384, P521].contains(&oid)
}

const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const WRITTEN_BY_US: &str = "a private key keeps a PrivateKeyInfo that was written for it";
