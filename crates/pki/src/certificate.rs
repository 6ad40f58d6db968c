//! Certificates (RFC 5280 §4.1).

mod algorithm;
mod content;
mod parse;
mod pem;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Range,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use aws_lc_rs::digest;
use const_oid::ObjectIdentifier;

pub use content::CertificateContent;

pub(crate) use algorithm::{signature_algorithm, signature_algorithm_name};
pub(crate) use parse::range;

use crate::{
    extension::{
        self, BasicConstraints, ExtendedKeyUsage, Extension, GeneralName, KeyUsage, NameConstraints,
        ProvisionerExtension, oid,
    },
    key::{KeyError, PublicKey, SignatureAlgorithm, SignatureError},
    name::{DistinguishedName, NameError, SubjectAltName},
    serial::SerialNumber,
};

/// A certificate, kept with the octets that it was read from. Copies share them.
///
/// The structure and the extensions that Rung knows are well formed; nothing else is checked. The key and the
/// signature may be of kinds that Rung does not know.
#[derive(Clone)]
pub struct Certificate {
    parsed: Arc<Parsed>,
}

struct Parsed {
    der: Box<[u8]>,
    version: u8,
    serial: SerialNumber,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    not_before: SystemTime,
    not_after: SystemTime,
    extensions: Vec<Extension>,
    tbs: Range<usize>,
    validity: Range<usize>,
    public_key_info: Range<usize>,
    algorithm: Range<usize>,
    algorithm_oid: ObjectIdentifier,
    signature: Range<usize>,
    /// Read when it is asked for: a CA that has just signed knows the key.
    public_key: OnceLock<Result<PublicKey, KeyError>>,
}

