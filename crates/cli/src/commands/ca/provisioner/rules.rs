//! The flags for rules for identity of an OpenID provider, and what they become in `ca.json`.

use anyhow::Context as _;
use rung_spec::GoDuration;
use serde_json::{Map, Value, json};

use super::oidc::{extend, remove};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::input;

/// Flags for rules of a provisioner of type OIDC.
pub(super) static FLAGS: &[Flag] = &[
    Flag::list(
        &["identity-claim"],
        "<claim>",
        "OIDC: the claim that names the person, such as email, upn, preferred_username or oid, in place of sub and \
         email. Several are tried in their order. Dots lead into a claim, as in realm_access.roles.",
    )
    .only_on_the_command_line(),
    Flag::value(
        &["identity-as"],
        "<kind>",
        "OIDC: what the value of that claim becomes: email, dns or uri for a name of that kind, or name for the common \
         name alone.",
    )
    .only_on_the_command_line(),
    Flag::value(
        &["common-name"],
        "<claim>",
        "OIDC: the claim for the common name, or a text with claims in braces such as '{name} ({oid})'.",
    )
    .only_on_the_command_line(),
    Flag::value(
        &["identity-uri"],
        "<pattern>",
        "OIDC: a URI to put into certificates, with claims in braces, such as 'spiffe://example.com/user/{sub}'.",
    )
    .only_on_the_command_line(),
    Flag::switch(
        &["issuer-uri"],
        "OIDC: put issuer and subject of the login into certificates as a URI; =false to leave it out.",
    )
    .only_on_the_command_line(),
    Flag::list(
        &["require"],
        "<claim=value>",
        "OIDC: let in only tokens in which the <claim> has this value, such as hd=example.com or 'sub=repo:my-org/*'. \
         Several claims must all be right; of several values for one claim, one.",
    )
    .only_on_the_command_line(),
    Flag::value(
        &["groups-claim"],
        "<claim>",
        "OIDC: where the groups stand, such as roles or realm_access.roles; 'groups' without it.",
    )
    .only_on_the_command_line(),
    Flag::list(&["audience"], "<audience>", "OIDC: take tokens for this <audience> too, beside the client id.")
        .only_on_the_command_line(),
    Flag::list(
        &["authorized-party"],
        "<client-id>",
        "OIDC: take tokens that this other client asked for (azp), as for a second app of the same provider.",
    )
    .only_on_the_command_line(),
    Flag::value(
        &["clock-tolerance"],
        "<duration>",
        "OIDC: how far the provider's clock may differ, up to 5m; 1m without it.",
    )
    .only_on_the_command_line(),
    Flag::switch(
        &["require-issued-at"],
        "OIDC: refuse tokens that do not say when they were issued; =false for SPIFFE tokens without it.",
    )
    .only_on_the_command_line(),
    Flag::value(
        &["rules"],
        "<file>",
        "OIDC: file with a JSON list of rules: who gets which further names, lifetimes and uses. '-' is standard \
         input. The list replaces the one that is there.",
    )
    .only_on_the_command_line(),
];

/// Flags that take rules away again.
pub(super) static REMOVING: &[Flag] = &[
    Flag::switch(&["remove-identity"], "OIDC: name people by subject and e-mail address again.")
        .only_on_the_command_line(),
    Flag::list(&["remove-require"], "<claim>", "OIDC: do not look at this <claim> any more.")
        .only_on_the_command_line(),
    Flag::switch(&["remove-rules"], "OIDC: take all rules away.").only_on_the_command_line(),
    Flag::list(&["remove-audience"], "<audience>", "OIDC: take this <audience> off the list.")
        .only_on_the_command_line(),
    Flag::list(&["remove-authorized-party"], "<client-id>", "OIDC: take this client off the list.")
        .only_on_the_command_line(),
];

/// Put what the flags say into a provisioner; those that are not given stay.
pub(super) fn apply(call: &Call, provisioner: &mut Map<String, Value>) -> anyhow::Result<()> {
    refuse_empty(call)?;
    apply_identity(call, provisioner)?;
    apply_requirements(call, provisioner)?;
    if let Some(path) = call.text("groups-claim")? {
        provisioner.insert("groupsClaim".to_owned(), path.into());
    }
    for (flag, member) in LISTS {
        extend(provisioner, member, call.list(flag)?);
    }
    if let Some(text) = call.text("clock-tolerance")? {
        let tolerance: GoDuration = text.parse().map_err(|_| {
            Usage::new(format!("invalid value \"{text}\" for flag -clock-tolerance: parse error"))
                .with_hint("Give a duration such as 30s or 2m.".to_owned())
        })?;
        provisioner.insert("clockTolerance".to_owned(), tolerance.to_string().into());
    }
    if let Some(on) = call.switch_if_given("require-issued-at")? {
        provisioner.insert("requireIssuedAt".to_owned(), on.into());
    }
    if let Some(file) = call.text("rules")? {
        provisioner.insert("rules".to_owned(), read_rules(&file)?);
    }
    Ok(())
}

