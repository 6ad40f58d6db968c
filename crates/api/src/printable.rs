//! Text of others, made safe to show on a terminal and to log.

use std::borrow::Cow;
use std::fmt::Write;

/// Escape every character of `text` that could move the cursor, change colours, hide or
/// reorder what a person reads: controls, line and paragraph separators, the marks of
/// bidirectional text and other invisible characters.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_treacherous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_treacherous(character) {
            write!(out, "\\u{{{:x}}}", u32::from(character)).expect("a string takes everything");
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

fn is_treacherous(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn only_treacherous_characters_are_escaped() {
        assert_eq!(printable("Zoë ☃ <b> \\"), "Zoë ☃ <b> \\");
        assert_eq!(printable("a\u{1b}[31m\u{7}\0"), "a\\u{1b}[31m\\u{7}\\u{0}");
        assert_eq!(printable("\u{202e}gpj\u{2066}\u{200b}"), "\\u{202e}gpj\\u{2066}\\u{200b}");
        assert_eq!(printable("a\r\nb\u{9b}1m"), "a\\u{d}\\u{a}b\\u{9b}1m");
    }
}
