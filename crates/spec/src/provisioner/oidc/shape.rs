//! The shapes of names with claims and stars in them.

use std::net::IpAddr;

use super::pattern::{Pattern, PatternPart};

/// Names that a certificate may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamePattern {
    /// What kind of names.
    pub kind: NameKind,
    /// Which names.
    pub pattern: Pattern,
}

/// What kind of names a [`NamePattern`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// Hosts; a star is one label.
    Dns,
    /// E-mail addresses; a star is whatever stands before the `@`.
    Email,
    /// One IP address.
    Ip,
    /// URIs; a star is one or more characters within a step of the path.
    Uri,
    /// Whatever kind of name the value of the one claim is.
    Value,
}

impl NamePattern {
    /// Tell what kind of name a pattern means.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn new(pattern: Pattern) -> Result<Self, String> {
        let sample = pattern.sample();
        let (kind, problem) = if pattern.whole_claim().is_some() {
            (NameKind::Value, None)
        } else if pattern.beginning().contains(':') && sample.parse::<IpAddr>().is_err() {
            (NameKind::Uri, uri_shape(&pattern))
        } else if sample.contains('@') {
            (NameKind::Email, email_shape(&sample))
        } else if is_literal(&pattern) && sample.parse::<IpAddr>().is_ok() {
            (NameKind::Ip, None)
        } else {
            (NameKind::Dns, host_shape(&sample))
        };
        problem.map_or(Ok(Self { kind, pattern }), Err)
    }
}

/// What keeps a pattern from being a URI that is written into certificates.
pub(super) fn uri_problem(pattern: &Pattern) -> Option<String> {
    if pattern.whole_claim().is_some() {
        return None;
    }
    name_problem(pattern).or_else(|| uri_shape(pattern))
}

/// What keeps a pattern from being a text that is written into certificates.
pub(super) fn name_problem(pattern: &Pattern) -> Option<String> {
    pattern.has_star().then(|| "what stands in the certificate cannot have a `*`: use claims in braces".to_owned())
}

fn is_literal(pattern: &Pattern) -> bool {
    pattern.parts().iter().all(|part| matches!(part, PatternPart::Text(_)))
}

fn uri_shape(pattern: &Pattern) -> Option<String> {
    const SCHEME: &str = "a URI begins with its scheme, such as \"spiffe://example.com/\"";
    let Some((scheme, _)) = pattern.beginning().split_once(':') else { return Some(SCHEME.to_owned()) };
    let starts_well = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    if !starts_well || !scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet)) {
        return Some(SCHEME.to_owned());
    }
    let sample = pattern.sample();
    let rest = &sample[scheme.len() + 1..];
    if rest.is_empty() {
        return Some(SCHEME.to_owned());
    }
    if let Some(bad) = rest.chars().find(|character| !character.is_ascii() || " \"<>\\^`|".contains(*character)) {
        return Some(format!("a URI has no {bad:?}: write it with %, such as %20"));
    }
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    if path.split('/').any(|step| [".", ".."].contains(&step)) {
        return Some("a step of the path is `.` or `..`: write where it leads".to_owned());
    }
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Some("the URI has no host after the //".to_owned());
    }
    if authority.contains(['*', '@']) {
        return Some("the host of a URI is written out: it has no `*` and no `@`".to_owned());
    }
    None
}

fn email_shape(sample: &str) -> Option<String> {
    let Some((local, domain)) = sample.split_once('@').filter(|(_, domain)| !domain.contains('@')) else {
        return Some("an e-mail address has exactly one @".to_owned());
    };
    if local.is_empty() || local.contains('*') && local != "*" {
        return Some("before the @ stands a mailbox, or a `*` alone for every mailbox".to_owned());
    }
    if domain.contains('*') {
        return Some("the domain of an e-mail address is written out: it has no `*`".to_owned());
    }
    host_shape(domain)
}

fn host_shape(sample: &str) -> Option<String> {
    let host = match sample.strip_prefix("*.") {
        Some(parent) if !parent.contains('.') => {
            return Some("after `*.` stand at least two labels, as in \"*.example.com\"".to_owned());
        }
        Some(parent) => parent,
        None => sample,
    };
    if host.contains('*') {
        return Some("a `*` stands alone as the first label of a host, as in \"*.example.com\"".to_owned());
    }
    let is_label = |label: &str| {
        let is_good = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_good)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (!host.split('.').all(is_label))
        .then(|| format!("{sample:?} is not a host name, e-mail address, IP address or URI"))
}
