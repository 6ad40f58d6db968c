//! `ca provisioner doctor`

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use rung_api::outbound::Fetcher;
use rung_pki::Certificate;
use rung_spec::{Config, Provisioner};
use rustls_pki_types::CertificateDer;
use serde_json::json;

use super::config;
use crate::call::Call;
use crate::clock;
use crate::doctor::{Finding, Verdict, examine};
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::input;
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "doctor",
    summary: "find out what is wrong with an identity provider",
    description: "Walks through everything that logins of a provisioner of type OIDC need: the discovery document, the \
        issuer, the clock, the keys, PKCE, scopes, and the endpoints, which are asked as a login asks them. Each line \
        says what was seen, and how to mend what is wrong. Run it on the CA's machine, since the CA must reach the \
        provider from there. The exit code is 1 when something is wrong.",
    arguments: &[Argument { name: "<name>", count: Count::One, help: "Name of the provisioner." }],
    flags: &[
        &[Flag::value(&["format"], "<format>", "'text' (the default) or 'json'.")],
        &[
            Flag::value(
                &["ca-config"],
                "<file>",
                "The ca.json with the provisioner; config/ca.json in the folder of 'path' without it.",
            ),
            Flag::value(&["context"], "<name>", "Use this context instead of the current one."),
        ],
    ],
    examples: &[Example {
        purpose: "Look at the provider of the provisioner sso:",
        lines: &["ca provisioner doctor sso"],
    }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let name = call.argument(0).unwrap_or_default();
    let is_json = match call.text("format")?.as_deref() {
        None | Some("text") => false,
        Some("json") => true,
        Some(other) => {
            let problem = format!("invalid value '{other}' for flag '--format'; options are text, json");
            return Err(Usage::new(problem).into());
        }
    };
    let (path, text) = config::read(call)?;
    let config = Config::parse(&text, &path)?;
    let found = config.authority.provisioners.iter().find(|provisioner| provisioner.name() == name);
    let provisioner = match found {
        Some(Provisioner::Oidc(oidc)) => oidc,
        Some(other) => bail!(
            "the provisioner {name:?} has the type {}; only provisioners of type OIDC have an identity provider",
            other.kind().name()
        ),
        None => bail!("there is no provisioner {name:?} in {}", path.display()),
    };
    let fetcher = Fetcher::new(roots(&config));
    let findings = examine(provisioner, &fetcher, clock::now());
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    if is_json {
        let report = json!({"provisioner": name, "healthy": wrong == 0, "findings": findings});
        print(format!("{}\n", serde_json::to_string_pretty(&report)?).as_bytes())?;
    } else {
        print(text_of(&findings)?.as_bytes())?;
    }
    match wrong {
        0 => Ok(()),
        1 => Err(anyhow!("1 thing is wrong with the identity provider of {name:?}")),
        _ => Err(anyhow!("{wrong} things are wrong with the identity provider of {name:?}")),
    }
}

/// The CA trusts its own roots when it asks providers, so the doctor does, too. One that cannot be read is the CA's
/// trouble, not the provider's.
fn roots(config: &Config) -> Vec<CertificateDer<'static>> {
    let read = |path: &PathBuf| {
        let contents = input::read("a root", &path.to_string_lossy()).ok()?;
        Certificate::from_pem(&contents).ok()
    };
    let certificates = config.root.iter().chain(&config.federated_roots).filter_map(read);
    certificates.map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect()
}

fn text_of(findings: &[Finding]) -> anyhow::Result<String> {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let mut out = String::new();
    for Finding { check, verdict, text, mend } in findings {
        let mark = match verdict {
            Verdict::Good => "✔",
            Verdict::Note => "!",
            Verdict::Wrong => "✘",
        };
        writeln!(out, "{mark} {check:width$}  {}", shown(text.trim_end()))?;
        if let Some(mend) = mend {
            writeln!(out, "  {:width$}  → {}", "", shown(mend))?;
        }
    }
    Ok(out)
}
