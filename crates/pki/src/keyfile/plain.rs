//! Keys in DER that are not encrypted: telling them apart, reading them, and naming what is not supported.

use der::{
    Decode, Header, Reader, SliceReader, Tag, Tagged,
    asn1::{AnyRef, ObjectIdentifier, UintRef},
};

use super::{
    AnyKey, KeyFileError,
    structure::{EcPrivateKey, Identifier, is_curve},
};
use crate::{ExchangePrivateKey, KeyError, PrivateKey};

/// What a DER document is, as far as its first two members tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `EncryptedPrivateKeyInfo`.
    EncryptedPkcs8,
    /// `RSAPrivateKey`.
    Pkcs1,
    /// `PrivateKeyInfo`.
    Pkcs8,
    /// `ECPrivateKey`.
    Sec1,
    /// A certificate or a certificate request.
    SignedDocument,
    /// `SubjectPublicKeyInfo`.
    Spki,
}

impl Kind {
    pub(super) fn of(der: &[u8]) -> Result<Self, KeyFileError> {
        let document = AnyRef::from_der(der).map_err(malformed)?;
        let mut reader = SliceReader::new(document.value()).map_err(malformed)?;
        let mut tag = || {
            let tag = Header::peek(&reader).ok()?.tag();
            reader.tlv_bytes().ok()?;
            Some(tag)
        };
        match (document.tag(), tag(), tag()) {
            (Tag::Sequence, Some(Tag::Sequence), Some(Tag::OctetString)) => Ok(Self::EncryptedPkcs8),
            (Tag::Sequence, Some(Tag::Integer), Some(Tag::Integer)) => Ok(Self::Pkcs1),
            (Tag::Sequence, Some(Tag::Integer), Some(Tag::Sequence)) => Ok(Self::Pkcs8),
            (Tag::Sequence, Some(Tag::Integer), Some(Tag::OctetString)) => Ok(Self::Sec1),
            (Tag::Sequence, Some(Tag::Sequence), Some(Tag::Sequence)) => Ok(Self::SignedDocument),
            (Tag::Sequence, Some(Tag::Sequence), Some(Tag::BitString)) => Ok(Self::Spki),
            _ => Err(KeyFileError::NotAKey("key")),
        }
    }

    /// Read a document as a private key of this kind.
    pub(super) fn read(self, der: &[u8]) -> Result<AnyKey, KeyFileError> {
        // Besides giving better words, this finds what is cut short or followed by something else.
        AnyRef::from_der(der).map_err(malformed)?;
        match self {
            Self::Pkcs1 => signing(PrivateKey::from_pkcs1(der)).map_err(|error| rsa_problem(der).unwrap_or(error)),
            Self::Pkcs8 => match (PrivateKey::from_pkcs8(der), ExchangePrivateKey::from_pkcs8(der)) {
                (Ok(key), _) => Ok(key.into()),
                (Err(_), Ok(key)) => Ok(key.into()),
                (Err(error), Err(_)) => Err(pkcs8_problem(der).unwrap_or(error.into())),
            },
            Self::Sec1 => signing(PrivateKey::from_sec1(der)).map_err(|error| sec1_problem(der).unwrap_or(error)),
            Self::EncryptedPkcs8 | Self::SignedDocument | Self::Spki => Err(KeyFileError::NotAKey("private key")),
        }
    }
}

fn signing(key: Result<PrivateKey, KeyError>) -> Result<AnyKey, KeyFileError> {
    Ok(key?.into())
}

/// The public key of a DER certificate, without looking at anything else in it.
pub(super) fn public_key_of_certificate(der: &[u8]) -> Result<AnyKey, KeyFileError> {
    // RFC 5280 §4.1: version (optional), serial number, algorithm, issuer, validity, subject, key.
    signed_public_key(der, |reader| {
        if Header::peek(reader)?.tag().is_context_specific() {
            reader.tlv_bytes()?;
        }
        (0..5).try_for_each(|_| reader.tlv_bytes().map(drop))
    })
}

