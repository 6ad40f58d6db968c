//! What a verified credential lets its holder ask for.

mod allowed;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rung_pki::{Extension, SubjectAltName, extension::Purpose};
use rung_spec::ResolvedClaims;

use crate::store::{ProvisionerRef, TokenUse};
pub(crate) use allowed::{AllowedName, Piece, has_dot_steps};

/// What a verified credential lets its holder ask for. Made only by a provisioner.
#[derive(Debug)]
pub struct Grant {
    pub(crate) provisioner: Arc<ProvisionerRef>,
    pub(crate) claims: Arc<ResolvedClaims>,
    pub(crate) extension: Option<Arc<Extension>>,
    pub(crate) token: TokenUse,
    pub(crate) names: GrantedNames,
    pub(crate) terms: Terms,
    /// The certificate request that the token is bound to, as base64url of its SHA-256.
    pub(crate) confirmation: Option<String>,
    /// Who it is, for the audit record.
    pub(crate) holder: Holder,
}

/// Which names the certificate gets.
#[derive(Debug)]
pub(crate) enum GrantedNames {
    /// Exactly these; the request's own names are not looked at unless there is `more` that it may ask for.
    Identity { common_name: String, names: Vec<SubjectAltName>, more: Option<MoreNames> },
    /// Exactly these; the request may repeat them and must name nothing else.
    Listed { common_name: String, names: Vec<SubjectAltName> },
    /// Those of the request: an administrator decides.
    Requested,
}

/// What a request may ask for beside an identity.
#[derive(Debug)]
pub(crate) struct MoreNames {
    /// Names that it gets when it asks for them.
    pub(crate) allowed: Vec<AllowedName>,
    /// Names that clients put into requests of their own accord: they are given only if they belong to the identity,
    /// and asking for them is no reason to refuse.
    pub(crate) habitual: Vec<SubjectAltName>,
}

/// What rules say about a certificate beside its names and lifetime.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    /// What it may be used for, if not the usual.
    pub(crate) purposes: Option<Vec<Purpose>>,
    /// Organisational units of the subject.
    pub(crate) units: Vec<String>,
    /// Which rule gave what, a sentence for each.
    pub(crate) explanation: Vec<String>,
}

/// Who holds a grant, as the audit record remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    pub(crate) admin: bool,
}
