//! Provisioners that this version reads and does not serve.

use super::ProvisionerKind;
use crate::{
    Claims, Position,
    json::Members,
    shape::{
        Member,
        Shape::{Base64, Duration, Flag, Number, Text, Texts},
        check,
    },
};

/// A provisioner of a type that is not served.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherProvisioner {
    /// Its type.
    pub kind: ProvisionerKind,
    /// Its name.
    pub name: String,
    /// The id by which tokens lead to it.
    pub token_id: String,
    /// Its lifetimes and switches.
    pub claims: Claims,
    /// Where it stands.
    pub position: Position,
}

impl OtherProvisioner {
    pub(super) fn read(members: &Members<'_>, kind: ProvisionerKind, name: String, claims: Claims) -> Self {
        check(members, shape(kind));
        members.unsupported(format!(
            "the provisioner {name:?} has the type {kind}, which this version does not serve yet: remove it"
        ));
        let token_id = match kind {
            ProvisionerKind::Azure => members.text_of("tenantID").unwrap_or_default(),
            // There is no more than one of them, whatever its name.
            ProvisionerKind::K8sSa => "k8ssa/k8sSA-default".to_owned(),
            ProvisionerKind::Acme
            | ProvisionerKind::Aws
            | ProvisionerKind::Gcp
            | ProvisionerKind::Jwk
            | ProvisionerKind::Nebula
            | ProvisionerKind::Oidc
            | ProvisionerKind::Scep
            | ProvisionerKind::SshPop
            | ProvisionerKind::X5c => format!("{}/{name}", kind.name().to_lowercase()),
        };
        Self { kind, name, token_id, claims, position: members.position() }
    }
}

/// The members of a provisioner of that type, besides those that all types have.
fn shape(kind: ProvisionerKind) -> &'static [Member] {
    match kind {
        ProvisionerKind::Acme => &[
            ("forceCN", Flag),
            ("termsOfService", Text),
            ("website", Text),
            ("caaIdentities", Texts),
            ("requireEAB", Flag),
            ("challenges", Texts),
            ("attestationFormats", Texts),
            ("attestationRoots", Base64),
        ],
        ProvisionerKind::Aws => &[
            ("accounts", Texts),
            ("disableCustomSANs", Flag),
            ("disableTrustOnFirstUse", Flag),
            ("imdsVersions", Texts),
            ("instanceAge", Duration),
            ("iidRoots", Text),
        ],
        ProvisionerKind::Azure => &[
            ("tenantID", Text),
            ("resourceGroups", Texts),
            ("subscriptionIDs", Texts),
            ("objectIDs", Texts),
            ("audience", Text),
            ("disableCustomSANs", Flag),
            ("disableTrustOnFirstUse", Flag),
        ],
        ProvisionerKind::Gcp => &[
            ("serviceAccounts", Texts),
            ("projectIDs", Texts),
            ("organizationID", Text),
            ("disableCustomSANs", Flag),
            ("disableTrustOnFirstUse", Flag),
            ("disableSSHCAUser", Flag),
            ("disableSSHCAHost", Flag),
            ("instanceAge", Duration),
        ],
        ProvisionerKind::K8sSa => &[("publicKeys", Base64)],
        ProvisionerKind::Nebula | ProvisionerKind::X5c => &[("roots", Base64)],
        ProvisionerKind::Scep => &[
            ("forceCN", Flag),
            ("challenge", Text),
            ("capabilities", Texts),
            ("includeRoot", Flag),
            ("excludeIntermediate", Flag),
            ("minimumPublicKeyLength", Number),
            ("decrypterCertificate", Base64),
            ("decrypterKeyPEM", Base64),
            ("decrypterKey", Text),
            ("decrypterKeyPassword", Text),
            ("encryptionAlgorithmIdentifier", Number),
        ],
        ProvisionerKind::Jwk | ProvisionerKind::Oidc | ProvisionerKind::SshPop => &[],
    }
}
