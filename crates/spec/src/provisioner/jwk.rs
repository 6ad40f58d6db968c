//! Keys as they are written down.

use serde_json::value::RawValue;

use crate::{
    Claims, Position,
    json::{Members, Node},
};

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

impl PartialEq for JwkProvisioner {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.key.get(), &self.encrypted_key, &self.claims)
            == (&other.name, other.key.get(), &other.encrypted_key, &other.claims)
    }
}

impl JwkProvisioner {
    pub(super) fn read(members: &Members<'_>, name: String, claims: Claims) -> Option<Self> {
        let encrypted_key = members.text_of("encryptedKey").unwrap_or_default();
        let Some(node) = members.get("key") else {
            members.report(format!("the provisioner {name:?} has no key"));
            return None;
        };
        let key = node.object()?;
        refuse_private(&node, &key, &name)?;
        check_public(&node, &key, &name);
        let key_id = key.text_of("kid").unwrap_or_default();
        if key_id.is_empty() {
            node.report(format!("the key of the provisioner {name:?} has no `kid`"));
        }
        Some(Self { name, key: compact(node.text())?, key_id, encrypted_key, claims, position: members.position() })
    }
}

/// The key is published, so nothing that signs may be in it.
fn refuse_private(node: &Node<'_>, key: &Members<'_>, name: &str) -> Option<()> {
    let private = PRIVATE.into_iter().find(|member| key.get(member).is_some());
    if let Some(member) = private {
        node.report(format!(
            "the key of the provisioner {name:?} is a private one (member `{member}`): only the public key belongs here"
        ));
        return None;
    }
    Some(())
}

fn check_public(node: &Node<'_>, key: &Members<'_>, name: &str) {
    let Some(kind) = key.get("kty") else {
        node.report(format!("the key of the provisioner {name:?} has no `kty`"));
        return;
    };
    let parts: &[&'static str] = match kind.string().as_deref() {
        Some("EC") => &["crv", "x", "y"],
        Some("OKP") => &["crv", "x"],
        Some("RSA") => &["n", "e"],
        Some("oct") => {
            kind.report(format!("the key of the provisioner {name:?} is a shared secret: use a key pair"));
            &[]
        }
        Some(other) => {
            kind.report(format!("keys with kty {other:?} are not known: use EC, OKP or RSA"));
            &[]
        }
        None => &[],
    };
    for part in parts {
        if key.text_of(part).unwrap_or_default().is_empty() {
            node.report(format!("the key of the provisioner {name:?} has no `{part}`"));
        }
    }
}

/// The same JSON without white space.
fn compact(text: &str) -> Option<Box<RawValue>> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    serde_json::value::to_raw_value(&value).ok()
}

const PRIVATE: [&str; 8] = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];
