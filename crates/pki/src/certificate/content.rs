//! What a certificate is going to say, and making one of it.

use std::time::SystemTime;

use super::Certificate;
use crate::{
    asn1::{Writer, tag, write_time},
    extension::Extension,
    key::{PublicKey, SignError, SignatureAlgorithm, Signer},
    name::DistinguishedName,
    serial::SerialNumber,
};

/// What a certificate is going to say.
#[derive(Debug, Clone)]
pub struct CertificateContent {
    /// Its serial number.
    pub serial: SerialNumber,
    /// The DER of the issuer's subject, octet for octet.
    pub issuer_der: Vec<u8>,
    /// Whom it is about.
    pub subject: DistinguishedName,
    /// The first second of its validity.
    pub not_before: SystemTime,
    /// The last second of its validity.
    pub not_after: SystemTime,
    /// The key that it is about.
    pub public_key: PublicKey,
    /// The extensions, in their order.
    pub extensions: Vec<Extension>,
}

impl CertificateContent {
    /// The DER that is signed (RFC 5280 §4.1.2), for a signature by `algorithm`.
    pub fn to_tbs(&self, algorithm: SignatureAlgorithm) -> Vec<u8> {
        let mut out = Writer::with_capacity(self.size_hint());
        out.sequence(|out| {
            // RFC 5280 §4.1.2.1: version 3 is written as 2.
            out.raw(&[tag::context_constructed(0), 3, tag::INTEGER, 1, 2]);
            out.unsigned(self.serial.as_bytes());
            out.raw(algorithm.identifier_der());
            out.raw(&self.issuer_der);
            out.sequence(|out| {
                write_time(out, self.not_before);
                write_time(out, self.not_after);
            });
            out.raw(self.subject.der());
            out.raw(self.public_key.spki());
            if !self.extensions.is_empty() {
                out.nested(tag::context_constructed(3), |out| {
                    out.sequence(|out| self.extensions.iter().for_each(|extension| extension.write(out)));
                });
            }
        });
        out.into_der()
    }

    fn size_hint(&self) -> usize {
        let extensions: usize = self.extensions.iter().map(|extension| extension.value.len() + 24).sum();
        self.issuer_der.len() + self.subject.der().len() + self.public_key.spki().len() + extensions + 160
    }

    /// Join what was signed with its signature.
    ///
    /// # Errors
    /// When `tbs` is not what [`Self::to_tbs`] makes for that algorithm.
    pub fn assemble(tbs: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Result<Certificate, SignError> {
        let mut out = Writer::with_capacity(tbs.len() + signature.len() + 96);
        out.sequence(|out| {
            out.raw(tbs);
            out.raw(algorithm.identifier_der());
            out.octet_bits(signature);
        });
        // Whatever is handed out can be read by the strictest reader there is: this one.
        Certificate::from_der_vec(out.into_der()).map_err(|error| SignError::Failed(error.to_string()))
    }

    /// Sign it. The signature is not verified afterwards: that costs more than signing; whoever wants to be sure of
    /// the key store asks [`Certificate::is_signed_by`].
    ///
    /// # Errors
    /// When the signer does not sign, or the content does not make a certificate.
    pub async fn sign(&self, signer: &dyn Signer, algorithm: SignatureAlgorithm) -> Result<Certificate, SignError> {
        let tbs = self.to_tbs(algorithm);
        let signature = signer.sign(algorithm, &tbs).await?;
        Self::assemble(&tbs, algorithm, &signature)
    }
}
