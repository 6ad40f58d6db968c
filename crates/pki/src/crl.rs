//! Lists of revoked certificates (RFC 5280 §5).

mod content;
mod parse;
mod point;
mod reason;
#[cfg(test)]
mod tests;

use std::{fmt, ops::Range, time::SystemTime};

pub use content::{CrlContent, CrlEntries};
pub use parse::{Entries, Entry};
pub use point::IssuingDistributionPoint;
pub use reason::{Reason, UnknownReason};

use crate::{
    certificate::{signature_algorithm, signature_algorithm_name},
    extension::{self, Extension, oid},
    key::{PublicKey, SignatureAlgorithm, SignatureError},
    name::DistinguishedName,
    pem::{self, PemError},
    serial::SerialNumber,
};

/// A list of revoked certificates, kept with the octets that it was read from.
///
/// The structure of all entries, and the extensions that Rung knows, are well formed; nothing else is checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Crl {
    der: Box<[u8]>,
    version: u8,
    issuer: DistinguishedName,
    this_update: SystemTime,
    next_update: Option<SystemTime>,
    extensions: Vec<Extension>,
    tbs: Range<usize>,
    entries: Range<usize>,
    count: usize,
    algorithm: Range<usize>,
    algorithm_oid: const_oid::ObjectIdentifier,
    signature: Range<usize>,
}

/// A certificate on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Its serial number.
    pub serial: SerialNumber,
    /// When it was revoked.
    pub revoked_at: SystemTime,
    /// Why.
    pub reason: Reason,
    /// Since when its key may have been misused, if that is known (RFC 5280 §5.3.2).
    pub invalid_since: Option<SystemTime>,
}

/// Why octets are not a CRL that Rung reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// It is not one, or not wholly one.
    #[error("the CRL is malformed: {0}")]
    Malformed(&'static str),
    /// A text without a CRL.
    #[error("there is no CRL in it")]
    NoCrl,
    /// A text that is no PEM.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// It is longer than Rung reads.
    #[error("the CRL is longer than {0} octets")]
    TooLong(usize),
}

impl Crl {
    /// Read a CRL in DER, or the first one of a PEM text.
    ///
    /// # Errors
    /// When there is none, or it is malformed.
    pub fn from_pem_or_der(contents: &[u8]) -> Result<Self, CrlError> {
        if contents.first() == Some(&crate::asn1::tag::SEQUENCE) && !contents.starts_with(b"0-----") {
            return Self::from_der(contents.to_vec());
        }
        let blocks = pem::decode_all(contents)?;
        // RFC 7468 §7 has the first label; the second is an older one.
        let is_crl = |block: &&pem::Block| matches!(block.label.as_str(), "X509 CRL" | "CRL");
        let block = blocks.iter().find(is_crl).ok_or(CrlError::NoCrl)?;
        Self::from_der(block.contents.to_vec())
    }

    /// The CRL in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The CRL in PEM.
    pub fn to_pem(&self) -> String {
        pem::encode("X509 CRL", &self.der)
    }

    /// 1 or 2.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Who signed it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// When it was made.
    pub fn this_update(&self) -> SystemTime {
        self.this_update
    }

    /// When there will be a newer one at the latest.
    pub fn next_update(&self) -> Option<SystemTime> {
        self.next_update
    }

    /// The extensions, in their order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// How many certificates are on it.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The certificates on it, in their order. Nothing is copied before an entry is asked for.
    pub fn entries(&self) -> Entries<'_> {
        Entries::new(&self.der[self.entries.clone()])
    }

    /// What it says about a certificate of its issuer.
    pub fn find(&self, serial: &SerialNumber) -> Option<RevokedCertificate> {
        self.entries().map(|entry| entry.certificate).find(|certificate| certificate.serial == *serial)
    }

    /// Its number (RFC 5280 §5.2.3), big-endian; nothing when it has none.
    pub fn number(&self) -> Option<&[u8]> {
        self.extension(&oid::CRL_NUMBER).map(|extension| parse::number(&extension.value).expect(CHECKED))
    }

    /// The number of the complete list that this one goes on from, when it holds only what came after
    /// (RFC 5280 §5.2.4).
    pub fn base_number(&self) -> Option<&[u8]> {
        self.extension(&oid::DELTA_CRL_INDICATOR).map(|extension| parse::number(&extension.value).expect(CHECKED))
    }

    /// The identifier of the key that signed it.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.extension(&oid::AUTHORITY_KEY_IDENTIFIER)
            .and_then(|extension| extension::read_authority_key_identifier(&extension.value).expect(CHECKED))
    }

    /// Which certificates it speaks about, when those are not all of its issuer's (RFC 5280 §5.2.5).
    pub fn distribution_point(&self) -> Option<IssuingDistributionPoint> {
        self.extension(&oid::ISSUING_DISTRIBUTION_POINT)
            .map(|extension| IssuingDistributionPoint::read(&extension.value).expect(CHECKED))
    }

    fn extension(&self, oid: &const_oid::ObjectIdentifier) -> Option<&Extension> {
        extension::find(&self.extensions, oid)
    }

    /// The algorithm that it is signed with; nothing when Rung does not verify with it.
    pub fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        signature_algorithm(&self.der[self.algorithm.clone()])
    }

    /// The name of the algorithm that it is signed with.
    pub fn signature_algorithm_name(&self) -> String {
        signature_algorithm_name(&self.der[self.algorithm.clone()], &self.algorithm_oid)
    }

    /// The object identifier of the algorithm that it is signed with.
    pub fn signature_algorithm_oid(&self) -> &const_oid::ObjectIdentifier {
        &self.algorithm_oid
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.der[self.signature.clone()]
    }

    /// What is signed.
    pub fn tbs_der(&self) -> &[u8] {
        &self.der[self.tbs.clone()]
    }

    /// Verify its signature with a key.
    ///
    /// # Errors
    /// When it does not verify, or is of a kind that Rung does not know.
    pub fn is_signed_by(&self, key: &PublicKey) -> Result<(), SignatureError> {
        let algorithm = self.signature_algorithm().ok_or(SignatureError)?;
        key.verify(algorithm, self.tbs_der(), self.signature())
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Crl({}, {} entries)", self.issuer, self.count)
    }
}

const CHECKED: &str = "known extensions were checked when the CRL was read";
