//! Letters as Go changes them: one character for one character.

use crate::error::Failure;

/// `unicode.ToUpper`.
pub(super) fn upper(character: char) -> Result<char, Failure> {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => Ok(one),
        _ => match character {
            // These have no single capital at all.
            '\u{df}'
            | '\u{149}'
            | '\u{1f0}'
            | '\u{390}'
            | '\u{3b0}'
            | '\u{587}'
            | '\u{1e96}'..='\u{1e9a}'
            | '\u{fb00}'..='\u{fb17}' => Ok(character),
            _ => Err(format!("{character:?} has no capital letter that is a single character").into()),
        },
    }
}

/// `unicode.ToLower`.
pub(super) fn lower(character: char) -> Result<char, Failure> {
    let mut mapped = character.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(_)) if character == '\u{130}' => Ok(one),
        _ => Err(format!("{character:?} has no small letter that is a single character").into()),
    }
}

/// `unicode.ToTitle`.
pub(super) fn title(character: char) -> Result<char, Failure> {
    match character {
        '\u{1c4}'..='\u{1c6}' => Ok('\u{1c5}'),
        '\u{1c7}'..='\u{1c9}' => Ok('\u{1c8}'),
        '\u{1ca}'..='\u{1cc}' => Ok('\u{1cb}'),
        '\u{1f1}'..='\u{1f3}' => Ok('\u{1f2}'),
        // Georgian has capitals, but not at the beginning of a word.
        '\u{10d0}'..='\u{10ff}' => Ok(character),
        character => upper(character),
    }
}

/// Change every character of a text.
pub(super) fn map(text: &str, change: fn(char) -> Result<char, Failure>) -> Result<String, Failure> {
    text.chars().map(change).collect()
}

/// `unicode.IsSpace`.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace()
}
