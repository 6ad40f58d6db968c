//! Certificate requests (PKCS#10, RFC 2986).

mod content;
mod parse;
#[cfg(test)]
mod tests;

use std::ops::Range;

use aws_lc_rs::digest;
use const_oid::ObjectIdentifier;

pub use content::RequestContent;

use crate::{
    certificate::{signature_algorithm, signature_algorithm_name},
    extension::{self, Extension, GeneralName, oid},
    key::{KeyAlgorithm, KeyError, PublicKey, SignatureAlgorithm, WeakKey},
    name::{DistinguishedName, NameError, SubjectAltName},
    pem,
};

/// A certificate request whose signature was not checked: enough to show it, not enough to act on it.
#[derive(Debug, Clone)]
pub struct CertificateRequest {
    der: Box<[u8]>,
    version: u8,
    subject: DistinguishedName,
    extensions: Vec<Extension>,
    information: Range<usize>,
    public_key_info: Range<usize>,
    algorithm: Range<usize>,
    algorithm_oid: ObjectIdentifier,
    signature: Range<usize>,
}

/// A certificate request whose sender holds the private key. Made only by [`CertificateRequest::verify`].
#[derive(Debug, Clone)]
pub struct VerifiedRequest {
    request: CertificateRequest,
    public_key: PublicKey,
    names: Result<Vec<SubjectAltName>, RequestError>,
    other_names: usize,
}

/// Why something is not a certificate request that Rung acts on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// An extension that Rung knows is malformed.
    #[error("the certificate request's extension {0} is malformed")]
    Extension(ObjectIdentifier),
    /// The key is malformed or of a kind that Rung does not use.
    #[error("the certificate request's key cannot be used: {0}")]
    Key(#[from] KeyError),
    /// Its structure is wrong.
    #[error("the certificate request is malformed: {0}")]
    Malformed(&'static str),
    /// A name that it asks for is none.
    #[error("the certificate request's name \"{}\" is not valid: {error}", name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// There is no PEM block.
    #[error("the certificate request is not in PEM")]
    NotPem,
    /// The signature is not made with the private half of the key that is in it.
    #[error("invalid csr: the signature does not verify with the key of the request")]
    Signature,
    /// The signature is of a kind that Rung does not verify.
    #[error("invalid csr: signatures of type {0} are not supported")]
    SignatureAlgorithm(String),
    /// The subject cannot be put into a certificate.
    #[error("the certificate request's subject is not valid: {0}")]
    Subject(NameError),
    /// It is longer than any request.
    #[error("the certificate request is longer than {0} octets")]
    TooLong(usize),
    /// The key is of the wrong size.
    #[error(transparent)]
    WeakKey(WeakKey),
}

impl CertificateRequest {
    /// Read the first block of a PEM text, whatever its label.
    ///
    /// # Errors
    /// When it is not a certificate request.
    pub fn from_pem(text: &[u8]) -> Result<Self, RequestError> {
        if text.len() > MAX_PEM_LEN {
            return Err(RequestError::TooLong(MAX_LEN));
        }
        let blocks = pem::decode_all(text).map_err(|_| RequestError::NotPem)?;
        Self::from_der(&blocks.first().ok_or(RequestError::NotPem)?.contents)
    }

    /// The DER, octet for octet as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The request in PEM.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE REQUEST", &self.der)
    }

    /// The number in its version field; 0 stands for the only version that there is.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Who asks.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The extensions that are asked for.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The names that are asked for, of every kind and as they stand.
    pub fn general_names(&self) -> Vec<GeneralName> {
        let Some(extension) = extension::find(&self.extensions, &oid::SUBJECT_ALT_NAME) else { return Vec::new() };
        let names = extension::general_names(&extension.value).expect(CHECKED);
        names.map(|name| name.expect(CHECKED)).collect()
    }

    /// The DER `SubjectPublicKeyInfo`.
    pub fn public_key_info(&self) -> &[u8] {
        &self.der[self.public_key_info.clone()]
    }

    /// The key that is to be certified.
    ///
    /// # Errors
    /// When it is malformed or of a kind that Rung does not use.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki(self.public_key_info())
    }

    /// The algorithm of the signature, if Rung knows it.
    pub fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        signature_algorithm(&self.der[self.algorithm.clone()])
    }

    /// The name of the signature's algorithm as `openssl` and Go print it, or its object identifier.
    pub fn signature_algorithm_name(&self) -> String {
        signature_algorithm_name(&self.der[self.algorithm.clone()], &self.algorithm_oid)
    }

    /// The octets of the signature.
    pub fn signature(&self) -> &[u8] {
        &self.der[self.signature.clone()]
    }

    /// Check that whoever sent it holds the private key, over the octets that arrived, and that its subject can be
    /// put into a certificate.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(self) -> Result<VerifiedRequest, RequestError> {
        let public_key = self.public_key()?;
        check_size(&public_key)?;
        let algorithm = self
            .signature_algorithm()
            .ok_or_else(|| RequestError::SignatureAlgorithm(self.signature_algorithm_name()))?;
        public_key
            .verify(algorithm, &self.der[self.information.clone()], self.signature())
            .map_err(|_| RequestError::Signature)?;
        self.subject.check_plain().map_err(RequestError::Subject)?;
        let (names, other_names) = self.strict_names();
        Ok(VerifiedRequest { request: self, public_key, names, other_names })
    }

    fn strict_names(&self) -> (Result<Vec<SubjectAltName>, RequestError>, usize) {
        let all = self.general_names();
        let names = all.iter().filter_map(extension::subject_alt_name);
        let names = names.map(|name| name.map_err(|(name, error)| RequestError::Name { name, error }));
        let names = names.collect::<Result<Vec<_>, _>>().map(|mut names| {
            names.sort_by_key(SubjectAltName::rank);
            names
        });
        let others = all.iter().filter(|name| extension::subject_alt_name(name).is_none()).count();
        (names, others)
    }
}

