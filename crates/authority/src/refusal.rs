//! What the audit record says about a request that was refused.

use rung_pki::{PublicKey, SerialNumber};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    error::{CertificateFault, Denial, Invalid, TokenFault},
    presented::Presented,
    sign::Authority,
    store::AuditEntry,
    token::UnverifiedToken,
};

/// A request that was refused.
pub struct RefusedRequest<'a> {
    /// What was asked for, such as `sign`.
    pub operation: &'static str,
    /// Who asked.
    pub by: Asker<'a>,
    /// Why it was refused.
    pub error: &'a Error,
    /// The key that a certificate was asked for.
    pub key: Option<&'a PublicKey>,
    /// The certificate that it was about.
    pub serial: Option<&'a SerialNumber>,
    /// The identifier of the request.
    pub request_id: &'a str,
}

/// Who asked for something.
#[derive(Clone, Copy)]
pub enum Asker<'a> {
    /// Whoever sent a token, which need not be good.
    Token(&'a str),
    /// The holder of a certificate.
    Holder(&'a Presented),
    /// Nobody who has shown anything.
    Anybody,
}

/// What a refusal means for the audit record.
#[derive(Debug)]
pub enum Refusal {
    /// A decision about somebody who has proven who they are: an entry of its own.
    Decided(AuditEntry),
    /// Nothing is proven about who asked, so that anybody could fill the record with such entries; to be counted under
    /// the check that failed.
    Counted(&'static str),
    /// Nothing was decided: what the decision needed was not there.
    Undecided,
}

/// The longest text of others that goes into an entry, in characters.
const LONGEST: usize = 256;

#[derive(Serialize)]
struct Detail<'a> {
    operation: &'a str,
    check: &'a str,
    reason: String,
    /// With which values the check failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    values: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioner: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    /// SHA-256 of the public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// Who a token is about.
#[derive(Deserialize, Default)]
struct Person {
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl Authority {
    /// What the audit record says about a refused request.
    pub fn refusal(&self, refused: &RefusedRequest<'_>) -> Refusal {
        let Some((check, values)) = check_of(refused.error) else { return Refusal::Undecided };
        if !is_proven(refused) {
            return Refusal::Counted(check);
        }
        let token = match refused.by {
            Asker::Token(text) => UnverifiedToken::parse(text).ok(),
            Asker::Holder(_) | Asker::Anybody => None,
        };
        let provisioner = token.as_ref().and_then(|token| self.provisioners.find(token, &self.audiences).ok());
        let reference = provisioner.map(|provisioner| &*provisioner.common().reference);
        // The check that failed comes behind the signature, so that it is the provisioner who says so.
        let person: Person = token
            .as_ref()
            .and_then(|token| serde_json::from_slice(token.jws.unverified_payload()).ok())
            .unwrap_or_default();
        let held = match refused.by {
            Asker::Holder(presented) => Some(presented.certificate()),
            Asker::Token(_) | Asker::Anybody => None,
        };
        let name = held.and_then(|certificate| certificate.subject().common_name());
        let detail = Detail {
            operation: refused.operation,
            check,
            reason: bounded(&refused.error.to_string()),
            values: bounded(values),
            provisioner: reference.map(|reference| reference.name.as_str()),
            kind: reference.map(|reference| reference.kind),
            subject: person.sub.as_deref().or(name).map(bounded),
            email: person.email.as_deref().map(bounded),
            serial: refused.serial.or_else(|| held.map(rung_pki::Certificate::serial)).map(SerialNumber::to_string),
            key: refused.key.map(|key| rung_pki::hex(&key.fingerprint())),
        };
        Refusal::Decided(AuditEntry {
            at: self.clock.now(),
            action: "refused",
            request_id: refused.request_id.to_owned(),
            detail: serde_json::to_string(&detail).expect("texts are JSON"),
        })
    }
}

/// The name of the check that failed, and the values that it saw; nothing when the CA itself is at fault.
fn check_of(error: &Error) -> Option<(&'static str, &str)> {
    Some(match error {
        Error::Internal { .. } | Error::Unavailable { .. } => return None,
        Error::AlreadyRevoked(_) => ("already-revoked", ""),
        Error::Denied(denial) => (
            match denial {
                Denial::Confirmation(_) => "confirmation",
                Denial::Inventory => "inventory",
                Denial::Key(_) => "key",
                Denial::Name(_) => "name",
                Denial::Revocation(_) => "revocation",
                Denial::Validity(_) => "validity",
            },
            "",
        ),
        Error::Invalid(Invalid::Request(_)) => ("request", ""),
        Error::Invalid(Invalid::Validity(_)) => ("validity", ""),
        Error::Unauthenticated(refusal) => (token_check(refusal.fault), &refusal.detail),
        Error::Unrenewable(refusal) => (certificate_check(refusal.fault), &refusal.detail),
    })
}

fn token_check(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::Audience => "audience",
        TokenFault::AuthorizedParty => "authorized-party",
        TokenFault::Claim => "claim",
        TokenFault::ClaimMissing => "claim-missing",
        TokenFault::ClaimUnusable => "claim-unusable",
        TokenFault::Domain => "domain",
        TokenFault::EmailMalformed => "email-malformed",
        TokenFault::EmailMissing => "email-missing",
        TokenFault::EmailUnverified => "email-unverified",
        TokenFault::Expired => "expired",
        TokenFault::ExpiryMissing => "expiry-missing",
        TokenFault::Group => "group",
        TokenFault::GroupsMissing => "groups-missing",
        TokenFault::GroupsOverage => "groups-overage",
        TokenFault::IssuedBeforeStart => "issued-before-start",
        TokenFault::IssuedAtMissing => "issued-at-missing",
        TokenFault::Issuer => "issuer",
        TokenFault::Kind => "kind",
        TokenFault::KeyUnknown => "key-unknown",
        TokenFault::Lifetime => "lifetime",
        TokenFault::Malformed => "malformed",
        TokenFault::NotYetValid => "not-yet-valid",
        TokenFault::Operation => "operation",
        TokenFault::Signature => "signature",
        TokenFault::Spent => "spent",
        TokenFault::Subject => "subject",
        TokenFault::UnknownProvisioner => "unknown-provisioner",
    }
}

fn certificate_check(fault: CertificateFault) -> &'static str {
    match fault {
        CertificateFault::Expired(_) => "certificate-expired",
        CertificateFault::NotOurs => "certificate-foreign",
        CertificateFault::NotYetValid => "certificate-not-yet-valid",
        CertificateFault::ProvisionerGone => "provisioner-gone",
        CertificateFault::RenewalDisabled => "renewal-disabled",
        CertificateFault::Revoked => "certificate-revoked",
        CertificateFault::Unverified => "certificate-unverified",
    }
}

/// Whether the check that failed comes behind the one that shows who asked.
fn is_proven(refused: &RefusedRequest<'_>) -> bool {
    match (refused.by, refused.error) {
        (Asker::Anybody, _) => false,
        (Asker::Holder(_), _) => true,
        (Asker::Token(_), Error::Unauthenticated(refusal)) => !matches!(
            refusal.fault,
            // A payload that is malformed is found before the signature is looked at, or behind it: nobody can tell.
            TokenFault::KeyUnknown
                | TokenFault::Malformed
                | TokenFault::Operation
                | TokenFault::Signature
                | TokenFault::UnknownProvisioner
        ),
        // A certificate within the token, which did not verify.
        (Asker::Token(_), Error::Unrenewable(refusal)) => refusal.fault != CertificateFault::Unverified,
        (Asker::Token(_), _) => true,
    }
}

/// The beginning of a text.
fn bounded(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
