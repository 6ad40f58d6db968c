//! What the rules of a provisioner give to a person or machine.
//!
//! Every rule that holds adds its names and organisational units. Lifetimes and uses come from the first rule that
//! holds and says something about them. Nothing a rule says goes beyond the lifetimes of the provisioner.

use std::time::Duration;

use rung_pki::{DnsName, EmailAddress, SubjectAltName, UriName, extension::Purpose};
use rung_spec::{
    GoDuration, ResolvedClaims,
    oidc::{ExtendedKeyUsage, NameKind, NamePattern, Rule},
};

use super::{
    conditions::{self, Groups},
    fill,
    lookup::Lookup,
};
use crate::{
    error::{TokenFault, TokenRefusal},
    grant::{AllowedName, Piece, Terms, has_dot_steps},
};

/// What the rules that hold give.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) names: Vec<AllowedName>,
    pub(super) terms: Terms,
    default: Option<Duration>,
    longest: Option<Duration>,
}

/// Apply the rules in their order.
pub(super) fn apply(rules: &[Rule], groups: &Groups<'_>, lookup: &Lookup<'_>) -> Result<Given, TokenRefusal> {
    let mut given = Given::default();
    for (index, rule) in rules.iter().enumerate() {
        let title = format!("rules[{index}]");
        match conditions::unmet(rule, groups, lookup)? {
            Some(reason) => given.say(format!("{title} does not hold: {reason}")),
            None => given.add(rule, &title, lookup)?,
        }
    }
    Ok(given)
}

impl Given {
    /// The lifetimes of the certificate, given those of the provisioner.
    pub(super) fn lifetimes(&self, bounds: &ResolvedClaims) -> Option<ResolvedClaims> {
        if self.default.is_none() && self.longest.is_none() {
            return None;
        }
        let max_tls = self.longest.unwrap_or(bounds.max_tls).min(bounds.max_tls);
        let default_tls = self.default.unwrap_or(bounds.default_tls).min(max_tls);
        Some(ResolvedClaims { max_tls, default_tls, ..*bounds })
    }

    pub(super) fn say(&mut self, sentence: String) {
        self.terms.explanation.push(sentence);
    }

    fn add(&mut self, rule: &Rule, title: &str, lookup: &Lookup<'_>) -> Result<(), TokenRefusal> {
        self.say(format!("{title} holds: {}", condition(rule)));
        for pattern in &rule.names {
            let name = allowed(pattern, lookup)?;
            self.say(format!("{title} allows the name {name}"));
            if !self.names.contains(&name) {
                self.names.push(name);
            }
        }
        for (mine, theirs, what) in [
            (&mut self.default, rule.default_duration, "certificates live for"),
            (&mut self.longest, rule.max_duration, "certificates live at most"),
        ] {
            if let (None, Some(duration)) = (&mine, theirs) {
                *mine = Some(duration);
                self.terms.explanation.push(format!("{title}: {what} {}", GoDuration::from(duration)));
            }
        }
        if self.terms.purposes.is_none() && !rule.extended_key_usage.is_empty() {
            let names: Vec<&str> = rule.extended_key_usage.iter().map(|usage| usage.name()).collect();
            self.say(format!("{title}: certificates are for {}", names.join(", ")));
            self.terms.purposes = Some(purposes(&rule.extended_key_usage));
        }
        for pattern in &rule.organizational_unit {
            let unit = fill::text(pattern, lookup)?;
            if !self.terms.units.contains(&unit) {
                self.say(format!("{title}: the organisational unit is {unit}"));
                self.terms.units.push(unit);
            }
        }
        Ok(())
    }
}

fn condition(rule: &Rule) -> String {
    let mut conditions = Vec::new();
    if !rule.groups.is_empty() {
        conditions.push(format!("the person is in one of the groups {}", rule.groups.join(", ")));
    }
    for requirement in &rule.claims {
        let values: Vec<String> = requirement.values.iter().map(ToString::to_string).collect();
        conditions.push(format!("the claim {} is {}", requirement.claim, values.join(" or ")));
    }
    if conditions.is_empty() { "it is for everybody".to_owned() } else { conditions.join(", and ") }
}

fn purposes(usages: &[ExtendedKeyUsage]) -> Vec<Purpose> {
    let mut purposes = Vec::with_capacity(usages.len());
    for usage in usages {
        let purpose = match usage {
            ExtendedKeyUsage::ClientAuth => Purpose::ClientAuth,
            ExtendedKeyUsage::CodeSigning => Purpose::CodeSigning,
            ExtendedKeyUsage::EmailProtection => Purpose::EmailProtection,
            ExtendedKeyUsage::ServerAuth => Purpose::ServerAuth,
        };
        if !purposes.contains(&purpose) {
            purposes.push(purpose);
        }
    }
    purposes
}

/// The names that a pattern means for the holder of this token.
fn allowed(pattern: &NamePattern, lookup: &Lookup<'_>) -> Result<AllowedName, TokenRefusal> {
    let pieces = fill::name(&pattern.pattern, pattern.kind, lookup)?;
    if pieces.contains(&Piece::Any) {
        return Ok(AllowedName::Shape { kind: pattern.kind, pieces });
    }
    let text: String = pieces.iter().map(Piece::as_str).collect();
    let name = match pattern.kind {
        NameKind::Dns => text.parse::<DnsName>().map(SubjectAltName::Dns),
        NameKind::Email => text.parse::<EmailAddress>().map(SubjectAltName::Email),
        NameKind::Uri => text.parse::<UriName>().map(SubjectAltName::Uri),
        NameKind::Ip | NameKind::Value => SubjectAltName::classify(&text),
    };
    let refuse = |problem: String| {
        TokenRefusal::new(TokenFault::ClaimUnusable, format!("{} makes the name {text:?}: {problem}", pattern.pattern))
    };
    let name = name.map_err(|error| refuse(error.to_string()))?;
    if matches!(&name, SubjectAltName::Uri(uri) if has_dot_steps(uri.as_str())) {
        return Err(refuse("a step of its path is made of dots".to_owned()));
    }
    Ok(AllowedName::Exact(name))
}
