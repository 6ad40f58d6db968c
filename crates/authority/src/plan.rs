//! Deciding what a certificate says.

mod names;
mod preview;
mod validity;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rung_pki::{
    CertificateContent, Extension, KeyAlgorithm, PublicKey, Random, SerialNumber, SubjectAltName, VerifiedRequest,
    extension,
    extension::{KeyUsage, Purpose},
    lint,
};
use rung_spec::TimeOrDuration;

use crate::{
    Error,
    division::Division,
    error::Denial,
    grant::{Grant, Holder},
    issuer::Issuer,
    store::{ProvisionerRef, TokenUse},
};
pub use names::DefaultSubject;
pub(crate) use names::check_constraints;
pub use preview::Preview;
pub(crate) use validity::succeeding as succeeding_validity;

/// A certificate that passed every check and may be signed. Made only by [`plan`].
pub struct Plan {
    pub(crate) content: CertificateContent,
    pub(crate) names: Vec<SubjectAltName>,
    pub(crate) provisioner: Arc<ProvisionerRef>,
    pub(crate) token: Option<TokenUse>,
    /// The certificate that this one takes the place of.
    pub(crate) replaces: Option<SerialNumber>,
    /// What the audit record calls it.
    pub(crate) action: &'static str,
    pub(crate) holder: Holder,
    pub(crate) explanation: Vec<String>,
}

impl Plan {
    /// Which rule of the provisioner gave what, a sentence for each; nothing where there are no rules.
    pub fn explanation(&self) -> &[String] {
        &self.explanation
    }
}

/// The validity that a request asks for.
#[derive(Debug, Clone, Default)]
pub struct WantedValidity {
    /// The start, if not now.
    pub not_before: Option<TimeOrDuration>,
    /// The end, if not after the provisioner's default lifetime.
    pub not_after: Option<TimeOrDuration>,
}

/// What all certificates of an authority have in common.
pub struct Profile {
    /// How far back a certificate starts, for clocks that are behind.
    pub backdate: Duration,
    /// Subject attributes of certificates that have none of their own.
    pub subject: DefaultSubject,
    /// Extensions that say where the issuer, its CRL and OCSP are.
    pub pointers: Vec<Extension>,
    /// How the CRL is divided, when a certificate names the shard that it is in.
    pub division: Option<Division>,
}

impl Profile {
    /// Extensions that say where revocations of the certificate with that serial number are told.
    pub(crate) fn pointers(&self, serial: &SerialNumber) -> impl Iterator<Item = Extension> {
        let shard = self.division.as_ref().map(|division| division.address_of(serial));
        self.pointers.iter().cloned().chain(shard.map(|shard| extension::crl_distribution_points(&[shard])))
    }
}

/// No certificate has more names than this.
pub(crate) const MAX_NAMES: usize = 100;

/// Decide what the certificate for `request` says under `grant`.
///
/// # Errors
/// Which rule the request breaks.
pub fn plan(
    grant: Grant,
    request: &VerifiedRequest,
    wanted: &WantedValidity,
    issuance: &Issuance<'_>,
) -> Result<Plan, Error> {
    check_key(request.public_key(), issuance.issuer)?;
    check_confirmation(&grant, request)?;
    let (subject, names) = names::decide(&grant, request, &issuance.profile.subject)?;
    names::check_constraints(&subject, &names, issuance.issuer)?;
    let (not_before, not_after) = validity::decide(wanted, &grant.claims, issuance)?;
    let serial = SerialNumber::random(issuance.random)
        .map_err(|error| Error::Internal { what: "no randomness for a serial number", source: error.into() })?;
    let extensions = extensions(request, &grant, (issuance, &serial), &names, subject.is_empty());
    let content = CertificateContent {
        serial,
        issuer_der: issuance.issuer.certificate().subject_der().to_vec(),
        subject,
        not_before,
        not_after,
        public_key: request.public_key().clone(),
        extensions,
    };
    lint::lint_leaf(&content, issuance.issuer.certificate()).map_err(|findings| Error::Internal {
        what: "the certificate would break RFC 5280",
        source: findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ").into(),
    })?;
    Ok(Plan {
        content,
        names,
        provisioner: grant.provisioner,
        token: Some(grant.token),
        replaces: None,
        action: "issued",
        holder: grant.holder,
        explanation: grant.terms.explanation,
    })
}

/// What a plan is made with besides the grant and the request.
pub struct Issuance<'a> {
    /// Who issues.
    pub issuer: &'a Issuer,
    /// What all certificates have in common.
    pub profile: &'a Profile,
    /// Where serial numbers come from.
    pub random: &'a dyn Random,
    /// The present time.
    pub now: SystemTime,
}

/// Refuse keys that are weak, and those of the CA itself.
pub(crate) fn check_key(key: &PublicKey, issuer: &Issuer) -> Result<(), Denial> {
    key.check_strength().map_err(|weak| Denial::Key(weak.to_string()))?;
    // Whoever could certify a CA's own key for another name would speak for the CA.
    if issuer.is_own_key(key) {
        return Err(Denial::Key("certificate request has the key of the certificate authority itself".to_owned()));
    }
    Ok(())
}

fn check_confirmation(grant: &Grant, request: &VerifiedRequest) -> Result<(), Denial> {
    match &grant.confirmation {
        Some(wanted) if *wanted != rung_pki::jose::base64url(request.fingerprint()) => {
            Err(Denial::Confirmation(wanted.clone()))
        }
        _ => Ok(()),
    }
}

/// The extensions of a leaf, in the order of the certificate profile.
fn extensions(
    request: &VerifiedRequest,
    grant: &Grant,
    (issuance, serial): (&Issuance<'_>, &SerialNumber),
    names: &[SubjectAltName],
    empty_subject: bool,
) -> Vec<Extension> {
    let key = request.public_key();
    let usage = match key.algorithm() {
        KeyAlgorithm::Rsa { .. } => KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT,
        KeyAlgorithm::EcP256
        | KeyAlgorithm::EcP384
        | KeyAlgorithm::EcP521
        | KeyAlgorithm::Ed25519
        | KeyAlgorithm::MlDsa(_) => KeyUsage::DIGITAL_SIGNATURE,
    };
    let purposes = grant.terms.purposes.as_deref().unwrap_or(&[Purpose::ServerAuth, Purpose::ClientAuth]);
    let mut extensions = vec![
        extension::key_usage(usage),
        extension::extended_key_usage(purposes),
        extension::subject_key_identifier(&key.key_identifier()),
        extension::authority_key_identifier(issuance.issuer.key_identifier()),
    ];
    if !names.is_empty() {
        extensions.push(extension::subject_alt_names(names, empty_subject));
    }
    extensions.extend(issuance.profile.pointers(serial));
    extensions.extend(grant.extension.as_deref().cloned());
    extensions
}
