//! Certificates in PEM, alone and in bundles.

use super::{Certificate, CertificateError};
use crate::pem;

impl Certificate {
    /// Read the first certificate of a PEM text.
    ///
    /// # Errors
    /// When there is none, or it is malformed.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        let blocks = pem::decode_all(text)?;
        let block = blocks.iter().find(|block| is_certificate(block)).ok_or(CertificateError::NoCertificate)?;
        Self::from_der(&block.contents)
    }

    /// Read every certificate of a PEM text; blocks of other kinds are skipped.
    ///
    /// # Errors
    /// When there is none, or one is malformed.
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let blocks = pem::decode_all(text)?;
        let certificates =
            blocks.iter().filter(|block| is_certificate(block)).map(|block| Self::from_der(&block.contents));
        let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() { Err(CertificateError::NoCertificate) } else { Ok(certificates) }
    }

    /// Read one certificate in DER, or every one of a PEM text.
    ///
    /// # Errors
    /// When there is none, or one is malformed.
    pub fn all_from_pem_or_der(contents: &[u8]) -> Result<Vec<Self>, CertificateError> {
        match contents.first() {
            // The tag of a sequence, 0x30, is the digit 0 in ASCII: text may begin with it.
            Some(0x30) if !contents.windows(5).any(|window| window == b"-----") => Ok(vec![Self::from_der(contents)?]),
            _ => Self::all_from_pem(contents),
        }
    }

    /// The certificate in PEM.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", self.der())
    }
}

/// RFC 7468 §5.1 has the second label for old files.
fn is_certificate(block: &pem::Block) -> bool {
    matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE")
}
