//! Judging certificates by the rules of RFC 5280 and of the CA/Browser Forum, each under the name that other linters
//! know it by.
//!
//! Not all rules that have a name are looked at here. Those that are not are told as `NE`, never as passed.

mod facts;
mod rules;

use std::time::SystemTime;

use rung_pki::Certificate;

use crate::clock::unix_seconds;
use crate::inspect::{Json, Object};
use facts::Facts;

/// A rule.
struct Rule {
    /// The name that it is known by; its first letter says how bad it is to break it.
    name: &'static str,
    /// Since when it is in force.
    since: Since,
    /// Whether it speaks about a certificate.
    applies: fn(&Facts<'_>) -> bool,
    /// Whether a certificate that it speaks about keeps it.
    holds: fn(&Facts<'_>) -> bool,
}

/// Since when a rule is in force, and for whom.
#[derive(Debug, Clone, Copy)]
struct Since {
    /// Seconds since 1970.
    seconds: u64,
    /// Whether it is for certificates of web servers alone, as those of the CA/Browser Forum are.
    web: bool,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It does not speak about this certificate.
    DoesNotApply,
    /// It was not in force when the certificate was made, or is not looked at here.
    NotEvaluated,
    /// The certificate keeps it.
    Pass,
    /// The certificate breaks it, which is worth knowing.
    Notice,
    /// The certificate breaks it, and should not.
    Warning,
    /// The certificate breaks it, and must not.
    Error,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::DoesNotApply => "NA",
            Self::NotEvaluated => "NE",
            Self::Pass => "pass",
            Self::Notice => "info",
            Self::Warning => "warn",
            Self::Error => "error",
        }
    }
}

impl Rule {
    fn judge(&self, facts: &Facts<'_>) -> Outcome {
        if self.since.web && !facts.is_for_servers() || !(self.applies)(facts) {
            return Outcome::DoesNotApply;
        }
        if unix_seconds(facts.certificate.not_before()) < self.since.seconds {
            return Outcome::NotEvaluated;
        }
        match self.name.as_bytes()[0] {
            _ if (self.holds)(facts) => Outcome::Pass,
            b'n' => Outcome::Notice,
            b'w' => Outcome::Warning,
            _ => Outcome::Error,
        }
    }
}

/// What the rules say about a certificate, as JSON.
pub(crate) fn lint(certificate: &Certificate, now: SystemTime) -> Json {
    let facts = Facts::of(certificate);
    let mut outcomes: Vec<(&str, Outcome)> = rules::all().map(|rule| (rule.name, rule.judge(&facts))).collect();
    outcomes.extend(rules::NOT_LOOKED_AT.lines().map(|name| (name, Outcome::NotEvaluated)));
    outcomes.sort_unstable_by_key(|(name, _)| *name);
    let has = |wanted: Outcome| outcomes.iter().any(|(_, outcome)| *outcome == wanted);
    let mut lints = Object::new();
    for (name, outcome) in &outcomes {
        let mut result = Object::new();
        result.put("result", outcome.word());
        lints.put(name, result);
    }
    let mut out = Object::new();
    out.put("version", Json::number(3));
    out.put("timestamp", Json::number(unix_seconds(now)));
    out.put("lints", lints);
    out.put("notices_present", has(Outcome::Notice));
    out.put("warnings_present", has(Outcome::Warning));
    out.put("errors_present", has(Outcome::Error));
    out.put("fatals_present", false);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::rules;

    #[test]
    fn every_name_is_there_once() {
        let mut names: Vec<&str> = rules::all().map(|rule| rule.name).chain(rules::NOT_LOOKED_AT.lines()).collect();
        assert_eq!(names.len(), 231);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 231);
        assert!(names.iter().all(|name| ["e_", "w_", "n_"].contains(&&name[..2])));
    }
}
