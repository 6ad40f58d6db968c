//! The rules of RFC 5280 and its companions for certificates that Rung makes, checked before they are signed or
//! afterwards.
//!
//! A common name need not be among the alternative names: this is a private CA, whose certificates for people carry
//! the subject of their OpenID token as common name (RFC 9525 §2 has verifiers ignore it anyway). Alternative names
//! may be absent as long as there is a subject.

mod extensions;
mod rule;
#[cfg(test)]
mod tests;

use std::{fmt, time::SystemTime};

pub use rule::Rule;

use crate::{
    asn1::{Writer, write_time},
    certificate::{Certificate, CertificateContent},
    extension::Extension,
    key::{KeyAlgorithm, KeyError, PublicKey, SignatureAlgorithm},
    name::DistinguishedName,
};

/// A rule that a certificate breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { id, section, text } = self.rule;
        write!(out, "{text} ({section}, {id})")
    }
}

/// A certificate, or what one is going to say.
pub struct Lintable<'a> {
    serial: &'a [u8],
    issuer: &'a [u8],
    subject: &'a DistinguishedName,
    not_before: SystemTime,
    not_after: SystemTime,
    public_key: Result<&'a PublicKey, KeyError>,
    extensions: &'a [Extension],
    signed: Option<Signed<'a>>,
}

/// What only a finished certificate has.
struct Signed<'a> {
    version: u8,
    validity: &'a [u8],
    algorithm: Option<SignatureAlgorithm>,
}

impl<'a> From<&'a CertificateContent> for Lintable<'a> {
    fn from(content: &'a CertificateContent) -> Self {
        Self {
            serial: content.serial.as_bytes(),
            issuer: &content.issuer_der,
            subject: &content.subject,
            not_before: content.not_before,
            not_after: content.not_after,
            public_key: Ok(&content.public_key),
            extensions: &content.extensions,
            signed: None,
        }
    }
}

impl<'a> From<&'a Certificate> for Lintable<'a> {
    fn from(certificate: &'a Certificate) -> Self {
        Self {
            serial: certificate.serial().as_bytes(),
            issuer: certificate.issuer_der(),
            subject: certificate.subject(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            public_key: certificate.public_key(),
            extensions: certificate.extensions(),
            signed: Some(Signed {
                version: certificate.version(),
                validity: certificate.validity_der(),
                algorithm: certificate.signature_algorithm(),
            }),
        }
    }
}

/// Check a certificate that is no CA's, or what it is going to say.
///
/// # Errors
/// Every rule that it breaks.
pub fn lint_leaf<'a>(leaf: impl Into<Lintable<'a>>, issuer: &Certificate) -> Result<(), Vec<Finding>> {
    let leaf = leaf.into();
    let mut findings = Findings::default();
    check_fields(&leaf, &mut findings);
    check_issuer(&leaf, issuer, &mut findings);
    extensions::check_leaf(&leaf, issuer, &mut findings);
    findings.into_result()
}

/// Check the certificate of a CA, or what it is going to say. A root has no issuer but itself.
///
/// # Errors
/// Every rule that it breaks.
pub fn lint_ca<'a>(ca: impl Into<Lintable<'a>>, issuer: Option<&Certificate>) -> Result<(), Vec<Finding>> {
    let ca = ca.into();
    let mut findings = Findings::default();
    check_fields(&ca, &mut findings);
    findings.require(!ca.subject.is_empty(), &rule::SUBJECT_EMPTY);
    match issuer {
        Some(issuer) => check_issuer(&ca, issuer, &mut findings),
        None => findings.require(ca.issuer == ca.subject.der(), &rule::ISSUER_MISMATCH),
    }
    extensions::check_ca(&ca, issuer, &mut findings);
    findings.into_result()
}

fn check_fields(subject: &Lintable<'_>, findings: &mut Findings) {
    findings.require(!subject.serial.is_empty(), &rule::SERIAL_ZERO);
    let sign_octet = subject.serial.first().is_some_and(|first| *first >= 0x80);
    findings.require(subject.serial.len() + usize::from(sign_octet) <= 20, &rule::SERIAL_LONG);
    findings.require(subject.not_before <= subject.not_after, &rule::VALIDITY_ORDER);
    match &subject.public_key {
        Ok(key) => findings.require(is_strong(key), &rule::KEY_WEAK),
        Err(_) => findings.require(false, &rule::KEY_UNKNOWN),
    }
    let Some(signed) = &subject.signed else { return };
    findings.require(signed.version == 3, &rule::VERSION);
    let mut validity = Writer::with_capacity(40);
    validity.sequence(|out| {
        write_time(out, subject.not_before);
        write_time(out, subject.not_after);
    });
    findings.require(validity.into_der() == signed.validity, &rule::VALIDITY_ENCODING);
}

/// The size alone: looking for small factors takes longer than everything else here, and requests are checked for them.
fn is_strong(key: &PublicKey) -> bool {
    match key.algorithm() {
        KeyAlgorithm::Rsa { bits } => (2041..=8192).contains(&bits),
        KeyAlgorithm::EcP256
        | KeyAlgorithm::EcP384
        | KeyAlgorithm::EcP521
        | KeyAlgorithm::Ed25519
        | KeyAlgorithm::MlDsa(_) => true,
    }
}

fn check_issuer(subject: &Lintable<'_>, issuer: &Certificate, findings: &mut Findings) {
    findings.require(!issuer.subject().is_empty(), &rule::ISSUER_EMPTY);
    findings.require(subject.issuer == issuer.subject_der(), &rule::ISSUER_MISMATCH);
    findings.require(subject.not_after <= issuer.not_after(), &rule::OUTLIVES_ISSUER);
    let may_sign = issuer.is_ca() && issuer.key_usage().is_none_or(|usage| usage.cert_sign());
    findings.require(may_sign, &rule::ISSUER_NOT_CA);
    if let Some(signed) = &subject.signed {
        let fits = match (signed.algorithm, issuer.public_key()) {
            (Some(algorithm), Ok(key)) => algorithm.fits(key.algorithm()),
            _ => false,
        };
        findings.require(fits, &rule::SIGNATURE_ALGORITHM);
    }
}

#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    fn require(&mut self, holds: bool, rule: &'static Rule) {
        if !holds {
            self.list.push(Finding { rule });
        }
    }

    fn into_result(self) -> Result<(), Vec<Finding>> {
        if self.list.is_empty() { Ok(()) } else { Err(self.list) }
    }
}
