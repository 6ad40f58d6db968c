//! Keys with which two sides agree on a secret. They sign nothing, so no certificate is signed with one by mistake: they
//! have types of their own.

#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::{agreement, rand};
use der::{
    Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef},
};
use zeroize::Zeroizing;

use super::{KeyError, MlKem};
use crate::keyfile::structure::{Identifier, PrivateKeyInfo, PublicKeyInfo};

/// What kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExchangeAlgorithm {
    /// ML-KEM (FIPS 203, RFC 9935).
    MlKem(MlKem),
    /// X25519 (RFC 7748, RFC 8410).
    X25519,
}

impl ExchangeAlgorithm {
    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::MlKem(set) => set.oid(),
            Self::X25519 => X25519,
        }
    }

    fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        let sets = MlKem::ALL.map(Self::MlKem);
        [Self::X25519].into_iter().chain(sets).find(|algorithm| algorithm.oid() == oid)
    }

    fn secret_len(self) -> usize {
        match self {
            Self::MlKem(_) => MlKem::SEED_LEN,
            Self::X25519 => 32,
        }
    }
}

impl fmt::Display for ExchangeAlgorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MlKem(set) => set.fmt(out),
            Self::X25519 => out.write_str("X25519"),
        }
    }
}

/// A public key that others agree on a secret with.
#[derive(Clone, PartialEq, Eq)]
pub struct ExchangePublicKey {
    algorithm: ExchangeAlgorithm,
    spki: Vec<u8>,
    octets: Vec<u8>,
}

impl ExchangePublicKey {
    /// Read a DER `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), strictly.
    ///
    /// # Errors
    /// When it is malformed, or another kind of key.
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let info = PublicKeyInfo::from_der(spki).map_err(|_| KeyError::Malformed("not a SubjectPublicKeyInfo"))?;
        let octets = info.key.as_bytes().ok_or(KeyError::Malformed("the bit string is not whole octets"))?;
        Self::from_octets(algorithm(info.algorithm)?, octets)
    }

    /// Make a key from its octets: those of RFC 7748 §5, or an encapsulation key of FIPS 203 §7.1.
    ///
    /// # Errors
    /// When they are not a key of that kind.
    pub fn from_octets(algorithm: ExchangeAlgorithm, octets: &[u8]) -> Result<Self, KeyError> {
        let fits = match algorithm {
            ExchangeAlgorithm::MlKem(set) => set.is_public_key(octets),
            // RFC 7748 §5: all octets are keys. Those of small order are refused when a secret is agreed on.
            ExchangeAlgorithm::X25519 => octets.len() == 32,
        };
        if !fits {
            return Err(KeyError::Malformed("the key has the wrong length, or is none of its kind"));
        }
        let malformed = |_| KeyError::Malformed("the key is too long");
        let key = BitStringRef::from_bytes(octets).map_err(malformed)?;
        let info = PublicKeyInfo { algorithm: Identifier { oid: algorithm.oid(), parameters: None }, key };
        Ok(Self { algorithm, spki: info.to_der().map_err(malformed)?, octets: octets.to_vec() })
    }

    /// What kind of key it is.
    pub fn algorithm(&self) -> ExchangeAlgorithm {
        self.algorithm
    }

    /// The DER `SubjectPublicKeyInfo`.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The octets of the key.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl fmt::Debug for ExchangePublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ExchangePublicKey({}, {})", self.algorithm, crate::hex(&crate::sha256(&self.spki)[..8]))
    }
}

/// A private key in memory, wiped when it is dropped.
pub struct ExchangePrivateKey {
    secret: Zeroizing<Vec<u8>>,
    pkcs8: Zeroizing<Vec<u8>>,
    public: ExchangePublicKey,
}

