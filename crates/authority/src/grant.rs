//! What a verified credential lets its holder ask for.

use std::sync::Arc;

use rung_pki::{Extension, SubjectAltName};
use rung_spec::ResolvedClaims;

use crate::store::{ProvisionerRef, TokenUse};

/// What a verified credential lets its holder ask for. Made only by a provisioner.
#[derive(Debug)]
pub struct Grant {
    pub(crate) provisioner: Arc<ProvisionerRef>,
    pub(crate) claims: Arc<ResolvedClaims>,
    pub(crate) extension: Option<Arc<Extension>>,
    pub(crate) token: TokenUse,
    pub(crate) names: GrantedNames,
    /// The certificate request that the token is bound to, as base64url of its SHA-256.
    pub(crate) confirmation: Option<String>,
    /// Who it is, for the audit record.
    pub(crate) holder: Holder,
}

/// Which names the certificate gets.
#[derive(Debug)]
pub(crate) enum GrantedNames {
    /// Exactly these; the request's own names are not looked at.
    Identity { common_name: String, names: Vec<SubjectAltName> },
    /// Exactly these; the request may repeat them and must name nothing else.
    Listed { common_name: String, names: Vec<SubjectAltName> },
    /// Those of the request: an administrator decides.
    Requested,
}

/// Who holds a grant, as the audit record remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    pub(crate) admin: bool,
}
