//! Walking through everything that a login at an identity provider needs, one finding a line.

mod exchange;
mod keys;
mod metadata;
mod offers;

use std::time::SystemTime;

use rung_api::outbound::Fetcher;
use rung_spec::oidc::OidcProvisioner;
use serde::Serialize;

use crate::preset::{Mend, Preset};

/// How good a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Good,
    /// Logins work, or nobody can tell from here.
    Note,
    /// Logins cannot work.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) check: &'static str,
    /// How good it is.
    pub(crate) verdict: Verdict,
    /// What was seen.
    pub(crate) text: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mend: Option<String>,
}

/// Somebody who looks at a provider.
pub(crate) struct Doctor<'a> {
    provisioner: &'a OidcProvisioner,
    fetcher: &'a Fetcher,
    /// What is particular about the provider, if it is known.
    preset: Option<&'static Preset>,
    findings: Vec<Finding>,
}

/// Look at everything, from the discovery document to the answers of the endpoints.
pub(crate) fn examine(provisioner: &OidcProvisioner, fetcher: &Fetcher, now: SystemTime) -> Vec<Finding> {
    let preset = Preset::of_endpoint(&provisioner.configuration_endpoint);
    let mut doctor = Doctor { provisioner, fetcher, preset, findings: Vec::new() };
    let Some((document, found)) = doctor.metadata() else { return doctor.findings };
    doctor.clock(document.date.as_deref(), now);
    doctor.keys(&found);
    doctor.offers(&document.bytes, &found);
    doctor.endpoints(&found);
    doctor.findings
}

impl Doctor<'_> {
    fn good(&mut self, check: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { check, verdict: Verdict::Good, text: text.into(), mend: None });
    }

    fn note(&mut self, check: &'static str, text: impl Into<String>, mend: impl Into<String>) {
        self.say(check, Verdict::Note, text.into(), mend.into());
    }

    fn wrong(&mut self, check: &'static str, text: impl Into<String>, mend: impl Into<String>) {
        self.say(check, Verdict::Wrong, text.into(), mend.into());
    }

    fn say(&mut self, check: &'static str, verdict: Verdict, text: String, mend: String) {
        self.findings.push(Finding { check, verdict, text, mend: Some(mend).filter(|mend| !mend.is_empty()) });
    }

    /// What is to be done at this provider, or at any.
    fn at_provider(&self, what: fn(&Mend) -> &'static str, anywhere: &str) -> String {
        match self.preset.map(|preset| (preset.title, what(&preset.mend))) {
            Some((title, here)) if !here.is_empty() => format!("{title}: {here}"),
            _ => anywhere.to_owned(),
        }
    }

    /// The command that changes this provisioner.
    fn update(&self, flags: &str) -> String {
        format!("rung ca provisioner update {} {flags}", self.provisioner.name)
    }
}
