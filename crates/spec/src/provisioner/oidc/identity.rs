//! Which claim says who somebody is, and what it becomes.

use super::{
    path::ClaimPath,
    pattern::Pattern,
    read,
    shape::{name_problem, uri_problem},
};
use crate::json::{Members, Node};

/// Which claims say who somebody is, and what they become in the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The claim that names the person; without it the e-mail address does, as far as there is one, and the subject of
    /// the token is the common name.
    pub person: Option<Person>,
    /// What the common name is, if not the value of the person's claim.
    pub common_name: Option<Pattern>,
    /// A URI to add.
    pub uri: Option<Pattern>,
    /// Whether issuer and subject of the token are added as a URI.
    pub issuer_uri: bool,
}

/// The claim that names the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The claims to look at; the first that the token has counts. At least one.
    pub claims: Vec<ClaimPath>,
    /// What it becomes.
    pub kind: IdentityKind,
}

/// What the claim that names the person becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityKind {
    /// The name of a host.
    Dns,
    /// An e-mail address.
    Email,
    /// The common name alone.
    Name,
    /// A URI.
    Uri,
}

impl IdentityKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dns, Self::Email, Self::Name, Self::Uri];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Email => "email",
            Self::Name => "name",
            Self::Uri => "uri",
        }
    }
}

impl Identity {
    pub(super) fn read(members: &Members<'_>) -> Self {
        let identity = Self {
            person: person(members),
            common_name: members.get("commonName").and_then(|node| common_name(&node)),
            uri: members.get("uri").and_then(|node| read::pattern(&node, uri_problem)),
            issuer_uri: members.flag("issuerUri").unwrap_or(true),
        };
        members.finish();
        identity
    }
}

fn person(members: &Members<'_>) -> Option<Person> {
    let kind = members.get("as").and_then(|node| kind(&node));
    let Some(node) = members.get("claim") else {
        if let Some(node) = members.get("as") {
            node.report("`as` says what the value of `claim` becomes: add `claim`, such as \"email\"");
        }
        return None;
    };
    let claims: Vec<ClaimPath> = match node.is_list() {
        true => node.list().iter().filter_map(read::path).collect(),
        false => read::path(&node).into_iter().collect(),
    };
    if node.is_list() && node.list().is_empty() {
        node.report("the list names no claim");
    }
    if members.get("as").is_none() {
        node.report("say in `as` what the value of the claim becomes: \"email\", \"dns\", \"uri\" or \"name\"");
    }
    (!claims.is_empty()).then_some(Person { claims, kind: kind? })
}

fn kind(node: &Node<'_>) -> Option<IdentityKind> {
    let text = node.string()?;
    let kind = IdentityKind::ALL.into_iter().find(|kind| kind.name() == text);
    if kind.is_none() {
        node.report(format!("{text:?} is not a kind of name: write \"email\", \"dns\", \"uri\" or \"name\""));
    }
    kind
}

/// A pattern when there are braces in it, and otherwise the place of a claim.
fn common_name(node: &Node<'_>) -> Option<Pattern> {
    if node.string()?.contains(['{', '}']) {
        return read::pattern(node, name_problem);
    }
    read::path(node).map(Pattern::claim)
}
