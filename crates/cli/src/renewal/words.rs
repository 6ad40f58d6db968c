//! Command lines for hooks: words and quotes, and nothing else of a shell.

#[cfg(test)]
mod tests;

/// Why a text is not a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WordsError {
    /// A quotation mark has no second one.
    #[error("a quotation mark is not closed")]
    Open,
    /// There is no word.
    #[error("there is no command in it")]
    Empty,
    /// It ends in a backslash.
    #[error("there is nothing after the last backslash")]
    Backslash,
}

/// Split `text` into words as a shell does, without variables, wildcards, pipes and everything else that a shell does:
/// no character of a word ever means anything but itself.
pub(crate) fn split(text: &str) -> Result<Vec<String>, WordsError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            character if character.is_ascii_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next().ok_or(WordsError::Open)? {
                        '\'' => break,
                        other => word.push(other),
                    }
                }
            }
            '"' => quoted(&mut characters, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(characters.next().ok_or(WordsError::Backslash)?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    if words.first().is_none_or(String::is_empty) { Err(WordsError::Empty) } else { Ok(words) }
}

fn quoted(characters: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), WordsError> {
    loop {
        match characters.next().ok_or(WordsError::Open)? {
            '"' => return Ok(()),
            '\\' => {
                let next = characters.next().ok_or(WordsError::Open)?;
                // In double quotes a backslash is one unless it protects something.
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
            }
            other => word.push(other),
        }
    }
}
