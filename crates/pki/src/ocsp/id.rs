//! How OCSP names certificates.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};

use crate::{
    Certificate,
    asn1::{Element, NotDer, Writer, tag},
    key::KeyError,
    serial::SerialNumber,
};

/// The hash that a name is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-1, which most clients still use; nothing depends on its strength here.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// All that Rung answers to.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    fn identifier(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[6, 5, 0x2b, 14, 3, 2, 26],
            Self::Sha256 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
            Self::Sha384 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
            Self::Sha512 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
        }
    }

    fn hash(self, octets: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        };
        digest::digest(algorithm, octets).as_ref().to_vec()
    }
}

/// The name of a certificate: its issuer, as hashes, and its serial number (RFC 6960 §4.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CertId {
    /// The name as it was written, which an answer repeats to the octet.
    der: Vec<u8>,
    hash: Option<HashAlgorithm>,
    name_hash: Vec<u8>,
    key_hash: Vec<u8>,
    serial: SerialNumber,
}

/// The hashes of an issuer by all algorithms that Rung answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerHashes {
    hashes: Vec<(HashAlgorithm, Vec<u8>, Vec<u8>)>,
}

impl IssuerHashes {
    /// The hashes of the issuer with that certificate.
    ///
    /// # Errors
    /// When its key is malformed or of a kind that Rung does not know.
    pub fn of(issuer: &Certificate) -> Result<Self, KeyError> {
        let (name, key) = (issuer.subject_der(), issuer.public_key()?);
        let hashes = HashAlgorithm::ALL.map(|algorithm| (algorithm, algorithm.hash(name), algorithm.hash(key.bits())));
        Ok(Self { hashes: hashes.into() })
    }

    /// Whether that issuer is meant.
    pub fn are_in(&self, id: &CertId) -> bool {
        let mut hashes = self.hashes.iter();
        hashes.any(|(hash, name, key)| id.hash == Some(*hash) && id.name_hash == *name && id.key_hash == *key)
    }

    /// The name of a certificate of that issuer.
    pub fn id(&self, hash: HashAlgorithm, serial: &SerialNumber) -> CertId {
        let place = HashAlgorithm::ALL.iter().position(|algorithm| *algorithm == hash).expect("all are there");
        let (_, name_hash, key_hash) = &self.hashes[place];
        let mut out = Writer::with_capacity(128);
        out.sequence(|out| {
            out.sequence(|out| {
                out.raw(hash.identifier());
                // RFC 5754 §2: readers must take both; what most writers write is the NULL.
                out.raw(&[5, 0]);
            });
            out.element(tag::OCTET_STRING, name_hash);
            out.element(tag::OCTET_STRING, key_hash);
            out.unsigned(serial.as_bytes());
        });
        let (name_hash, key_hash) = (name_hash.clone(), key_hash.clone());
        CertId { der: out.into_der(), hash: Some(hash), name_hash, key_hash, serial: *serial }
    }
}

impl CertId {
    /// The serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// The hash that it is made with; nothing when Rung does not know it.
    pub fn hash(&self) -> Option<HashAlgorithm> {
        self.hash
    }

    /// The name in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether both name the same certificate with the same hash; parameters of the algorithm do not count.
    pub fn is_same(&self, other: &Self) -> bool {
        self.hash.is_some()
            && (self.hash, &self.name_hash, &self.key_hash, &self.serial)
                == (other.hash, &other.name_hash, &other.key_hash, &other.serial)
    }

    pub(super) fn read(element: &Element<'_>) -> Result<Self, NotDer> {
        let mut fields = element.reader();
        let algorithm = fields.expect(tag::SEQUENCE)?;
        let mut parts = algorithm.reader();
        let oid = parts.expect(tag::OID)?;
        let known = HashAlgorithm::ALL.into_iter().find(|algorithm| algorithm.identifier() == oid.der);
        if !parts.is_empty() {
            parts.element()?;
        }
        parts.finish()?;
        let name_hash = fields.expect(tag::OCTET_STRING)?.content.to_vec();
        let key_hash = fields.expect(tag::OCTET_STRING)?.content.to_vec();
        let serial = SerialNumber::from_magnitude(fields.unsigned()?).ok_or(NotDer)?;
        fields.finish()?;
        Ok(Self { der: element.der.to_vec(), hash: known, name_hash, key_hash, serial })
    }
}
