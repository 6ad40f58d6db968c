//! Making text from outside safe for a terminal.

use std::borrow::Cow;

/// The text with everything written out that could move the cursor, change colours, hide or reorder
/// characters: control characters, bidirectional marks and invisible ones.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            other if is_dangerous(other) => safe.push_str(&format!("\\u{{{:x}}}", u32::from(other))),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// Whether a terminal or a reader could be fooled with it.
pub(crate) fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