/// Why something is not a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Its structure is wrong.
    #[error("the certificate is malformed: {0}")]
    Malformed(&'static str),
    /// An extension that Rung knows is malformed.
    #[error("the certificate's extension {0} is malformed")]
    Extension(ObjectIdentifier),
    /// It is longer than any certificate.
    #[error("the certificate is longer than {0} octets")]
    TooLong(usize),
    /// There is no PEM block with a certificate.
    #[error("there is no PEM block CERTIFICATE")]
    NoCertificate,
    /// It is not PEM.
    #[error(transparent)]
    Pem(#[from] crate::pem::PemError),
}

impl Certificate {
    /// The DER, octet for octet as it was read.
    pub fn der(&self) -> &[u8] {
        &self.parsed.der
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> [u8; 32] {
        digest::digest(&digest::SHA256, self.der()).as_ref().try_into().expect("SHA-256 has 32 octets")
    }

    /// The version, from 1 to 3.
    pub fn version(&self) -> u8 {
        self.parsed.version
    }

    /// The serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.parsed.serial
    }

    /// Who signed it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.parsed.issuer
    }

    /// The DER of the issuer's name.
    pub fn issuer_der(&self) -> &[u8] {
        self.parsed.issuer.der()
    }

    /// Whom it is about.
    pub fn subject(&self) -> &DistinguishedName {
        &self.parsed.subject
    }

    /// The DER of the subject's name.
    pub fn subject_der(&self) -> &[u8] {
        self.parsed.subject.der()
    }

    /// The first second of its validity.
    pub fn not_before(&self) -> SystemTime {
        self.parsed.not_before
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> SystemTime {
        self.parsed.not_after
    }

    /// How long it is valid; nothing when it ends before it begins.
    pub fn validity(&self) -> std::time::Duration {
        self.not_after().duration_since(self.not_before()).unwrap_or_default()
    }

    /// The DER of the validity.
    pub(crate) fn validity_der(&self) -> &[u8] {
        self.part(&self.parsed.validity)
    }

    /// The key that it is about.
    ///
    /// # Errors
    /// When the key is malformed or of a kind that Rung does not use.
    pub fn public_key(&self) -> Result<&PublicKey, KeyError> {
        let key = self.parsed.public_key.get_or_init(|| PublicKey::from_spki(self.public_key_info()));
        key.as_ref().map_err(KeyError::clone)
    }

    /// The DER `SubjectPublicKeyInfo`.
    pub fn public_key_info(&self) -> &[u8] {
        self.part(&self.parsed.public_key_info)
    }

    /// The part that is signed.
    pub fn tbs_der(&self) -> &[u8] {
        self.part(&self.parsed.tbs)
    }

    /// The algorithm of the signature, if Rung knows it.
    pub fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        signature_algorithm(self.signature_algorithm_der())
    }

    /// The object identifier of the signature's algorithm.
    pub fn signature_algorithm_oid(&self) -> ObjectIdentifier {
        self.parsed.algorithm_oid
    }

    /// The DER of the signature's `AlgorithmIdentifier`.
    pub fn signature_algorithm_der(&self) -> &[u8] {
        self.part(&self.parsed.algorithm)
    }

    /// The name of the signature's algorithm as `openssl` and Go print it, or its object identifier.
    pub fn signature_algorithm_name(&self) -> String {
        signature_algorithm_name(self.signature_algorithm_der(), &self.parsed.algorithm_oid)
    }

    /// The octets of the signature.
    pub fn signature(&self) -> &[u8] {
        self.part(&self.parsed.signature)
    }

    /// The extensions, in their order.
    pub fn extensions(&self) -> &[Extension] {
        &self.parsed.extensions
    }

    /// The extension of that kind.
    pub fn extension(&self, oid: &ObjectIdentifier) -> Option<&Extension> {
        extension::find(self.extensions(), oid)
    }

    /// The names of the kinds that Rung certifies, checked as strictly as Rung checks them; other kinds are left out.
    ///
    /// # Errors
    /// When a name is none of its kind.
    pub fn subject_alt_names(&self) -> Result<Vec<SubjectAltName>, NameError> {
        let names = self.general_names();
        let names = names.iter().filter_map(extension::subject_alt_name);
        names.map(|name| name.map_err(|(_, error)| error)).collect()
    }

    /// The subject alternative names of every kind, as they stand.
    pub fn general_names(&self) -> Vec<GeneralName> {
        let Some(extension) = self.extension(&oid::SUBJECT_ALT_NAME) else { return Vec::new() };
        let names = extension::general_names(&extension.value).expect(CHECKED);
        names.map(|name| name.expect(CHECKED)).collect()
    }

    /// What the key may be used for, if that is limited.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extension(&oid::KEY_USAGE).map(|extension| KeyUsage::read(&extension.value).expect(CHECKED))
    }

    /// What the certificate may be used for, if that is limited.
    pub fn extended_key_usage(&self) -> Option<ExtendedKeyUsage> {
        self.extension(&oid::EXTENDED_KEY_USAGE)
            .map(|extension| ExtendedKeyUsage::read(&extension.value).expect(CHECKED))
    }

    /// Whether it is a CA, if it says so.
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.extension(&oid::BASIC_CONSTRAINTS)
            .map(|extension| BasicConstraints::read(&extension.value).expect(CHECKED))
    }

    /// Whether it is the certificate of a CA.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.is_ca)
    }

    /// The identifier of its key.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.extension(&oid::SUBJECT_KEY_IDENTIFIER)
            .map(|extension| extension::read_subject_key_identifier(&extension.value).expect(CHECKED))
    }

    /// The identifier of the key that signed it.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.extension(&oid::AUTHORITY_KEY_IDENTIFIER)
            .and_then(|extension| extension::read_authority_key_identifier(&extension.value).expect(CHECKED))
    }

    /// The names that certificates below it may have, if they are limited.
    pub fn name_constraints(&self) -> Option<NameConstraints> {
        self.extension(&oid::NAME_CONSTRAINTS).map(|extension| NameConstraints::read(&extension.value).expect(CHECKED))
    }

    /// Which provisioner granted it; nothing when the extension is absent or malformed.
    pub fn provisioner(&self) -> Option<ProvisionerExtension> {
        self.extension(&oid::PROVISIONER).and_then(|extension| ProvisionerExtension::read(&extension.value).ok())
    }

    /// Verify its signature with a key.
    ///
    /// # Errors
    /// When it does not verify, or is of a kind that Rung does not know.
    pub fn is_signed_by(&self, key: &PublicKey) -> Result<(), SignatureError> {
        let algorithm = self.signature_algorithm().ok_or(SignatureError)?;
        key.verify(algorithm, self.tbs_der(), self.signature())
    }

    /// Whether it names itself as issuer and its own key verifies it.
    pub fn is_self_signed(&self) -> bool {
        self.issuer() == self.subject() && self.public_key().is_ok_and(|key| self.is_signed_by(key).is_ok())
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        &self.parsed.der[range.clone()]
    }
}

/// Certificates are equal when their octets are.
impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.parsed, &other.parsed) || self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der().hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Certificate({}, serial {})", self.subject(), self.serial())
    }
}

const CHECKED: &str = "known extensions were checked when the certificate was read";
