//! Texts between quotes, as Go writes and reads them.

use std::fmt::Write as _;

/// Read a literal with its quotes: `"…"` with escapes, or raw between backquotes.
pub(crate) fn unquote(literal: &str) -> Result<String, String> {
    let inner = &literal[1..literal.len() - 1];
    if literal.starts_with('`') {
        return Ok(inner.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        match next_character(rest, '"')? {
            (Unit::Byte(byte), tail) => {
                bytes.push(byte);
                rest = tail;
            }
            (Unit::Character(character), tail) => {
                bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| format!("the text is not UTF-8: {literal}"))
}

/// Read a character constant with its quotes.
pub(crate) fn unquote_character(literal: &str) -> Result<char, String> {
    let malformed = || format!("malformed character constant: {literal}");
    match next_character(&literal[1..], '\'')? {
        (Unit::Character(character), "'") => Ok(character),
        (Unit::Byte(byte), "'") => Ok(char::from(byte)),
        _ => Err(malformed()),
    }
}

enum Unit {
    /// From `\x` or octal: one byte, whatever it means.
    Byte(u8),
    Character(char),
}

fn next_character(text: &str, quote: char) -> Result<(Unit, &str), String> {
    let invalid = || "invalid syntax".to_owned();
    let mut chars = text.chars();
    let first = chars.next().ok_or_else(invalid)?;
    if first == quote {
        return Err(invalid());
    }
    if first != '\\' {
        return Ok((Unit::Character(first), chars.as_str()));
    }
    let escape = chars.next().ok_or_else(invalid)?;
    let rest = chars.as_str();
    let plain = |character: char| Ok((Unit::Character(character), rest));
    let number = |length: usize, base: u32, from: &'_ str| -> Result<u32, String> {
        let digits = from.get(..length).ok_or_else(invalid)?;
        let valid = digits.chars().all(|digit| digit.is_digit(base));
        if valid { u32::from_str_radix(digits, base).map_err(|_| invalid()) } else { Err(invalid()) }
    };
    match escape {
        'a' => plain('\u{7}'),
        'b' => plain('\u{8}'),
        'f' => plain('\u{c}'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\u{b}'),
        '\\' => plain('\\'),
        escape if escape == quote => plain(escape),
        'x' => {
            let value = number(2, 16, rest)?;
            Ok((Unit::Byte(u8::try_from(value).map_err(|_| invalid())?), &rest[2..]))
        }
        'u' | 'U' => {
            let length = if escape == 'u' { 4 } else { 8 };
            let character = char::from_u32(number(length, 16, rest)?).ok_or_else(invalid)?;
            Ok((Unit::Character(character), &rest[length..]))
        }
        '0'..='7' => {
            let from = &text[1..];
            let value = number(3, 8, from)?;
            Ok((Unit::Byte(u8::try_from(value).map_err(|_| invalid())?), &from[3..]))
        }
        _ => Err(invalid()),
    }
}

/// The text between double quotes, with everything escaped that cannot be seen.
pub(crate) fn quote(text: &str) -> String {
    quoted_with(text, '"', false)
}

/// The same, with everything escaped that is not ASCII.
pub(crate) fn quote_ascii(text: &str) -> String {
    quoted_with(text, '"', true)
}

/// A character between single quotes.
pub(crate) fn quote_character(character: char, only_ascii: bool) -> String {
    quoted_with(character.encode_utf8(&mut [0; 4]), '\'', only_ascii)
}

fn quoted_with(text: &str, quote: char, only_ascii: bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            character if character == quote => quoted.extend(['\\', quote]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            ' '..='~' => quoted.push(character),
            character if !only_ascii && is_printable(character) => quoted.push(character),
            character => {
                let code = u32::from(character);
                let written = match code {
                    0..=0x1f | 0x7f => write!(quoted, "\\x{code:02x}"),
                    0x80..=0xffff => write!(quoted, "\\u{code:04x}"),
                    _ => write!(quoted, "\\U{code:08x}"),
                };
                written.expect("a string takes everything");
            }
        }
    }
    quoted.push(quote);
    quoted
}

/// Whether Go would show the character as it is.
pub(crate) fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{7f}' => false,
        // The standard library knows, but says it only by escaping: a character after the first of a text is escaped
        // just when it cannot be seen.
        character => !['a', character].iter().collect::<String>().escape_debug().to_string().contains('\\'),
    }
}

/// Whether it can stand between backquotes.
pub(crate) fn can_backquote(text: &str) -> bool {
    !text
        .chars()
        .any(|character| (character < ' ' && character != '\t') || matches!(character, '`' | '\u{7f}' | '\u{feff}'))
}