impl ExchangePrivateKey {
    /// Make a new key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate(algorithm: ExchangeAlgorithm) -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new(vec![0; algorithm.secret_len()]);
        rand::fill(&mut secret).map_err(|_| KeyError::Malformed("the system could not make a key"))?;
        Self::from_secret(algorithm, &secret)
    }

    /// Make a key from its secret: the 32 octets of RFC 7748 §5, or the seed of FIPS 203 §7.1 (`d` and `z`).
    ///
    /// # Errors
    /// When the secret has another length.
    pub fn from_secret(algorithm: ExchangeAlgorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let wrong = KeyError::Malformed("the private key has the wrong length");
        let public = match algorithm {
            ExchangeAlgorithm::MlKem(set) => set.public_key(secret).ok_or(wrong.clone())?,
            ExchangeAlgorithm::X25519 => {
                let key = agreement::PrivateKey::from_private_key(&agreement::X25519, secret);
                let public = key.map_err(|_| wrong.clone())?.compute_public_key();
                public.map_err(|_| wrong.clone())?.as_ref().to_vec()
            }
        };
        let public = ExchangePublicKey::from_octets(algorithm, &public)?;
        let tag = match algorithm {
            // RFC 9935 §6: the seed, as a choice of its own.
            ExchangeAlgorithm::MlKem(_) => 0x80,
            // RFC 8410 §7: an OCTET STRING.
            ExchangeAlgorithm::X25519 => 0x04,
        };
        let len = u8::try_from(secret.len()).map_err(|_| wrong.clone())?;
        let inner = Zeroizing::new([&[tag, len], secret].concat());
        let key = OctetStringRef::new(&inner).map_err(|_| wrong.clone())?;
        let algorithm = Identifier { oid: algorithm.oid(), parameters: None };
        let pkcs8 = PrivateKeyInfo { version: 0, algorithm, key }.to_der().map_err(|_| wrong)?;
        Ok(Self { secret: Zeroizing::new(secret.to_vec()), pkcs8: Zeroizing::new(pkcs8), public })
    }

    /// Read a plain PKCS#8 `OneAsymmetricKey` (RFC 5958 §2), if it is a key of one of these kinds.
    ///
    /// # Errors
    /// When it is malformed, its parts do not belong together, or an ML-KEM key is kept without its seed, to which
    /// nothing leads back.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let parts = Parts::read(pkcs8).map_err(|_| MALFORMED)?;
        let algorithm = algorithm(parts.algorithm)?;
        let inner = AnyRef::from_der(parts.key).map_err(|_| MALFORMED)?;
        let key = match algorithm {
            ExchangeAlgorithm::X25519 if inner.tag() == Tag::OctetString => {
                Self::from_secret(algorithm, inner.value())?
            }
            ExchangeAlgorithm::MlKem(set) => ml_kem(set, inner)?,
            ExchangeAlgorithm::X25519 => return Err(MALFORMED),
        };
        match parts.public {
            Some(public) if public != key.public.octets() => Err(APART),
            _ => Ok(key),
        }
    }

    /// What kind of key it is.
    pub fn algorithm(&self) -> ExchangeAlgorithm {
        self.public.algorithm
    }

    /// The public half.
    pub fn public_key(&self) -> &ExchangePublicKey {
        &self.public
    }

    /// The DER `PrivateKeyInfo` (RFC 5208), in clear.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// What [`Self::from_secret`] makes it from.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }
}

/// Shows which key it is, never the key.
impl fmt::Debug for ExchangePrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ExchangePrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// RFC 9935 §6: the seed, the expanded key, or both.
fn ml_kem(set: MlKem, inner: AnyRef<'_>) -> Result<ExchangePrivateKey, KeyError> {
    let algorithm = ExchangeAlgorithm::MlKem(set);
    match inner.tag() {
        Tag::ContextSpecific { constructed: false, number: TagNumber(0) } => {
            ExchangePrivateKey::from_secret(algorithm, inner.value())
        }
        Tag::OctetString => Err(KeyError::Unsupported(format!("{set} without its seed"))),
        Tag::Sequence => {
            let both = || {
                let mut reader = SliceReader::new(inner.value())?;
                let (seed, expanded): (&OctetStringRef, &OctetStringRef) = (reader.decode()?, reader.decode()?);
                reader.finish()?;
                Ok::<_, der::Error>((seed.as_bytes(), expanded.as_bytes()))
            };
            let (seed, expanded) = both().map_err(|_| MALFORMED)?;
            let key = ExchangePrivateKey::from_secret(algorithm, seed)?;
            let public = set.public_part(expanded).ok_or(MALFORMED)?;
            if public == key.public.octets() { Ok(key) } else { Err(APART) }
        }
        _ => Err(MALFORMED),
    }
}

/// The parts of a `OneAsymmetricKey` that are looked at.
struct Parts<'a> {
    algorithm: Identifier<'a>,
    key: &'a [u8],
    public: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> der::Result<Self> {
        let document = AnyRef::from_der(der)?;
        let mut reader = SliceReader::new(document.value())?;
        let _version: u8 = reader.decode()?;
        let algorithm = reader.decode()?;
        let key: &OctetStringRef = reader.decode()?;
        let mut public = None;
        while !reader.is_finished() {
            let part: AnyRef<'a> = reader.decode()?;
            match part.tag() {
                // Attributes, which say nothing about the key.
                Tag::ContextSpecific { number: TagNumber(0), .. } => {}
                // A BIT STRING, of which the first octet says that it has no loose bits.
                Tag::ContextSpecific { number: TagNumber(1), .. } => {
                    public = Some(part.value().strip_prefix(&[0]).ok_or_else(|| part.tag().value_error())?);
                }
                other => return Err(other.value_error().into()),
            }
        }
        Ok(Self { algorithm, key: key.as_bytes(), public })
    }
}

fn algorithm(identifier: Identifier<'_>) -> Result<ExchangeAlgorithm, KeyError> {
    let algorithm = ExchangeAlgorithm::from_oid(identifier.oid);
    let algorithm = algorithm.ok_or_else(|| KeyError::Unsupported(identifier.oid.to_string()))?;
    // RFC 8410 §3, RFC 9935 §3: no parameters.
    if identifier.parameters.is_some() {
        return Err(KeyError::Malformed("unexpected algorithm parameters"));
    }
    Ok(algorithm)
}

const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
const MALFORMED: KeyError = KeyError::Malformed("it is not a private key of its kind, or it is damaged");
const APART: KeyError = KeyError::Malformed("the private and the public half do not belong together");
