//! Provisioners as they are written down.

mod jwk;
mod kind;
pub mod oidc;
mod other;

use crate::{
    Claims, Position, ResolvedClaims, features,
    json::{Members, Node},
};
pub use jwk::JwkProvisioner;
pub use kind::ProvisionerKind;
pub use oidc::OidcProvisioner;
pub use other::OtherProvisioner;

/// A provisioner as it is written down.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there are few of them, and they are read once")]
pub enum Provisioner {
    /// Whoever holds a key.
    Jwk(JwkProvisioner),
    /// An OpenID provider.
    Oidc(OidcProvisioner),
    /// One of a type that this version reads but does not serve.
    Other(OtherProvisioner),
}

impl Provisioner {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Jwk(jwk) => &jwk.name,
            Self::Oidc(oidc) => &oidc.name,
            Self::Other(other) => &other.name,
        }
    }

    /// Its type.
    pub fn kind(&self) -> ProvisionerKind {
        match self {
            Self::Jwk(_) => ProvisionerKind::Jwk,
            Self::Oidc(_) => ProvisionerKind::Oidc,
            Self::Other(other) => other.kind,
        }
    }

    /// Its lifetimes and switches.
    pub fn claims(&self) -> &Claims {
        match self {
            Self::Jwk(jwk) => &jwk.claims,
            Self::Oidc(oidc) => &oidc.claims,
            Self::Other(other) => &other.claims,
        }
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        match self {
            Self::Jwk(jwk) => jwk.position,
            Self::Oidc(oidc) => oidc.position,
            Self::Other(other) => other.position,
        }
    }

    /// All the ids by which tokens lead to it; the first is [`Self::token_id`].
    pub fn token_ids(&self) -> Vec<String> {
        let mut ids = vec![self.token_id()];
        if let Self::Oidc(oidc) = self {
            for audience in &oidc.audiences {
                if !ids.contains(audience) {
                    ids.push(audience.clone());
                }
            }
        }
        ids
    }

    /// The id by which tokens lead to it.
    pub fn token_id(&self) -> String {
        match self {
            Self::Jwk(jwk) => format!("{}:{}", jwk.name, jwk.key_id),
            Self::Oidc(oidc) => oidc.client_id.clone(),
            Self::Other(other) => other.token_id.clone(),
        }
    }

    pub(crate) fn read(node: &Node<'_>, authority: &ResolvedClaims) -> Option<Self> {
        let members = node.object()?;
        let kind = kind(&members)?;
        let name = name(&members);
        let (claims, bounds) = claims(&members, authority, &name);
        features::refuse_options(&members);
        let provisioner = match kind {
            ProvisionerKind::Jwk => JwkProvisioner::read(&members, name, claims).map(Self::Jwk),
            ProvisionerKind::Oidc => Some(Self::Oidc(OidcProvisioner::read(&members, name, claims, &bounds))),
            other => Some(Self::Other(OtherProvisioner::read(&members, other, name, claims))),
        };
        members.finish();
        provisioner
    }
}

/// The claims of a provisioner, and what they make of those of the authority.
fn claims(members: &Members<'_>, authority: &ResolvedClaims, name: &str) -> (Claims, ResolvedClaims) {
    let Some(object) = members.object("claims") else { return (Claims::default(), *authority) };
    let claims = Claims::read(&object);
    let resolved = authority.apply(&claims).unwrap_or_else(|problem| {
        object.report(format!("the claims of the provisioner {name:?} contradict each other: {problem}"));
        *authority
    });
    (claims, resolved)
}

/// Names are parts of addresses and of token ids, so what would be ambiguous there is refused.
fn name(members: &Members<'_>) -> String {
    let Some(node) = members.get("name") else {
        members.report("the provisioner has no name");
        return String::new();
    };
    let Some(name) = node.string() else { return String::new() };
    if name.trim().is_empty() {
        node.report("the name of a provisioner must not be empty");
    } else if name.trim() != name {
        node.report("the name of a provisioner must not start or end with a space");
    }
    if let Some(bad) = name.chars().find(|character| character.is_control() || "/#%?".contains(*character)) {
        node.report(format!("the name of a provisioner must not contain {bad:?}"));
    }
    name
}

fn kind(members: &Members<'_>) -> Option<ProvisionerKind> {
    let names = || ProvisionerKind::ALL.map(ProvisionerKind::name).join(", ");
    let Some(node) = members.get("type") else {
        members.report(format!("the provisioner has no type; the types are {}", names()));
        return None;
    };
    let text = node.string()?;
    let kind = ProvisionerKind::parse(&text);
    if kind.is_none() {
        node.report(format!("{text:?} is not a type of provisioner; the types are {}", names()));
    }
    kind
}

/// The members of provisioners that are served, and of their claims, as they are usually written.
pub(crate) const NAMES: &[&str] = &[
    "type",
    "name",
    "key",
    "encryptedKey",
    "clientID",
    "clientSecret",
    "configurationEndpoint",
    "tenantID",
    "admins",
    "adminGroups",
    "domains",
    "groups",
    "listenAddress",
    "scopes",
    "authParams",
    "requireVerifiedEmail",
    "identity",
    "require",
    "groupsClaim",
    "rules",
    "audiences",
    "authorizedParties",
    "clockTolerance",
    "requireIssuedAt",
    "claims",
    "options",
    "minTLSCertDuration",
    "maxTLSCertDuration",
    "defaultTLSCertDuration",
    "minUserSSHCertDuration",
    "maxUserSSHCertDuration",
    "defaultUserSSHCertDuration",
    "minHostSSHCertDuration",
    "maxHostSSHCertDuration",
    "defaultHostSSHCertDuration",
    "enableSSHCA",
    "disableRenewal",
    "allowRenewalAfterExpiry",
    "disableSmallstepExtensions",
];
