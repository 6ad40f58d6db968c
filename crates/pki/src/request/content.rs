//! Making certificate requests.

use super::{CertificateRequest, parse::EXTENSION_REQUEST};
use crate::{
    asn1::{Writer, tag},
    extension::{self, Extension},
    key::{PrivateKey, SignError, Signer},
    name::{DistinguishedName, SubjectAltName},
};

/// What a certificate request is going to ask for.
#[derive(Debug, Clone, Default)]
pub struct RequestContent {
    /// Whom the certificate shall be about.
    pub subject: DistinguishedName,
    /// The names that it shall be for.
    pub names: Vec<SubjectAltName>,
    /// Extensions besides the names.
    pub extensions: Vec<Extension>,
}

impl RequestContent {
    /// Sign the request with the key that it is for.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(&self, key: &PrivateKey) -> Result<CertificateRequest, SignError> {
        let algorithm = key.algorithm().default_signature();
        let information = self.to_information(key.public_key().spki());
        let signature = key.sign_now(algorithm, &information)?;
        let mut out = Writer::with_capacity(information.len() + signature.len() + 96);
        out.sequence(|out| {
            out.raw(&information);
            out.raw(algorithm.identifier_der());
            out.octet_bits(&signature);
        });
        CertificateRequest::from_der(&out.into_der()).map_err(|error| SignError::Failed(error.to_string()))
    }

    /// `CertificationRequestInfo` (RFC 2986 §4.1).
    fn to_information(&self, public_key_info: &[u8]) -> Vec<u8> {
        let mut out = Writer::with_capacity(512);
        out.sequence(|out| {
            out.unsigned(&[]);
            out.raw(self.subject.der());
            out.raw(public_key_info);
            out.nested(tag::context_constructed(0), |out| self.write_attributes(out));
        });
        out.into_der()
    }

    fn write_attributes(&self, out: &mut Writer) {
        // RFC 5280 §4.2.1.6: without a subject the names are what there is, so they are critical.
        let names =
            (!self.names.is_empty()).then(|| extension::subject_alt_names(&self.names, self.subject.is_empty()));
        if names.is_none() && self.extensions.is_empty() {
            return;
        }
        out.sequence(|out| {
            out.oid(&EXTENSION_REQUEST);
            out.nested(tag::SET, |out| {
                out.sequence(|out| names.iter().chain(&self.extensions).for_each(|extension| extension.write(out)));
            });
        });
    }
}
