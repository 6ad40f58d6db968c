//! Provisioners of type OIDC: their flags, and what they become in `ca.json`.

use rung_api::oidc;
use rung_api::outbound::Fetcher;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;

/// Flags of a provisioner of type OIDC.
pub(super) static FLAGS: &[Flag] = &[
    Flag::value(&["client-id"], "<id>", "OIDC: id under which the identity provider knows the CA."),
    Flag::value(&["client-secret"], "<secret>", "OIDC: secret to the id; everybody who asks the CA gets to see it."),
    Flag::value(
        &["configuration-endpoint"],
        "<url>",
        "OIDC: address of the identity provider, or of its /.well-known/openid-configuration.",
    ),
    Flag::list(&["domain"], "<domain>", "OIDC: let in only people with an e-mail address in this <domain>."),
    Flag::list(&["group"], "<group>", "OIDC: let in only members of this <group>."),
    Flag::list(
        &["admin"],
        "<email>",
        "OIDC: give this person certificates for any name; everybody else gets their own names only.",
    ),
    Flag::list(&["admin-group"], "<group>", "OIDC: the same for all members of this <group>."),
    Flag::value(&["listen-address"], "<address>", "OIDC: where logins come back to, such as 127.0.0.1:10000."),
    Flag::value(&["tenant-id"], "<id>", "OIDC: tenant of a provider that serves several."),
    Flag::list(&["scope"], "<scope>", "OIDC: scope to ask for; 'openid' and 'email' without it."),
    Flag::list(&["auth-param"], "<key=value>", "OIDC: parameter to add to the address of the login."),
    Flag::switch(&["require-verified-email"], "OIDC: trust only verified e-mail addresses; =false to trust all."),
];

/// Put what the flags say into a provisioner; those that are not given stay.
pub(super) fn apply(call: &Call, provisioner: &mut Map<String, Value>) -> anyhow::Result<()> {
    for (flag, member) in TEXTS {
        if let Some(text) = call.text(flag)? {
            provisioner.insert(member.to_owned(), text.into());
        }
    }
    if let Some(endpoint) = call.text("configuration-endpoint")? {
        let has_scheme = ["https://", "http://"].iter().any(|scheme| endpoint.to_ascii_lowercase().starts_with(scheme));
        if !has_scheme {
            return Err(Usage::new(format!("invalid value '{endpoint}' for flag '--configuration-endpoint'")).into());
        }
    }
    for (flag, member) in LISTS {
        let added = call.list(flag)?;
        if flag == "admin" && added.iter().any(|admin| !admin.contains('@')) {
            return Err(Usage::new("flag '--admin' takes e-mail addresses; use --admin-group for a group").into());
        }
        extend(provisioner, member, added);
    }
    if let Some(on) = call.switch_if_given("require-verified-email")? {
        provisioner.insert("requireVerifiedEmail".to_owned(), on.into());
    }
    Ok(())
}

/// Add values to a list, each once.
pub(super) fn extend(provisioner: &mut Map<String, Value>, member: &str, added: Vec<String>) {
    if added.is_empty() {
        return;
    }
    let mut values: Vec<Value> = provisioner.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    for value in added.into_iter().map(Value::from) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    provisioner.insert(member.to_owned(), values.into());
}

/// Take values out of a list.
pub(super) fn remove(provisioner: &mut Map<String, Value>, member: &str, removed: &[String]) {
    if let Some(Value::Array(values)) = provisioner.get_mut(member) {
        values.retain(|value| !removed.iter().any(|text| value == text));
    }
}

/// Look whether the provider answers. If not, the person should know; the CA itself will try again and again.
pub(super) fn try_out(call: &Call, provisioner: &Map<String, Value>) {
    let text = |member: &str| provisioner.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let endpoint = text("configurationEndpoint");
    if let Err(error) = oidc::fetch_metadata(&Fetcher::default(), &endpoint, &text("tenantID")) {
        let name = text("name");
        call.ui.warning(&format!(
            "The identity provider cannot be used from here at the moment ({error}). The CA tries again by itself; \
             'ca provisioner doctor {name}' says more."
        ));
    }
}

const TEXTS: [(&str, &str); 5] = [
    ("client-id", "clientID"),
    ("client-secret", "clientSecret"),
    ("configuration-endpoint", "configurationEndpoint"),
    ("tenant-id", "tenantID"),
    ("listen-address", "listenAddress"),
];
/// Flags that can be given several times, with the member each goes to.
pub(super) const LISTS: [(&str, &str); 6] = [
    ("domain", "domains"),
    ("group", "groups"),
    ("admin", "admins"),
    ("admin-group", "adminGroups"),
    ("scope", "scopes"),
    ("auth-param", "authParams"),
];
