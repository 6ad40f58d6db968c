//! Times, quoting and escaping of log lines.

use std::{fmt::Write, time::SystemTime};

use time::{OffsetDateTime, format_description::FormatItem, macros::format_description};

const SLASHED: &[FormatItem<'_>] = format_description!("[year]/[month]/[day] [hour]:[minute]:[second]");

/// RFC 3339 in UTC with whole seconds.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    // Four of them stand in the line of an issuance; a general formatter takes ten times as long.
    let time = OffsetDateTime::from(time);
    let mut text = *b"0000-00-00T00:00:00Z";
    let year = u16::try_from(time.year()).unwrap_or_default();
    let [hundreds, years] = [year / 100, year % 100].map(|part| u8::try_from(part).unwrap_or_default());
    let fields = [hundreds, years, time.month().into(), time.day(), time.hour(), time.minute(), time.second()];
    for (at, field) in [0, 2, 5, 8, 11, 14, 17].into_iter().zip(fields) {
        text[at] = b'0' + field / 10;
        text[at + 1] = b'0' + field % 10;
    }
    String::from_utf8(text.to_vec()).expect("digits are ASCII")
}

/// `2026/01/02 15:04:05`, in UTC.
pub(super) fn slashed(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(SLASHED).expect("a system time can be formatted")
}

/// Control characters and what reorders text become visible, so that nobody outside can forge or hide a line.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmful(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// A logfmt value: as it is when it holds only harmless characters, quoted otherwise.
pub(super) fn push_value(line: &mut String, value: &str) {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._/@^+".contains(&octet);
    if value.bytes().all(plain) {
        line.push_str(value);
        return;
    }
    line.push('"');
    // Nearly every value is without what has to be escaped, and this look is quicker than the one for each.
    if value.bytes().all(|octet| matches!(octet, b' '..=b'~') && octet != b'"' && octet != b'\\') {
        line.push_str(value);
        line.push('"');
        return;
    }
    for character in value.chars() {
        match character {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            harmful if is_harmful(harmful) => {
                write!(line, "\\u{:04x}", u32::from(harmful)).expect("a string takes every text");
            }
            harmless => line.push(harmless),
        }
    }
    line.push('"');
}

fn is_harmful(character: char) -> bool {
    // Bidirectional marks, embeddings, overrides and isolates, and separators that some viewers break lines at.
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
