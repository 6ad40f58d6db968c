//! `ca provisioner update`

use anyhow::anyhow;
use rung_spec::edit;
use serde_json::{Map, Value};

use super::config::{self, ConfigFile};
use super::{claims, jwk, oidc, rules};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "update",
    summary: "change a provisioner in the configuration of the CA",
    description: "Changes what the flags name in a provisioner of ca.json; everything else stays as it is, and the \
        provisioner stays in its place. Flags that can be given several times add to what is there. Send SIGHUP to \
        the CA afterwards.",
    arguments: &[Argument { name: "<name>", count: Count::One, help: "Name of the provisioner." }],
    flags: &[
        &[
            Flag::value(&["name"], "<new-name>", "Give the provisioner another name.").only_on_the_command_line(),
            Flag::list(&["remove-domain"], "<domain>", "OIDC: take this <domain> off the list."),
            Flag::list(&["remove-group"], "<group>", "OIDC: take this <group> off the list."),
            Flag::list(&["remove-admin"], "<email>", "OIDC: this person is no admin any more."),
            Flag::list(&["remove-admin-group"], "<group>", "OIDC: members of this <group> are no admins any more."),
            Flag::list(&["remove-scope"], "<scope>", "OIDC: do not ask for this <scope> any more."),
            Flag::list(&["remove-auth-param"], "<key=value>", "OIDC: take this parameter off the list."),
        ],
        jwk::FLAGS,
        oidc::FLAGS,
        rules::FLAGS,
        rules::REMOVING,
        claims::FLAGS,
        config::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Let in people of another mail domain too:",
            lines: &["ca provisioner update sso --domain example.net"],
        },
        Example {
            purpose: "Make certificates last 8 hours:",
            lines: &["ca provisioner update sso --x509-default-dur 8h"],
        },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let name = call.argument(0).unwrap_or_default();
    let file = ConfigFile::open(call)?;
    let current = edit::provisioner(&file.text, name).map_err(|error| file.explain(error))?;
    let Value::Object(mut provisioner) = current else { return Err(anyhow!("provisioner {name} is not an object")) };
    let kind = provisioner.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase();
    match kind.as_str() {
        "JWK" => {
            refuse_typed(call, oidc::FLAGS, &kind)?;
            refuse_typed(call, rules::FLAGS, &kind)?;
            refuse_typed(call, rules::REMOVING, &kind)?;
            jwk::apply(call, &mut provisioner)?;
        }
        "OIDC" => {
            refuse_typed(call, jwk::FLAGS, &kind)?;
            oidc::apply(call, &mut provisioner)?;
            rules::apply_removals(call, &mut provisioner)?;
            rules::apply(call, &mut provisioner)?;
            for (flag, member) in oidc::LISTS {
                oidc::remove(&mut provisioner, member, &call.list(&format!("remove-{flag}"))?);
            }
        }
        other => return Err(anyhow!("provisioners of type {other} are not supported by this version")),
    }
    claims::apply(call, &mut provisioner)?;
    rename(call, &mut provisioner)?;
    let changed = edit::update_provisioner(&file.text, &file.path, name, &Value::Object(provisioner));
    file.save(call, changed)
}

fn rename(call: &Call, provisioner: &mut Map<String, Value>) -> anyhow::Result<()> {
    if let Some(name) = call.text("name")? {
        provisioner.insert("name".to_owned(), name.into());
    }
    Ok(())
}

/// A flag of another type would be lost without a word.
pub(super) fn refuse_typed(call: &Call, flags: &[Flag], kind: &str) -> Result<(), Usage> {
    match flags.iter().find(|flag| call.is_typed(flag.name())) {
        Some(flag) => Err(Usage::new(format!("flag '--{}' does not fit a provisioner of type {kind}", flag.name()))),
        None => Ok(()),
    }
}
