//! Showing a plan without carrying it out.

use rung_pki::{Certificate, CertificateContent, SignatureAlgorithm};

use super::Plan;
use crate::Error;

/// What a token would be good for.
#[derive(Debug)]
pub struct Preview {
    certificate: Certificate,
    provisioner: String,
    explanation: Vec<String>,
}

impl Preview {
    pub(crate) fn of(plan: &Plan, algorithm: SignatureAlgorithm) -> Result<Self, Error> {
        // The place of the signature stays empty, so that this is good for nothing but to be looked at.
        let certificate =
            CertificateContent::assemble(&plan.content.to_tbs(algorithm), algorithm, &[]).map_err(|error| {
                Error::Internal { what: "the planned certificate cannot be read", source: error.into() }
            })?;
        Ok(Self { certificate, provisioner: plan.provisioner.name.clone(), explanation: plan.explanation().to_vec() })
    }

    /// The certificate, without a signature and with a serial number that the real one will not have.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Which rule of the provisioner gave what, a sentence for each; nothing where there are no rules.
    pub fn explanation(&self) -> &[String] {
        &self.explanation
    }

    /// The provisioner that the token leads to.
    pub fn provisioner(&self) -> &str {
        &self.provisioner
    }
}
