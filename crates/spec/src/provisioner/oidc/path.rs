//! Where a claim stands in a token.

use std::{fmt, str::FromStr};

/// Where a claim stands in a token.
///
/// A text that begins with `/` is a JSON Pointer (RFC 6901), one with `://` in it is the name of one claim at the top
/// (providers that name their own claims after addresses), and in every other text dots lead from object to object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClaimPath {
    text: String,
    steps: Vec<String>,
}

/// Why a text is no place of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// A character that no claim has in its name.
    #[error("the name of a claim has no control characters, braces or stars")]
    Character,
    /// There is nothing.
    #[error("the name of the claim is empty")]
    Empty,
    /// Two dots or slashes follow each other, or one stands at an end.
    #[error(
        "there is an empty step in the name of the claim; a name that contains dots is written as a JSON Pointer, such as \"/kubernetes.io/namespace\""
    )]
    EmptyStep,
    /// RFC 6901 §3: `~` is written `~0`, and `/` within a name `~1`.
    #[error("in a JSON Pointer `~` is followed by 0 or 1")]
    Escape,
    /// More than any token has.
    #[error("the name of a claim has at most {MAX_LEN} characters and {MAX_STEPS} steps")]
    TooLong,
}

impl ClaimPath {
    /// The claim at the top of a token with that name, whatever characters it has.
    pub fn top(name: &str) -> Self {
        Self { text: name.to_owned(), steps: vec![name.to_owned()] }
    }

    /// The names that lead from the token to the claim; at least one.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// Whether it is the claim at the top with that name.
    pub fn is_top(&self, name: &str) -> bool {
        matches!(self.steps.as_slice(), [only] if only == name)
    }
}

impl FromStr for ClaimPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.chars().any(|character| character.is_control() || "{}*".contains(character)) {
            return Err(PathError::Character);
        }
        let steps: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescape).collect::<Result<_, _>>()?,
            None if text.contains("://") => vec![text.to_owned()],
            None => text.split('.').map(str::to_owned).collect(),
        };
        if steps.iter().any(String::is_empty) {
            return Err(PathError::EmptyStep);
        }
        if text.len() > MAX_LEN || steps.len() > MAX_STEPS {
            return Err(PathError::TooLong);
        }
        Ok(Self { text: text.to_owned(), steps })
    }
}

/// RFC 6901 §4: `~1` is a slash and `~0` a tilde.
fn unescape(step: &str) -> Result<String, PathError> {
    let mut name = String::with_capacity(step.len());
    let mut characters = step.chars();
    while let Some(character) = characters.next() {
        match character {
            '~' => match characters.next() {
                Some('0') => name.push('~'),
                Some('1') => name.push('/'),
                _ => return Err(PathError::Escape),
            },
            other => name.push(other),
        }
    }
    Ok(name)
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

const MAX_LEN: usize = 256;
/// Tokens are not nested deeper than that.
const MAX_STEPS: usize = 32;