/// Take away what the removing flags name.
pub(super) fn apply_removals(call: &Call, provisioner: &mut Map<String, Value>) -> anyhow::Result<()> {
    for (flag, member) in [("remove-identity", "identity"), ("remove-rules", "rules")] {
        if call.switch(flag)? {
            provisioner.shift_remove(member);
        }
    }
    let claims = call.list("remove-require")?;
    if let Some(Value::Object(require)) = provisioner.get_mut("require") {
        require.retain(|claim, _| !claims.contains(claim));
        if require.is_empty() {
            provisioner.shift_remove("require");
        }
    }
    for (flag, member) in LISTS {
        remove(provisioner, member, &call.list(&format!("remove-{flag}"))?);
    }
    Ok(())
}

/// An empty value, as of a variable that is not set, would let everybody in where a few were meant.
fn refuse_empty(call: &Call) -> anyhow::Result<()> {
    if call.is_typed("require") && call.list("require")?.is_empty() {
        return Err(Usage::new("flag '--require' has an empty value; write claim=value, such as hd=example.com").into());
    }
    for flag in ["rules", "groups-claim"] {
        if call.is_typed(flag) && call.text(flag)?.is_none() {
            return Err(Usage::new(format!("flag '--{flag}' has an empty value")).into());
        }
    }
    Ok(())
}

fn apply_identity(call: &Call, provisioner: &mut Map<String, Value>) -> anyhow::Result<()> {
    let mut identity = match provisioner.get("identity") {
        Some(Value::Object(identity)) => identity.clone(),
        _ => Map::new(),
    };
    let claims = call.list("identity-claim")?;
    match claims.as_slice() {
        [] => {}
        [claim] => drop(identity.insert("claim".to_owned(), claim.as_str().into())),
        // Their order is what they are given for, so they replace those that are there.
        claims => drop(identity.insert("claim".to_owned(), claims.into())),
    }
    for (flag, member) in IDENTITY_TEXTS {
        if let Some(text) = call.text(flag)? {
            identity.insert(member.to_owned(), text.into());
        }
    }
    if let Some(on) = call.switch_if_given("issuer-uri")? {
        identity.insert("issuerUri".to_owned(), on.into());
    }
    if identity.contains_key("claim") && !identity.contains_key("as") {
        let usage = Usage::new("flag '--identity-claim' requires the '--identity-as' flag");
        return Err(usage.with_hint("Give --identity-as email, dns, uri or name.".to_owned()).into());
    }
    if !identity.is_empty() {
        provisioner.insert("identity".to_owned(), identity.into());
    }
    Ok(())
}

fn apply_requirements(call: &Call, provisioner: &mut Map<String, Value>) -> anyhow::Result<()> {
    let given = call.list("require")?;
    if given.is_empty() {
        return Ok(());
    }
    let mut require = match provisioner.get("require") {
        Some(Value::Object(require)) => require.clone(),
        _ => Map::new(),
    };
    for text in given {
        let Some((claim, value)) = text.split_once('=').filter(|(claim, value)| !claim.is_empty() && !value.is_empty())
        else {
            let usage = Usage::new(format!("invalid value '{text}' for flag '--require'"));
            return Err(usage.with_hint("Write claim=value, such as hd=example.com.".to_owned()).into());
        };
        let values = match require.get(claim) {
            None => json!(value),
            Some(Value::Array(values)) if values.iter().any(|known| known == value) => continue,
            Some(Value::Array(values)) => values.iter().cloned().chain([value.into()]).collect(),
            Some(known) if known == value => continue,
            Some(known) => json!([known, value]),
        };
        require.insert(claim.to_owned(), values);
    }
    provisioner.insert("require".to_owned(), require.into());
    Ok(())
}

fn read_rules(file: &str) -> anyhow::Result<Value> {
    let contents = input::read("the rules", file)?;
    let rules: Value =
        serde_json::from_slice(&contents).with_context(|| format!("{} is not JSON", input::name(file)))?;
    match rules {
        Value::Array(_) => Ok(rules),
        _ => Err(Usage::new(format!("{} does not hold a list of rules in brackets", input::name(file)))
            .with_hint("Write [{\"groups\": [\"ops\"], \"names\": [\"*.ops.example.com\"]}].".to_owned())
            .into()),
    }
}

/// Flags that can be given several times, with the member each goes to.
const LISTS: [(&str, &str); 2] = [("audience", "audiences"), ("authorized-party", "authorizedParties")];
const IDENTITY_TEXTS: [(&str, &str); 3] =
    [("identity-as", "as"), ("common-name", "commonName"), ("identity-uri", "uri")];
