//! Filling patterns with claims.
//!
//! A provider decides what a claim says, and often the person decides it there. So a value never becomes a wildcard,
//! never ends the part of a name that it stands in, and never begins another one: it can only be what it stands for.

use rung_spec::oidc::{ClaimPath, NameKind, Pattern, PatternPart};

use super::lookup::{Lookup, unusable};
use crate::{error::TokenRefusal, grant::Piece};

/// Fill a pattern for a name of that kind; stars stay open.
pub(super) fn name(pattern: &Pattern, kind: NameKind, lookup: &Lookup<'_>) -> Result<Vec<Piece>, TokenRefusal> {
    let parts = pattern.parts();
    let mut filled = Filled::default();
    for (number, part) in parts.iter().enumerate() {
        match part {
            PatternPart::Any => filled.pieces.push(Piece::Any),
            PatternPart::Text(text) => filled.push(text),
            PatternPart::Claim { path, several } => {
                let value = lookup.needed_text(path)?;
                let place =
                    Place { path, is_first: number == 0, is_last: number + 1 == parts.len(), several: *several };
                match kind {
                    NameKind::Uri => filled.push(&place.in_uri(value, &filled.text)?),
                    NameKind::Dns => filled.push(place.in_host(value)?),
                    NameKind::Email => filled.push(place.in_email(value)?),
                    NameKind::Ip | NameKind::Value => filled.push(value),
                }
            }
        }
    }
    Ok(filled.pieces)
}

/// Fill a pattern that has no stars and is not parsed any further.
pub(super) fn text(pattern: &Pattern, lookup: &Lookup<'_>) -> Result<String, TokenRefusal> {
    let mut text = String::new();
    for part in pattern.parts() {
        match part {
            // Reading the configuration refuses stars here; none is ever written into a certificate.
            PatternPart::Any => {}
            PatternPart::Text(literal) => text.push_str(literal),
            PatternPart::Claim { path, .. } => text.push_str(lookup.needed_text(path)?),
        }
    }
    Ok(text)
}

/// Fill a pattern for a URI; one that is a claim and nothing else is the claim to the letter.
pub(super) fn uri(pattern: &Pattern, lookup: &Lookup<'_>) -> Result<String, TokenRefusal> {
    if pattern.whole_claim().is_some() {
        return text(pattern, lookup);
    }
    let pieces = name(pattern, NameKind::Uri, lookup)?;
    Ok(pieces.iter().map(Piece::as_str).collect())
}

#[derive(Default)]
struct Filled {
    pieces: Vec<Piece>,
    text: String,
}

impl Filled {
    fn push(&mut self, more: &str) {
        self.text.push_str(more);
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push_str(more),
            _ => self.pieces.push(Piece::Text(more.to_owned())),
        }
    }
}

/// Where in a pattern a claim stands.
struct Place<'a> {
    path: &'a ClaimPath,
    is_first: bool,
    is_last: bool,
    several: bool,
}

impl Place<'_> {
    /// A label of a host name; several only where nothing stands before them, or where the pattern says so.
    fn in_host<'v>(&self, value: &'v str) -> Result<&'v str, TokenRefusal> {
        let is_label = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        let is_host = |octet: u8| is_label(octet) || octet == b'.' && (self.several || self.is_first);
        self.all(value, is_host, "cannot stand at that place of a host name")
    }

    /// A mailbox or a domain; never more than one of them.
    fn in_email<'v>(&self, value: &'v str) -> Result<&'v str, TokenRefusal> {
        let is_good = |octet: u8| octet.is_ascii_graphic() && !b"@*\"()<>,:;[]\\".contains(&octet);
        self.all(value, is_good, "cannot stand in an e-mail address")
    }

    fn all<'v>(
        &self,
        value: &'v str,
        is_good: impl Fn(u8) -> bool,
        problem: &'static str,
    ) -> Result<&'v str, TokenRefusal> {
        match value.bytes().all(is_good) {
            true => Ok(value),
            false => Err(unusable(self.path, &format_args!("is {value:?}, which {problem}"))),
        }
    }

    /// A step of a path, escaped; several only at the end, or where the pattern says so. In a host only what hosts
    /// have.
    fn in_uri(&self, value: &str, before: &str) -> Result<String, TokenRefusal> {
        if is_in_host(before) {
            let is_host = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
            return self.all(value, is_host, "cannot stand in the host of a URI").map(str::to_owned);
        }
        let steps: Vec<&str> = value.split('/').collect();
        let problem = if steps.iter().any(|step| ["", ".", ".."].contains(step)) {
            "has a step that is empty or made of dots"
        } else if steps.len() > 1 && !self.several && !self.is_last {
            "has a slash; write {+claim} to allow that"
        } else {
            return Ok(escape(value));
        };
        Err(unusable(self.path, &format_args!("is {value:?}, which {problem}")))
    }
}

/// Whether what comes next belongs to the host of a URI.
fn is_in_host(before: &str) -> bool {
    before.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#']))
}

/// Percent-encode what would mean something else in a path (RFC 3986 §3.3), the percent sign included.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(char::from(octet)),
            octet if b"-._~!$&'()*+,;=:@/".contains(&octet) => escaped.push(char::from(octet)),
            _ => escaped.push_str(&format!("%{octet:02X}")),
        }
    }
    escaped
}
