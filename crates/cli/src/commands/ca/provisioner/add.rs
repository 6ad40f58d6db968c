//! `ca provisioner add`

use rung_spec::edit;
use serde_json::{Map, Value};

use super::config::{self, ConfigFile};
use super::{claims, jwk, oidc, preset, rules, update};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "add",
    summary: "add a provisioner to the configuration of the CA",
    description: "Adds a provisioner to ca.json, behind those that are there. Nothing else in the file changes, and \
        nothing changes at all when the result would not be a good configuration. Send SIGHUP to the CA afterwards.\n\n\
        Type JWK: whoever knows the password of the provisioner's key gets certificates for any name. Type OIDC: \
        whoever logs in at the identity provider gets certificates for their own names.",
    arguments: &[Argument { name: "<name>", count: Count::One, help: "Name of the provisioner." }],
    flags: &[
        &[Flag::value(&["type"], "<type>", "JWK (the default) or OIDC.")],
        preset::FLAGS,
        jwk::FLAGS,
        oidc::FLAGS,
        rules::FLAGS,
        claims::FLAGS,
        config::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Let the people of one mail domain in by their login:",
            lines: &[
                "ca provisioner add sso --type OIDC --client-id rung --client-secret s3cret \\",
                "    --domain example.com \\",
                "    --configuration-endpoint https://idp.example.com/.well-known/openid-configuration",
            ],
        },
        Example {
            purpose: "The same for a provider that is known; what is missing is asked for:",
            lines: &[
                "ca provisioner add google --preset google --client-id ID --client-secret SECRET \\",
                "    --domain example.com",
            ],
        },
        Example {
            purpose: "Let jobs of one organisation in, each known by its repository:",
            lines: &[
                "ca provisioner add github --type OIDC --client-id rung \\",
                "    --configuration-endpoint https://token.actions.githubusercontent.com \\",
                "    --require repository_owner=my-org --identity-claim repository --identity-as name \\",
                "    --identity-uri 'spiffe://example.com/github/{repository}'",
            ],
        },
        Example { purpose: "Add a second key with a password:", lines: &["ca provisioner add deploy --create"] },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let name = call.argument(0).unwrap_or_default();
    let chosen = preset::choose(call)?;
    let usual = if chosen.is_some() { "OIDC" } else { "JWK" };
    let kind = call.text("type")?.unwrap_or_else(|| usual.to_owned()).to_ascii_uppercase();
    let mut provisioner = Map::new();
    provisioner.insert("type".to_owned(), kind.as_str().into());
    provisioner.insert("name".to_owned(), name.into());
    match kind.as_str() {
        "JWK" => {
            preset::refuse(call, &kind)?;
            update::refuse_typed(call, rules::FLAGS, &kind)?;
            let has_key = call.text("public-key")?.is_some() || call.text("private-key")?.is_some();
            if !call.switch("create")? && !has_key {
                let usage = Usage::new("'--create false' requires the '--public-key' flag");
                return Err(usage.with_hint("Pass --create to make a new key.".to_owned()).into());
            }
        }
        "OIDC" => {
            if let Some(chosen) = &chosen {
                provisioner.extend(chosen.members());
            }
            for flag in ["client-id", "configuration-endpoint"] {
                if chosen.is_none() && call.text(flag)?.is_none() {
                    return Err(Usage::new(format!("'--type {kind}' requires the '--{flag}' flag")).into());
                }
            }
            oidc::apply(call, &mut provisioner)?;
            rules::apply(call, &mut provisioner)?;
        }
        other => return Err(wrong_type(other)),
    }
    claims::apply(call, &mut provisioner)?;
    let file = ConfigFile::open(call)?;
    if kind == "JWK" {
        jwk::apply(call, &mut provisioner)?;
        // The claims come last, as in every other provisioner.
        if let Some(claims) = provisioner.shift_remove("claims") {
            provisioner.insert("claims".to_owned(), claims);
        }
    }
    let value = Value::Object(provisioner.clone());
    let changed = edit::add_provisioner(&file.text, &file.path, &value);
    let is_good = changed.is_ok();
    file.save(call, changed)?;
    if let Some(chosen) = &chosen {
        chosen.say_what_to_register(call)?;
    }
    if kind == "OIDC" && is_good {
        oidc::try_out(call, &provisioner);
    }
    Ok(())
}

fn wrong_type(kind: &str) -> anyhow::Error {
    if OTHERS.contains(&kind) {
        return Usage::new(format!("provisioners of type {kind} are not supported by this version; use JWK or OIDC"))
            .into();
    }
    Usage::new(format!("invalid value '{kind}' for flag '--type'; options are JWK, OIDC")).into()
}

/// Types that the reference has.
const OTHERS: [&str; 9] = ["ACME", "AWS", "AZURE", "GCP", "K8SSA", "NEBULA", "SCEP", "SSHPOP", "X5C"];
