//! Checking that a certificate leads to a root that is trusted (RFC 5280 §6).

mod host;
mod path;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use const_oid::ObjectIdentifier;

pub use host::matches_host;

use crate::{
    certificate::Certificate,
    extension::{ConstraintError, Purpose},
};

/// Find a path from `leaf` over some of `intermediates` to one of `roots` on which every certificate is valid at the
/// instant `at`, and return it, leaf first and root last.
///
/// What is checked: signatures, validity, that issuers are CAs that may sign certificates, path lengths, name
/// constraints, critical extensions that Rung does not know, and, if `usage` is given, that every certificate on the
/// path that limits its purposes allows that one. Roots are trusted whatever signed them, so an intermediate may
/// serve as one. Revocation is not looked at.
///
/// # Errors
/// What is wrong with the path that came closest.
pub fn verify(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    at: SystemTime,
    usage: Option<Purpose>,
) -> Result<Vec<Certificate>, ChainError> {
    let mut search = Search { intermediates, roots, at, usage, signatures: 0, closest: None };
    match search.extend(&mut vec![leaf]) {
        Some(path) => Ok(path.into_iter().cloned().collect()),
        // What is known of the other paths says nothing about those that were not tried.
        None if search.signatures > MAX_SIGNATURES => Err(ChainError::TooComplex),
        None => Err(search.closest.map_or_else(|| unknown_issuer(leaf), |(_, error)| error)),
    }
}

/// Why a certificate does not lead to a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// An extension has to be understood, and is not.
    #[error("the certificate {subject} has the unknown critical extension {oid}")]
    CriticalExtension {
        /// Whose certificate it is.
        subject: String,
        /// The extension.
        oid: ObjectIdentifier,
    },
    /// Its time is over.
    #[error("the certificate {subject} has expired")]
    Expired {
        /// Whose certificate it is.
        subject: String,
        /// The last second of its validity.
        not_after: SystemTime,
    },
    /// It is for other hosts.
    #[error("the certificate is valid for {}, not for {host}", if names.is_empty() { "no host".to_owned() } else { names.join(", ") })]
    Host {
        /// The host that was asked for.
        host: String,
        /// The hosts and addresses that the certificate is for.
        names: Vec<String>,
    },
    /// It signed a certificate, and may not.
    #[error("the certificate {subject} is not that of a CA that may sign certificates")]
    NotACa {
        /// Whose certificate it is.
        subject: String,
    },
    /// A CA above it does not allow a name of it.
    #[error("the certificate {subject} has a name that its issuers may not certify: {source}")]
    Names {
        /// Whose certificate it is.
        subject: String,
        /// Which name, and why not.
        source: ConstraintError,
    },
    /// Its time has not come.
    #[error("the certificate {subject} is not valid yet")]
    NotYetValid {
        /// Whose certificate it is.
        subject: String,
        /// The first second of its validity.
        not_before: SystemTime,
    },
    /// There are more CAs below it than it allows.
    #[error("there are more CAs below the certificate {subject} than its path length allows")]
    PathLength {
        /// Whose certificate it is.
        subject: String,
    },
    /// The named issuer did not sign it, or signed in a way that Rung does not verify.
    #[error("the signature of the certificate {subject} does not verify with the key of {issuer}")]
    Signature {
        /// Whose certificate it is.
        subject: String,
        /// Whose key it is.
        issuer: String,
    },
    /// So many paths are possible that looking for a good one was given up.
    #[error("the certificates can be combined in too many ways")]
    TooComplex,
    /// No path leads to a root.
    #[error("the certificate {subject} is signed by {issuer}, which is not known")]
    UnknownIssuer {
        /// Whose certificate it is.
        subject: String,
        /// Who signed it, as it says.
        issuer: String,
    },
    /// It is for other purposes.
    #[error("the certificate {subject} is not for this purpose")]
    Usage {
        /// Whose certificate it is.
        subject: String,
    },
}

struct Search<'a> {
    intermediates: &'a [Certificate],
    roots: &'a [Certificate],
    at: SystemTime,
    usage: Option<Purpose>,
    /// How many signatures were verified.
    signatures: usize,
    /// The first error on the longest path.
    closest: Option<(usize, ChainError)>,
}

impl<'a> Search<'a> {
    /// Look for a good path that begins with `path`, whose last certificate is not verified yet.
    fn extend<'b>(&mut self, path: &mut Vec<&'b Certificate>) -> Option<Vec<&'b Certificate>>
    where
        'a: 'b,
    {
        let last = *path.last().expect("a path begins with a leaf");
        if let Err(error) = path::check_validity(last, self.at) {
            self.note(path.len(), error);
            return None;
        }
        if self.roots.contains(last) {
            let checked = path::check(path, self.usage).map(|()| path.clone());
            return checked.map_err(|error| self.note(path.len(), error)).ok();
        }
        if path.len() > MAX_INTERMEDIATES + 1 {
            self.note(path.len(), ChainError::TooComplex);
            return None;
        }
        let mut found = false;
        for candidate in self.roots.iter().chain(self.intermediates) {
            // The same CA twice makes a circle.
            if candidate.subject_der() != last.issuer_der() || path.iter().any(|known| is_same_ca(known, candidate)) {
                continue;
            }
            found = true;
            if let Err(error) = self.check_signature(last, candidate) {
                self.note(path.len(), error);
                continue;
            }
            path.push(candidate);
            let complete = self.extend(path);
            path.pop();
            if complete.is_some() {
                return complete;
            }
        }
        if !found {
            self.note(path.len(), unknown_issuer(last));
        }
        None
    }

    fn check_signature(&mut self, certificate: &Certificate, issuer: &Certificate) -> Result<(), ChainError> {
        // Whoever sends certificates that fit together in many ways makes us verify each of them.
        self.signatures += 1;
        if self.signatures > MAX_SIGNATURES {
            return Err(ChainError::TooComplex);
        }
        let verified = issuer.public_key().is_ok_and(|key| certificate.is_signed_by(key).is_ok());
        if verified {
            return Ok(());
        }
        Err(ChainError::Signature { subject: shown(certificate), issuer: shown(issuer) })
    }

    /// Remember an error if no path came further.
    fn note(&mut self, len: usize, error: ChainError) {
        if self.closest.as_ref().is_none_or(|(longest, _)| len > *longest) {
            self.closest = Some((len, error));
        }
    }
}

fn is_same_ca(one: &Certificate, other: &Certificate) -> bool {
    one.subject_der() == other.subject_der() && one.public_key_info() == other.public_key_info()
}

fn unknown_issuer(certificate: &Certificate) -> ChainError {
    ChainError::UnknownIssuer { subject: shown(certificate), issuer: certificate.issuer().to_string() }
}

/// How a certificate is called in messages: its subject, or its first name, or its serial number.
fn shown(certificate: &Certificate) -> String {
    if !certificate.subject().is_empty() {
        return certificate.subject().to_string();
    }
    format!("with serial number {}", certificate.serial())
}

/// Real chains have one or two.
const MAX_INTERMEDIATES: usize = 10;
const MAX_SIGNATURES: usize = 100;