/// The public key of a DER certificate request, without checking that its maker has the private key.
pub(super) fn public_key_of_request(der: &[u8]) -> Result<AnyKey, KeyFileError> {
    // RFC 2986 §4.1: version, subject, key.
    signed_public_key(der, |reader| (0..2).try_for_each(|_| reader.tlv_bytes().map(drop)))
}

fn signed_public_key(
    der: &[u8],
    skip: impl Fn(&mut SliceReader<'_>) -> der::Result<()>,
) -> Result<AnyKey, KeyFileError> {
    let find = || {
        let document = AnyRef::from_der(der)?;
        let content = AnyRef::from_der(SliceReader::new(document.value())?.tlv_bytes()?)?;
        let mut reader = SliceReader::new(content.value())?;
        skip(&mut reader)?;
        reader.tlv_bytes()
    };
    super::from_spki(find().map_err(malformed)?)
}

/// Why a PKCS#8 key was refused, if it is one of a kind that is not supported.
fn pkcs8_problem(der: &[u8]) -> Option<KeyFileError> {
    let document = AnyRef::from_der(der).ok()?;
    let mut reader = SliceReader::new(document.value()).ok()?;
    reader.tlv_bytes().ok()?;
    let algorithm = Identifier::from_der(reader.tlv_bytes().ok()?).ok()?;
    let key = AnyRef::from_der(reader.tlv_bytes().ok()?).ok()?;
    if let Err(error) = ExchangePrivateKey::from_pkcs8(der)
        && !matches!(&error, KeyError::Unsupported(what) if *what == algorithm.oid.to_string())
    {
        return Some(error.into());
    }
    let name = match algorithm.oid.to_string().as_str() {
        "1.2.840.10045.2.1" => return curve_problem(algorithm.parameters?.decode_as().ok()?),
        "1.2.840.113549.1.1.1" => return rsa_problem(key.value()),
        "1.3.101.112" => return None,
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS parameters",
        "1.2.840.113549.1.3.1" => "Diffie-Hellman",
        "1.3.101.111" => "X448",
        "1.3.101.113" => "Ed448",
        other if other.starts_with("2.16.840.1.101.3.4.3.") => return None,
        other => return Some(KeyFileError::Unsupported(format!("the algorithm {other}"))),
    };
    Some(KeyFileError::Unsupported(name.to_owned()))
}

fn sec1_problem(der: &[u8]) -> Option<KeyFileError> {
    curve_problem(EcPrivateKey::from_der(der).ok()?.curve?)
}

fn curve_problem(curve: ObjectIdentifier) -> Option<KeyFileError> {
    let name = match curve.to_string().as_str() {
        _ if is_curve(curve) => return None,
        "1.3.132.0.33" => "P-224".to_owned(),
        "1.3.132.0.10" => "secp256k1".to_owned(),
        other => other.to_owned(),
    };
    Some(KeyFileError::Unsupported(format!("the elliptic curve {name}")))
}

/// RSA keys of less than 2048 bits are not supported.
fn rsa_problem(der: &[u8]) -> Option<KeyFileError> {
    let document = AnyRef::from_der(der).ok()?;
    let mut reader = SliceReader::new(document.value()).ok()?;
    reader.tlv_bytes().ok()?;
    let modulus = UintRef::from_der(reader.tlv_bytes().ok()?).ok()?;
    let bits = modulus.as_bytes().len() * 8 - modulus.as_bytes().first()?.leading_zeros() as usize;
    let strange = !(2048..=8192).contains(&bits);
    strange.then(|| KeyFileError::Unsupported(format!("RSA and {bits} bits (2048 to 8192 are)")))
}

fn malformed(error: der::Error) -> KeyFileError {
    KeyFileError::Malformed(error.to_string())
}