/// Keys of sizes that signatures are not even verified with, so that the answer says why.
fn check_size(key: &PublicKey) -> Result<(), RequestError> {
    let KeyAlgorithm::Rsa { bits } = key.algorithm() else { return Ok(()) };
    match bits.div_ceil(8) {
        0..256 => Err(RequestError::WeakKey(WeakKey::RsaTooShort)),
        256..=1024 => Ok(()),
        _ => Err(RequestError::WeakKey(WeakKey::RsaTooLong)),
    }
}

impl VerifiedRequest {
    /// The key, whose private half the sender holds.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Who asks: plain strings without control characters, one common name at most.
    pub fn subject(&self) -> &DistinguishedName {
        &self.request.subject
    }

    /// The names that are asked for: host names, e-mail addresses, IP addresses and URIs, in this order. Names of
    /// other kinds are left out, see [`Self::other_names`].
    ///
    /// # Errors
    /// When one of them is no name of its kind.
    pub fn subject_alt_names(&self) -> Result<&[SubjectAltName], RequestError> {
        self.names.as_deref().map_err(RequestError::clone)
    }

    /// How many names of other kinds are asked for.
    pub fn other_names(&self) -> usize {
        self.other_names
    }

    /// The extensions that are asked for.
    pub fn extensions(&self) -> &[Extension] {
        &self.request.extensions
    }

    /// The DER, octet for octet as it arrived.
    pub fn der(&self) -> &[u8] {
        &self.request.der
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> [u8; 32] {
        digest::digest(&digest::SHA256, self.der()).as_ref().try_into().expect("SHA-256 has 32 octets")
    }
}

const CHECKED: &str = "known extensions were checked when the request was read";
/// Room for a hundred names of full length and the largest key.
const MAX_LEN: usize = 1 << 16;
/// As much in base64, with line ends and a line or two of text around it.
const MAX_PEM_LEN: usize = MAX_LEN / 2 * 3;
