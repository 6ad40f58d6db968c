//! What `create` and `sign` have in common: how long a certificate lasts, and what it says unless a template says else.

use std::time::{Duration, SystemTime};

use rung_pki::{KeyAlgorithm, PublicKey};
use rung_spec::TimeOrDuration;
use serde_json::{Value, json};

use crate::ca::when;
use crate::call::Call;
use crate::clock;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::issuer::Validity;

/// The flags for the time that a certificate is valid.
pub(super) const FLAGS: &[Flag] = &[
    Flag::value(
        &["not-before"],
        "<time|duration>",
        "When the certificate begins: a time such as 2026-03-01T08:00:00Z, or a duration from now such as 1h30m.",
    ),
    Flag::value(
        &["not-after"],
        "<time|duration>",
        "When the certificate ends; without it a leaf lasts 24h, and a CA ten years. It never outlives its CA.",
    ),
];

/// The flags that give data to templates.
pub(super) const DATA: &[Flag] = &[
    Flag::list(
        &["set"],
        "<key=value>",
        "Data for the template, as .Insecure.User.<key>. The <value> is JSON if it can be read as such, else text.",
    ),
    Flag::value(&["set-file"], "<file>", "A JSON object with data for the template; '--set' goes before it."),
];

/// How long a leaf lasts if nothing is said.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When a certificate shall begin and end.
pub(super) struct Terms {
    not_before: Option<(String, TimeOrDuration)>,
    not_after: Option<(String, TimeOrDuration)>,
    now: SystemTime,
}

/// What the end is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// The present.
    FromNow,
    /// The beginning.
    FromBeginning,
}

impl Terms {
    /// Read the flags.
    pub(super) fn read(call: &Call) -> anyhow::Result<Self> {
        let terms = Self {
            not_before: when::flag(call, "not-before")?,
            not_after: when::flag(call, "not-after")?,
            now: clock::now(),
        };
        terms.validity(Window::FromNow, Duration::ZERO)?;
        Ok(terms)
    }

    /// The time that a certificate is valid which lasts `usual` unless something else is asked for.
    pub(super) fn validity(&self, window: Window, usual: Duration) -> anyhow::Result<Validity> {
        let resolve = |given: &Option<(String, TimeOrDuration)>, base: SystemTime, flag: &str| match given {
            None => Ok(None),
            Some((text, when)) => {
                let range = || Usage::new(format!("invalid value '{text}' for flag '--{flag}': it is out of range"));
                when.resolve(base).map(Some).ok_or_else(range)
            }
        };
        let not_before = resolve(&self.not_before, self.now, "not-before")?.unwrap_or(self.now);
        let base = if window == Window::FromNow { self.now } else { not_before };
        let asked = resolve(&self.not_after, base, "not-after")?;
        let not_after = asked.unwrap_or(not_before + usual);
        if let (Some((end, _)), true) = (&self.not_after, not_after < not_before) {
            let text = match &self.not_before {
                Some((start, _)) => {
                    format!("flag '--not-before {start}' is incompatible with flag '--not-after {end}'")
                }
                None => format!("invalid value '{end}' for flag '--not-after': certificate is already expired"),
            };
            return Err(Usage::new(text).into());
        }
        Ok(Validity { not_before, not_after, is_asked_for: asked.is_some() })
    }
}

/// What a leaf for TLS says about its use.
pub(super) fn leaf(key: &PublicKey) -> Value {
    let usage: &[&str] = match key.algorithm() {
        KeyAlgorithm::Rsa { .. } => &["keyEncipherment", "digitalSignature"],
        _ => &["digitalSignature"],
    };
    json!({ "keyUsage": usage, "extKeyUsage": ["serverAuth", "clientAuth"] })
}

/// What the certificate of a CA says about its use; without a length any number of CAs may come below it.
pub(super) fn authority(path_len: Option<u8>) -> Value {
    let length = path_len.map_or(-1, i64::from);
    json!({ "keyUsage": ["certSign", "crlSign"], "basicConstraints": { "isCA": true, "maxPathLen": length } })
}
