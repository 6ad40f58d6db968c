//! Provisioners as they are written down.

mod kinds;
mod oidc;

use std::fmt;

use serde_json::value::RawValue;

use crate::{
    Claims, Position, ResolvedClaims,
    json::{Members, Node},
};
pub use oidc::OidcProvisioner;

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

/// The type of a provisioner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvisionerKind {
    /// ACME accounts.
    Acme,
    /// Amazon instance identities.
    Aws,
    /// Azure managed identities.
    Azure,
    /// Google instance identities.
    Gcp,
    /// Keys.
    Jwk,
    /// Kubernetes service accounts.
    K8sSa,
    /// Nebula certificates.
    Nebula,
    /// OpenID providers.
    Oidc,
    /// SCEP clients.
    Scep,
    /// SSH certificates.
    SshPop,
    /// Certificates of another authority.
    X5c,
}

/// A provisioner whose tokens are signed with a key.
#[derive(Debug, Clone)]
pub struct JwkProvisioner {
    /// Its name.
    pub name: String,
    /// The public key, a JWK.
    pub key: Box<RawValue>,
    /// The key's id.
    pub key_id: String,
    /// The private key, a compact JWE; empty when it is kept elsewhere.
    pub encrypted_key: String,
    /// Its lifetimes and switches.
    pub claims: Claims,
    /// Where it stands.
    pub position: Position,
}

/// A provisioner of a type that is not served.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherProvisioner {
    /// Its type.
    pub kind: ProvisionerKind,
    /// Its name.
    pub name: String,
    /// Its lifetimes and switches.
    pub claims: Claims,
    /// Where it stands.
    pub position: Position,
}

impl PartialEq for JwkProvisioner {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.key.get(), &self.encrypted_key, &self.claims)
            == (&other.name, other.key.get(), &other.encrypted_key, &other.claims)
    }
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

    /// The id by which tokens lead to it.
    pub fn token_id(&self) -> String {
        match self {
            Self::Jwk(jwk) => format!("{}:{}", jwk.name, jwk.key_id),
            Self::Oidc(oidc) => oidc.client_id.clone(),
            Self::Other(other) => format!("{}/{}", other.kind.to_string().to_lowercase(), other.name),
        }
    }

    pub(crate) fn read(node: &Node<'_>, authority: &ResolvedClaims) -> Option<Self> {
        let members = node.object()?;
        let kind = kind(&members)?;
        let name = name(&members);
        let claims = members.object("claims").map(|claims| Claims::read(&claims)).unwrap_or_default();
        if let Err(problem) = authority.apply(&claims) {
            members.report(format!("the claims of the provisioner {name:?} contradict each other: {problem}"));
        }
        refuse_options(&members);
        let provisioner = match kind {
            ProvisionerKind::Jwk => Self::Jwk(JwkProvisioner::read(&members, name, claims)?),
            ProvisionerKind::Oidc => Self::Oidc(OidcProvisioner::read(&members, name, claims)),
            other => {
                kinds::check(&members, other);
                members.report(format!(
                    "the provisioner {name:?} has the type {other}, which this version does not serve yet: remove it"
                ));
                Self::Other(OtherProvisioner { kind: other, name, claims, position: members.position() })
            }
        };
        members.finish();
        Some(provisioner)
    }
}

/// Names are parts of addresses and of token ids, so what would be ambiguous there is refused.
fn name(members: &Members<'_>) -> String {
    let Some(node) = members.get("name") else {
        members.report("the provisioner has no name");
        return String::new();
    };
    let name = node.string().unwrap_or_default();
    if name.is_empty() {
        node.report("the name of a provisioner must not be empty");
    }
    if let Some(bad) = name.chars().find(|character| character.is_control() || "/#%?".contains(*character)) {
        node.report(format!("the name of a provisioner must not contain {bad:?}"));
    }
    name
}

fn kind(members: &Members<'_>) -> Option<ProvisionerKind> {
    let Some(node) = members.get("type") else {
        members.report(format!("the provisioner has no type; the types are {}", ProvisionerKind::NAMES.join(", ")));
        return None;
    };
    let text = node.string()?;
    let kind = ProvisionerKind::parse(&text);
    if kind.is_none() {
        node.report(format!(
            "{text:?} is not a type of provisioner; the types are {}",
            ProvisionerKind::NAMES.join(", ")
        ));
    }
    kind
}

/// Templates and webhooks decide what certificates say: leaving them out silently would change what is issued.
fn refuse_options(members: &Members<'_>) {
    let Some(options) = members.object("options") else { return };
    for (name, what) in
        [("x509", "certificate templates"), ("ssh", "SSH templates"), ("webhooks", "webhooks"), ("wire", "Wire")]
    {
        if let Some(node) = options.get(name).filter(|node| !node.is_empty()) {
            node.report(format!("{what} are not supported by this version yet: remove the member"));
        }
    }
    options.finish();
}

impl JwkProvisioner {
    fn read(members: &Members<'_>, name: String, claims: Claims) -> Option<Self> {
        let encrypted_key = members.text_of("encryptedKey").unwrap_or_default();
        let Some(node) = members.get("key") else {
            members.report(format!("the provisioner {name:?} has no key"));
            return None;
        };
        let key = node.object()?;
        for private in ["d", "k", "p", "q", "dp", "dq", "qi"] {
            if key.get(private).is_some() {
                node.report(format!("the key of the provisioner {name:?} is a private one (member `{private}`): only the public key belongs here"));
                return None;
            }
        }
        if key.text_of("kty").as_deref() == Some("oct") {
            node.report(format!("the key of the provisioner {name:?} is a shared secret: use a key pair"));
        }
        let key_id = key.text_of("kid").unwrap_or_default();
        if key_id.is_empty() {
            node.report(format!("the key of the provisioner {name:?} has no `kid`"));
        }
        let raw = RawValue::from_string(node.text().to_owned()).ok()?;
        Some(Self { name, key: compact(&raw), key_id, encrypted_key, claims, position: members.position() })
    }
}

/// The same JSON without white space.
fn compact(raw: &RawValue) -> Box<RawValue> {
    let value: serde_json::Value = serde_json::from_str(raw.get()).expect("the text was parsed before");
    serde_json::value::to_raw_value(&value).expect("a JSON value can be written")
}

impl ProvisionerKind {
    /// All types, as they are written.
    pub const NAMES: [&'static str; 11] =
        ["ACME", "AWS", "Azure", "GCP", "JWK", "K8sSA", "Nebula", "OIDC", "SCEP", "SSHPOP", "X5C"];

    /// The type with that name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        const KINDS: [ProvisionerKind; 11] = [
            ProvisionerKind::Acme,
            ProvisionerKind::Aws,
            ProvisionerKind::Azure,
            ProvisionerKind::Gcp,
            ProvisionerKind::Jwk,
            ProvisionerKind::K8sSa,
            ProvisionerKind::Nebula,
            ProvisionerKind::Oidc,
            ProvisionerKind::Scep,
            ProvisionerKind::SshPop,
            ProvisionerKind::X5c,
        ];
        KINDS.into_iter().find(|kind| kind.to_string().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for ProvisionerKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Acme => "ACME",
            Self::Aws => "AWS",
            Self::Azure => "Azure",
            Self::Gcp => "GCP",
            Self::Jwk => "JWK",
            Self::K8sSa => "K8sSA",
            Self::Nebula => "Nebula",
            Self::Oidc => "OIDC",
            Self::Scep => "SCEP",
            Self::SshPop => "SSHPOP",
            Self::X5c => "X5C",
        })
    }
}
