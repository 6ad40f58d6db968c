//! Texts that are filled with claims, and texts that values are compared with.

use std::{fmt, str::FromStr};

use super::path::{ClaimPath, PathError};

/// A text in which `{claim}` stands for the value of a claim and `*` for something that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    parts: Vec<PatternPart>,
}

/// A part of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PatternPart {
    /// `*`.
    Any,
    /// `{path}`, or `{+path}` when the value may contain slashes wherever it stands.
    Claim {
        /// Which claim.
        path: ClaimPath,
        /// Whether the value may consist of several steps of a path.
        several: bool,
    },
    /// What stands there as it is; not empty.
    Text(String),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A `{` without `}`, or the other way round.
    #[error("every {{ has a }} behind it, with the name of a claim between them")]
    Brace,
    /// Something that is not seen when it is read.
    #[error("it contains a control character")]
    Control,
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// What stands between braces is no place of a claim.
    #[error("between {{ and }}: {0}")]
    Path(#[from] PathError),
    /// More than any name has.
    #[error("it is longer than {MAX_LEN} characters")]
    TooLong,
}

impl Pattern {
    /// The value of one claim, as it is.
    pub fn claim(path: ClaimPath) -> Self {
        Self { text: path.to_string(), parts: vec![PatternPart::Claim { path, several: false }] }
    }

    /// The parts in their order; at least one, and no two texts follow each other.
    pub fn parts(&self) -> &[PatternPart] {
        &self.parts
    }

    /// Whether a `*` is in it.
    pub fn has_star(&self) -> bool {
        self.parts.contains(&PatternPart::Any)
    }

    /// What stands before the first claim or star.
    pub fn beginning(&self) -> &str {
        match self.parts.first() {
            Some(PatternPart::Text(text)) => text,
            Some(PatternPart::Any | PatternPart::Claim { .. }) | None => "",
        }
    }

    /// The claim, when there is nothing else.
    pub fn whole_claim(&self) -> Option<&ClaimPath> {
        match self.parts.as_slice() {
            [PatternPart::Claim { path, .. }] => Some(path),
            _ => None,
        }
    }

    /// A text like those that come out, for looking at its shape: stars stay, and claims become one letter.
    pub(super) fn sample(&self) -> String {
        let show = |part: &PatternPart| match part {
            PatternPart::Any => "*".to_owned(),
            PatternPart::Claim { .. } => "x".to_owned(),
            PatternPart::Text(text) => text.clone(),
        };
        self.parts.iter().map(show).collect()
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(PatternError::Control);
        }
        if text.len() > MAX_LEN {
            return Err(PatternError::TooLong);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.find(['{', '}', '*']) {
            if next > 0 {
                parts.push(PatternPart::Text(rest[..next].to_owned()));
            }
            let (mark, after) = rest[next..].split_at(1);
            rest = match mark {
                "*" => {
                    parts.push(PatternPart::Any);
                    after
                }
                "{" => {
                    let (inside, after) = after.split_once('}').ok_or(PatternError::Brace)?;
                    parts.push(claim(inside)?);
                    after
                }
                _ => return Err(PatternError::Brace),
            };
        }
        if !rest.is_empty() {
            parts.push(PatternPart::Text(rest.to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }
}

fn claim(inside: &str) -> Result<PatternPart, PathError> {
    let (path, several) = match inside.strip_prefix('+') {
        Some(path) => (path, true),
        None => (inside, false),
    };
    Ok(PatternPart::Claim { path: path.parse()?, several })
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// A text that values are compared with whole; each `*` in it stands for any characters, or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wildcard {
    text: String,
}

impl Wildcard {
    /// The text to compare with; an empty one would be equal to an empty claim, so there is none.
    pub fn new(text: &str) -> Option<Self> {
        let is_good = !text.is_empty() && text.len() <= MAX_LEN && !text.chars().any(char::is_control);
        is_good.then(|| Self { text: text.to_owned() })
    }

    /// Whether a value is what was meant, from its first character to its last.
    pub fn matches(&self, value: &str) -> bool {
        let mut pieces = self.text.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = value.strip_prefix(first) else { return false };
        let Some(last) = pieces.next_back() else { return rest.is_empty() };
        // The earliest place of each piece leaves the most for those that follow.
        for piece in pieces {
            let Some((_, after)) = rest.split_once(piece) else { return false };
            rest = after;
        }
        rest.ends_with(last)
    }
}

impl fmt::Display for Wildcard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Longer than any name in a certificate.
const MAX_LEN: usize = 2048;
