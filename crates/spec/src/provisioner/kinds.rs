//! The shapes of provisioners that this version reads and does not serve, so that a misspelt member is still found.

use super::ProvisionerKind;
use crate::json::Members;

/// The shape of a member.
#[derive(Clone, Copy)]
enum Shape {
    Duration,
    Flag,
    Number,
    Text,
    Texts,
}

/// Check the members of a provisioner of that type.
pub(super) fn check(members: &Members<'_>, kind: ProvisionerKind) {
    for (name, shape) in shapes(kind) {
        match shape {
            Shape::Duration => drop(members.duration(name)),
            Shape::Flag => drop(members.flag(name)),
            Shape::Number => drop(members.get(name).and_then(|node| node.number())),
            Shape::Text => drop(members.text_of(name)),
            Shape::Texts => drop(members.texts(name)),
        }
    }
}

fn shapes(kind: ProvisionerKind) -> &'static [(&'static str, Shape)] {
    use Shape::{Duration, Flag, Number, Text, Texts};
    match kind {
        ProvisionerKind::Acme => &[
            ("forceCN", Flag),
            ("termsOfService", Text),
            ("website", Text),
            ("caaIdentities", Texts),
            ("requireEAB", Flag),
            ("challenges", Texts),
            ("attestationFormats", Texts),
            ("attestationRoots", Text),
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
        ProvisionerKind::K8sSa => &[("publicKeys", Text)],
        ProvisionerKind::Nebula | ProvisionerKind::X5c => &[("roots", Text)],
        ProvisionerKind::Scep => &[
            ("forceCN", Flag),
            ("challenge", Text),
            ("capabilities", Texts),
            ("includeRoot", Flag),
            ("excludeIntermediate", Flag),
            ("minimumPublicKeyLength", Number),
            ("decrypterCertificate", Text),
            ("decrypterKeyPEM", Text),
            ("decrypterKey", Text),
            ("decrypterKeyPassword", Text),
            ("encryptionAlgorithmIdentifier", Number),
        ],
        ProvisionerKind::Jwk | ProvisionerKind::Oidc | ProvisionerKind::SshPop => &[],
    }
}
