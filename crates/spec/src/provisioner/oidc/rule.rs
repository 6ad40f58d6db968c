//! Which people get what beside their identity.

use std::time::Duration;

use super::{
    list,
    path::ClaimPath,
    pattern::{Pattern, Wildcard},
    read,
    shape::{NamePattern, name_problem},
};
use crate::{
    GoDuration, ResolvedClaims,
    json::{Members, Node},
};

/// A claim and the values of which it must have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The claim.
    pub claim: ClaimPath,
    /// The values; at least one.
    pub values: Vec<Wildcard>,
}

/// What people get who fulfil its conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Groups of which they must be in one; none when empty.
    pub groups: Vec<String>,
    /// Claims that they must all have.
    pub claims: Vec<Requirement>,
    /// Names they may ask for beside their identity.
    pub names: Vec<NamePattern>,
    /// How long their certificates live when nothing is asked for.
    pub default_duration: Option<Duration>,
    /// How long their certificates live at most.
    pub max_duration: Option<Duration>,
    /// What their certificates may be used for.
    pub extended_key_usage: Vec<ExtendedKeyUsage>,
    /// Organisational units of the subject.
    pub organizational_unit: Vec<Pattern>,
}

/// What the certificate of a person or machine may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedKeyUsage {
    /// TLS clients.
    ClientAuth,
    /// Signing programs.
    CodeSigning,
    /// Protecting e-mail.
    EmailProtection,
    /// TLS servers.
    ServerAuth,
}

impl ExtendedKeyUsage {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ClientAuth, Self::CodeSigning, Self::EmailProtection, Self::ServerAuth];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientAuth => "clientAuth",
            Self::CodeSigning => "codeSigning",
            Self::EmailProtection => "emailProtection",
            Self::ServerAuth => "serverAuth",
        }
    }
}

/// The claims of an object, each with the value or values of which it must have one.
///
/// Here `null` is a mistake, and not as good as none: a condition that is left out lets everybody in.
pub(super) fn requirements(members: &Members<'_>) -> Vec<Requirement> {
    members.entries().iter().filter_map(|(name, node)| requirement(name, node)).collect()
}

fn requirement(name: &str, node: &Node<'_>) -> Option<Requirement> {
    let claim = name.parse().map_err(|error| node.report(format!("{name:?} does not name a claim: {error}"))).ok()?;
    let nodes = read::one_or_many(node);
    if nodes.is_empty() {
        node.report(format!(
            "the list of values for {name:?} is empty, so nobody would come in: name one, or remove it"
        ));
    }
    let values: Vec<Wildcard> = nodes.iter().filter_map(value).collect();
    (!values.is_empty()).then_some(Requirement { claim, values })
}

fn value(node: &Node<'_>) -> Option<Wildcard> {
    // Numbers and switches are compared as they are written.
    let text = match node.literal() {
        Some(literal) => literal,
        None => node.string()?,
    };
    let value = Wildcard::new(&text);
    if value.is_none() {
        node.report("a value is not empty, has no control characters, and at most 2048 characters");
    }
    value
}

impl Rule {
    pub(super) fn read(node: &Node<'_>, bounds: &ResolvedClaims) -> Option<Self> {
        let members = node.object()?;
        let nodes = |name| members.get(name).map(|node| read::one_or_many(&node)).unwrap_or_default();
        let rule = Self {
            groups: list(&members, "groups", |_| None),
            claims: members.object("claims").map(|claims| requirements(&claims)).unwrap_or_default(),
            names: nodes("names").iter().filter_map(name).collect(),
            default_duration: members.get("defaultDuration").and_then(|node| read::lifetime(&node)),
            max_duration: members.get("maxDuration").and_then(|node| read::lifetime(&node)),
            extended_key_usage: nodes("extendedKeyUsage").iter().filter_map(usage).collect(),
            organizational_unit: nodes("organizationalUnit").iter().filter_map(unit).collect(),
        };
        rule.check(&members, bounds);
        members.finish();
        Some(rule)
    }

    fn check(&self, members: &Members<'_>, bounds: &ResolvedClaims) {
        for name in ["groups", "names", "extendedKeyUsage", "organizationalUnit"] {
            if let Some(node) = members.get(name).filter(|node| node.is_list() && node.list().is_empty()) {
                node.report("the list is empty: remove the member, or say what belongs there");
            }
        }
        if !GIFTS.iter().any(|name| members.get(name).is_some()) {
            members.report(format!("the rule gives nothing: add one of {}", GIFTS.join(", ")));
        }
        let longest = self.max_duration.unwrap_or(bounds.max_tls);
        for (name, duration, limit, title) in [
            ("maxDuration", self.max_duration, bounds.max_tls, "maxTLSCertDuration of the provisioner"),
            ("defaultDuration", self.default_duration, longest, "longest duration"),
        ] {
            let (Some(node), Some(duration)) = (members.get(name), duration) else { continue };
            let show = |duration: Duration| GoDuration::from(duration);
            if duration > limit {
                node.report(format!("{} is more than the {title}, {}", show(duration), show(limit)));
            } else if duration < bounds.min_tls {
                let shortest = show(bounds.min_tls);
                node.report(format!(
                    "{} is less than the minTLSCertDuration of the provisioner, {shortest}",
                    show(duration)
                ));
            }
        }
    }
}

fn name(node: &Node<'_>) -> Option<NamePattern> {
    let pattern = read::pattern(node, |_| None)?;
    NamePattern::new(pattern).map_err(|problem| node.report(format!("{} names nothing: {problem}", node.text()))).ok()
}

fn usage(node: &Node<'_>) -> Option<ExtendedKeyUsage> {
    let text = node.string()?;
    let usage = ExtendedKeyUsage::ALL.into_iter().find(|usage| usage.name() == text);
    if usage.is_none() {
        let names = ExtendedKeyUsage::ALL.map(ExtendedKeyUsage::name).join(", ");
        node.report(format!("{text:?} is not a use that certificates can be given: write {names}"));
    }
    usage
}

fn unit(node: &Node<'_>) -> Option<Pattern> {
    read::pattern(node, name_problem)
}

/// The members of a rule that give something.
const GIFTS: [&str; 5] = ["names", "defaultDuration", "maxDuration", "extendedKeyUsage", "organizationalUnit"];
