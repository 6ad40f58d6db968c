//! Signing what was planned, and releasing it once it is on record.

use std::{sync::Arc, time::SystemTime};

use rung_pki::{Certificate, KeyAlgorithm, SubjectAltName, hex};
use serde::Serialize;

use crate::{
    Error,
    error::{CertificateFault, Denial, TokenFault},
    issuer::Issuer,
    plan::Plan,
    store::{AuditEntry, CommitError, Issuance, ProvisionerRef, Store},
};

/// What [`record`] says when a signed certificate could not be recorded and so is not released.
pub const NOT_RECORDED: &str = "the certificate could not be recorded";

/// What a caller learns whose key was revoked before.
const KEY_REVOKED: &str = "the key was revoked together with a certificate; make a new one";

/// A certificate that is signed, but not on record: it must not leave the process. Made only by [`sign`].
pub struct Signed {
    issuance: Issuance,
    names: Vec<SubjectAltName>,
    key: KeyAlgorithm,
}

/// A certificate that is on record, whose token is spent: it may leave the process. Made only by [`record`].
#[derive(Debug)]
pub struct Recorded {
    certificate: Certificate,
    provisioner: Arc<ProvisionerRef>,
    names: Vec<SubjectAltName>,
    key: KeyAlgorithm,
}

impl Recorded {
    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The alternative names of the certificate.
    pub fn names(&self) -> &[SubjectAltName] {
        &self.names
    }

    /// What kind of key the certificate is for.
    pub fn key(&self) -> KeyAlgorithm {
        self.key
    }

    /// The provisioner that granted it.
    pub fn provisioner(&self) -> &ProvisionerRef {
        &self.provisioner
    }
}

/// Sign a planned certificate.
///
/// # Errors
/// When the key store does not sign.
pub async fn sign(plan: Plan, issuer: &Issuer, request_id: &str, now: SystemTime) -> Result<Signed, Error> {
    let certificate = plan
        .content
        .sign(issuer.signer(), issuer.algorithm())
        .await
        .map_err(|error| Error::Unavailable { what: "the key store did not sign".to_owned(), source: error.into() })?;
    let audit = AuditEntry {
        at: now,
        action: plan.action,
        request_id: request_id.to_owned(),
        detail: audit_detail(&plan, &certificate),
    };
    let issuance =
        Issuance { certificate, provisioner: plan.provisioner, token: plan.token, replaces: plan.replaces, audit };
    Ok(Signed { issuance, names: plan.names, key: plan.content.public_key.algorithm() })
}

/// Spend the token, record the certificate and its audit entry in one transaction, and only then hand it out.
///
/// # Errors
/// When the token was spent before, or the store does not record it; then nothing of the certificate may leave.
pub async fn record(signed: Signed, store: &dyn Store) -> Result<Recorded, Error> {
    let Signed { issuance, names, key } = signed;
    let (certificate, provisioner) = (issuance.certificate.clone(), issuance.provisioner.clone());
    match store.commit(issuance).await {
        Ok(()) => Ok(Recorded { certificate, provisioner, names, key }),
        Err(CommitError::KeyRevoked) => Err(Denial::Key(KEY_REVOKED.to_owned()).into()),
        Err(CommitError::Revoked) => Err(Error::Unrenewable(CertificateFault::Revoked.into())),
        Err(CommitError::TokenSpent) => Err(Error::Unauthenticated(TokenFault::Spent.into())),
        Err(error @ CommitError::SerialTaken) => {
            Err(Error::Internal { what: "a serial number occurred twice", source: error.into() })
        }
        Err(error @ (CommitError::InDoubt(_) | CommitError::Unavailable(_))) => {
            Err(Error::Unavailable { what: NOT_RECORDED.to_owned(), source: error.into() })
        }
    }
}

/// What the audit entry of a certificate says, as a JSON object.
#[derive(Serialize)]
struct Detail<'a> {
    provisioner: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: &'a str,
    email: Option<&'a str>,
    admin: bool,
    names: Vec<String>,
    serial: String,
    /// SHA-256 of the public key.
    key: String,
    /// Which rule of the provisioner gave what.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    rules: &'a [String],
}

fn audit_detail(plan: &Plan, certificate: &Certificate) -> String {
    let detail = Detail {
        provisioner: &plan.provisioner.name,
        kind: plan.provisioner.kind,
        subject: &plan.holder.subject,
        email: plan.holder.email.as_deref(),
        admin: plan.holder.admin,
        names: plan.names.iter().map(SubjectAltName::to_string).collect(),
        serial: certificate.serial().to_string(),
        key: hex(&plan.content.public_key.fingerprint()),
        rules: &plan.explanation,
    };
    serde_json::to_string(&detail).expect("texts and lists of texts are JSON")
}
