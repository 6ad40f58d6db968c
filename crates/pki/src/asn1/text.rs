//! The string types of ASN.1.

use std::borrow::Cow;

use super::tag;

/// The text of a string of any type; nothing when it is no string, or not a valid one.
pub(crate) fn text(tag: u8, content: &[u8]) -> Option<Cow<'_, str>> {
    match tag {
        tag::BMP_STRING => {
            let units = content.chunks(2).map(|pair| pair.try_into().ok().map(u16::from_be_bytes));
            String::from_utf16(&units.collect::<Option<Vec<u16>>>()?).ok().map(Cow::Owned)
        }
        tag::UNIVERSAL_STRING => {
            let points = content.chunks(4).map(|four| char::from_u32(u32::from_be_bytes(four.try_into().ok()?)));
            points.collect::<Option<String>>().map(Cow::Owned)
        }
        tag::T61_STRING if !content.is_ascii() => {
            // Nobody ever wrote real T.61; what is found in the field is Latin-1.
            Some(Cow::Owned(content.iter().map(|octet| char::from(*octet)).collect()))
        }
        _ => plain_text(tag, content).map(Cow::Borrowed),
    }
}

/// The text of a string of a type whose content is the text.
pub(crate) fn plain_text(tag: u8, content: &[u8]) -> Option<&str> {
    match tag {
        tag::UTF8_STRING
        | tag::PRINTABLE_STRING
        | tag::IA5_STRING
        | tag::NUMERIC_STRING
        | tag::VISIBLE_STRING
        | tag::T61_STRING => std::str::from_utf8(content).ok(),
        _ => None,
    }
}

/// Whether Go, and therefore every certificate of a step-ca, writes this text as a `PrintableString`.
///
/// X.680 §41.4 has no `*`, `@`, `_` or `&` in that type either.
pub(crate) fn is_printable(text: &str) -> bool {
    text.bytes().all(|octet| {
        octet.is_ascii_alphanumeric()
            || matches!(octet, b' ' | b'\'' | b'(' | b')' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?')
    })
}
