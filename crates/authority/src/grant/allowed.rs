//! Names that a request may ask for beside its identity.

use std::fmt;

use rung_pki::SubjectAltName;
use rung_spec::oidc::NameKind;

/// Names that a request may ask for: one, or all of a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AllowedName {
    /// That one.
    Exact(SubjectAltName),
    /// All names of one kind with a text where a star stands.
    Shape { kind: NameKind, pieces: Vec<Piece> },
}

/// A part of a name of which some is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Whatever may stand there.
    Any,
    /// This text.
    Text(String),
}

impl Piece {
    /// As it is shown.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Text(text) => text,
        }
    }
}

impl AllowedName {
    /// Whether a request may ask for that name.
    pub(crate) fn permits(&self, name: &SubjectAltName) -> bool {
        // A name that speaks for many hosts is more than any of them.
        if matches!(name, SubjectAltName::Dns(host) if host.wildcard_of().is_some()) {
            return false;
        }
        let (kind, pieces) = match self {
            Self::Exact(exact) => return exact == name,
            Self::Shape { kind, pieces } => (kind, pieces),
        };
        match (kind, name) {
            // RFC 4343: the case of host names does not matter.
            (NameKind::Dns, SubjectAltName::Dns(host)) => {
                fits(&lowercase(pieces), &host.as_str().to_ascii_lowercase(), is_label)
            }
            (NameKind::Email, SubjectAltName::Email(email)) => match pieces.split_last() {
                // The star is the mailbox, and what follows is `@` and a domain.
                Some((Piece::Text(domain), [Piece::Any])) => {
                    domain.strip_prefix('@').is_some_and(|domain| domain.eq_ignore_ascii_case(email.domain()))
                }
                _ => false,
            },
            (NameKind::Uri, SubjectAltName::Uri(uri)) => {
                fits(pieces, uri.as_str(), is_step) && !has_dot_steps(uri.as_str())
            }
            _ => false,
        }
    }
}

fn lowercase(pieces: &[Piece]) -> Vec<Piece> {
    let lower = |piece: &Piece| match piece {
        Piece::Any => Piece::Any,
        Piece::Text(text) => Piece::Text(text.to_ascii_lowercase()),
    };
    pieces.iter().map(lower).collect()
}

/// Whether `text` is the pieces in a row, each star standing for one or more characters that `is_inside` takes.
fn fits(pieces: &[Piece], text: &str, is_inside: fn(u8) -> bool) -> bool {
    let text = text.as_bytes();
    // Where the pieces so far may end, all at once: many stars cost no more than a product.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for piece in pieces {
        let mut next = vec![false; text.len() + 1];
        match piece {
            Piece::Text(literal) => {
                for (start, _) in ends.iter().enumerate().filter(|(_, is_end)| **is_end) {
                    if text[start..].starts_with(literal.as_bytes()) {
                        next[start + literal.len()] = true;
                    }
                }
            }
            Piece::Any => {
                for (place, octet) in text.iter().enumerate() {
                    next[place + 1] = (ends[place] || next[place]) && is_inside(*octet);
                }
            }
        }
        ends = next;
    }
    ends[text.len()]
}

fn is_label(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
}

/// Characters of one step of a path; an escape could hide a slash.
fn is_step(octet: u8) -> bool {
    octet.is_ascii() && !b"/?#%".contains(&octet)
}

/// Whether a path has steps that lead upwards or nowhere (RFC 3986 §3.3).
pub(crate) fn has_dot_steps(uri: &str) -> bool {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|step| [".", ".."].contains(&step.to_ascii_lowercase().replace("%2e", ".").as_str()))
}

impl fmt::Display for AllowedName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => name.fmt(out),
            Self::Shape { pieces, .. } => pieces.iter().try_for_each(|piece| out.write_str(piece.as_str())),
        }
    }
}
