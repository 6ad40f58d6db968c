//! The checks that look at a whole path.

use std::time::SystemTime;

use super::{ChainError, shown};
use crate::{
    certificate::Certificate,
    extension::{Candidate, NameConstraints, Purpose, oid},
    name::Attribute,
};

/// Check that a certificate is valid at that instant.
pub(super) fn check_validity(certificate: &Certificate, at: SystemTime) -> Result<(), ChainError> {
    if at < certificate.not_before() {
        return Err(ChainError::NotYetValid { subject: shown(certificate), not_before: certificate.not_before() });
    }
    // The last second is valid to its end (RFC 5280 §4.1.2.5), and the time may have parts of a second.
    if at >= certificate.not_after() + std::time::Duration::from_secs(1) {
        return Err(ChainError::Expired { subject: shown(certificate), not_after: certificate.not_after() });
    }
    Ok(())
}

/// Check a path from leaf to root, of which signatures and validity are verified.
pub(super) fn check(path: &[&Certificate], usage: Option<Purpose>) -> Result<(), ChainError> {
    for certificate in path {
        check_critical_extensions(certificate)?;
        let purposes = certificate.extended_key_usage();
        if let (Some(usage), Some(purposes)) = (usage, purposes)
            && !purposes.permits(usage)
        {
            return Err(ChainError::Usage { subject: shown(certificate) });
        }
    }
    for (depth, issuer) in path.iter().enumerate().skip(1) {
        check_issuer(issuer, depth + 1 == path.len())?;
        check_path_length(issuer, &path[1..depth])?;
        if let Some(constraints) = issuer.name_constraints() {
            path[..depth].iter().enumerate().try_for_each(|(position, below)| {
                // RFC 5280 §6.1.3 (b): CAs that renew their own certificate are exempt, unless they are the leaf.
                if position > 0 && is_self_issued(below) { Ok(()) } else { check_names(below, &constraints) }
            })?;
        }
    }
    Ok(())
}

fn check_critical_extensions(certificate: &Certificate) -> Result<(), ChainError> {
    let unknown =
        certificate.extensions().iter().find(|extension| extension.critical && !KNOWN.contains(&extension.oid));
    match unknown {
        Some(extension) => Err(ChainError::CriticalExtension { subject: shown(certificate), oid: extension.oid }),
        None => Ok(()),
    }
}

fn check_issuer(issuer: &Certificate, is_root: bool) -> Result<(), ChainError> {
    // Old roots have version 1, which has no extensions to say that they are a CA; trusting them says it.
    let is_ca = issuer.is_ca() || (is_root && issuer.version() < 3);
    if is_ca && issuer.key_usage().is_none_or(|usage| usage.cert_sign()) {
        return Ok(());
    }
    Err(ChainError::NotACa { subject: shown(issuer) })
}

/// `below` are the CAs between the leaf and `issuer`.
fn check_path_length(issuer: &Certificate, below: &[&Certificate]) -> Result<(), ChainError> {
    let Some(limit) = issuer.basic_constraints().and_then(|constraints| constraints.path_len) else { return Ok(()) };
    // RFC 5280 §4.2.1.9: CAs that renew their own certificate do not count.
    let count = below.iter().filter(|certificate| !is_self_issued(certificate)).count();
    if count <= usize::from(limit) { Ok(()) } else { Err(ChainError::PathLength { subject: shown(issuer) }) }
}

fn check_names(certificate: &Certificate, constraints: &NameConstraints) -> Result<(), ChainError> {
    let names = certificate.general_names();
    if names.len().saturating_mul(constraints.permitted.len() + constraints.excluded.len()) > MAX_COMPARISONS {
        return Err(ChainError::TooComplex);
    }
    let check = |candidate: Candidate<'_>| {
        constraints
            .permits_candidate(&candidate)
            .map_err(|source| ChainError::Names { subject: shown(certificate), source })
    };
    names.iter().map(Candidate::from).try_for_each(check)?;
    if !certificate.subject().is_empty() {
        check(Candidate::Directory(certificate.subject()))?;
    }
    // RFC 5280 §4.2.1.10: without alternative names, mailboxes in the subject count.
    if names.iter().map(Candidate::from).any(|name| matches!(name, Candidate::Email(_))) {
        return Ok(());
    }
    let attributes = certificate.subject().attributes();
    let mut mailboxes = attributes.filter(|value| value.attribute == Attribute::EmailAddress);
    mailboxes.try_for_each(|value| check(Candidate::Email(&value.text().unwrap_or_default())))
}

fn is_self_issued(certificate: &Certificate) -> bool {
    certificate.issuer_der() == certificate.subject_der()
}

/// Extensions that are acted upon here, or that ask for nothing that a path could break: a policy that a CA states
/// does not matter as long as nobody asks for one.
const KNOWN: [const_oid::ObjectIdentifier; 8] = [
    oid::KEY_USAGE,
    oid::EXTENDED_KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::SUBJECT_ALT_NAME,
    oid::NAME_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
];
const MAX_COMPARISONS: usize = 250_000;
