//! Choosing the provisioner that a token is asked of.

use anyhow::bail;
use rung_api::body::{JwkProvisioner, OidcProvisioner, Provisioner};
use serde_json::Value;

use crate::failure::Usage;
use crate::ui::{Choice, Question, Ui, shown};

/// A provisioner that tokens can be made for.
#[derive(Debug, Clone)]
pub(crate) enum Usable {
    /// Tokens are signed with its key.
    Jwk(JwkUse),
    /// Tokens come from a login.
    Oidc(Box<OidcProvisioner>),
}

/// What is needed of a JWK provisioner.
#[derive(Debug, Clone)]
pub(crate) struct JwkUse {
    pub(crate) name: String,
    pub(crate) key_id: String,
    /// The public key, JSON.
    pub(crate) key: String,
    /// The encrypted private key; empty when the list does not have it.
    pub(crate) encrypted_key: String,
}

/// How to narrow the choice down.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// The value of `--provisioner`.
    pub(crate) name: Option<String>,
    /// The value of `--kid`.
    pub(crate) key_id: Option<String>,
}

impl Usable {
    fn name(&self) -> &str {
        match self {
            Self::Jwk(jwk) => &jwk.name,
            Self::Oidc(oidc) => &oidc.name,
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Jwk(jwk) => &jwk.key_id,
            Self::Oidc(oidc) => &oidc.client_id,
        }
    }

    /// As the list shows it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Jwk(jwk) => format!("{} (JWK) [kid: {}]", jwk.name, jwk.key_id),
            Self::Oidc(oidc) => format!("{} (OIDC) [client: {}]", oidc.name, oidc.client_id),
        }
    }

    /// What can be used of a provisioner, if this version can use it.
    fn of(provisioner: &Provisioner) -> Option<Self> {
        match provisioner {
            Provisioner::Jwk(jwk) => jwk_use(jwk).map(Self::Jwk),
            Provisioner::Oidc(oidc) => Some(Self::Oidc(oidc.clone())),
            Provisioner::Other(_) => None,
        }
    }
}

fn jwk_use(jwk: &JwkProvisioner) -> Option<JwkUse> {
    let key: Value = serde_json::from_str(jwk.key.get()).ok()?;
    Some(JwkUse {
        name: jwk.name.clone(),
        key_id: key["kid"].as_str()?.to_owned(),
        key: jwk.key.get().to_owned(),
        encrypted_key: jwk.encrypted_key.clone(),
    })
}

/// Choose one of the CA's provisioners, asking when several fit.
pub(crate) fn choose(all: &[Provisioner], wanted: &Wanted, ui: &Ui) -> anyhow::Result<Usable> {
    let chosen = fitting(all, wanted)?;
    let question = Question {
        what: "the provisioner",
        remedy: "choose one with --provisioner NAME",
        heading: "What provisioner key do you want to use?",
        label: "Provisioner",
    };
    let choices = chosen.into_iter().map(|usable| Choice { text: usable.describe(), value: usable }).collect();
    let usable = ui.select(&question, choices)?;
    if let Some((state, reason)) = trouble(all, usable.name()) {
        ui.warning(&format!("The CA says that this provisioner is {state}: {reason}"));
    }
    Ok(usable)
}

/// What keeps a provisioner from working, as the CA sees it; one that is ready says so, too.
pub(super) fn trouble<'a>(all: &'a [Provisioner], name: &str) -> Option<(&'a str, &'a str)> {
    let found = all.iter().find(|one| one.name() == name).and_then(Provisioner::trouble);
    found.filter(|(state, _)| !state.eq_ignore_ascii_case("ready"))
}

/// The provisioners that can be used and are wanted; never none.
pub(super) fn fitting(all: &[Provisioner], wanted: &Wanted) -> anyhow::Result<Vec<Usable>> {
    if all.is_empty() {
        bail!("cannot create a new token: the CA does not have any provisioner configured");
    }
    let mut usable: Vec<Usable> = all.iter().filter_map(Usable::of).collect();
    if usable.is_empty() {
        let kinds: Vec<&str> = all.iter().map(Provisioner::kind).collect();
        bail!("the CA has only provisioners of types that this version cannot use ({})", kinds.join(", "));
    }
    if let Some(key_id) = &wanted.key_id {
        usable.retain(|one| one.id() == key_id);
        if usable.is_empty() {
            return Err(Usage::new(format!("invalid value '{key_id}' for flag '--kid'")).into());
        }
    }
    if let Some(name) = &wanted.name {
        if let Some(other) = all.iter().find(|one| one.name() == name && Usable::of(one).is_none()) {
            bail!("provisioner '{name}' has the type {}, which this version cannot use", shown(other.kind()));
        }
        let names: Vec<String> = usable.iter().map(|one| one.name().to_owned()).collect();
        usable.retain(|one| one.name() == name);
        if usable.is_empty() {
            let problem = format!("invalid value '{name}' for flag '--provisioner'; options are {}", names.join(", "));
            return Err(Usage::new(problem).into());
        }
    }
    Ok(usable)
}
