//! JSON in the making: members stay in the order in which they are put in, and numbers may be of any size.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, in its digits.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Object(Object),
}

/// The members of a JSON object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object(Vec<(String, Json)>);

impl Json {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number.
    pub(crate) fn number(number: impl std::fmt::Display) -> Self {
        Self::Number(number.to_string())
    }

    /// A number that is not negative, from its octets.
    pub(crate) fn unsigned(octets: &[u8]) -> Self {
        Self::Number(decimal(octets))
    }

    /// Octets in base64.
    pub(crate) fn octets(octets: &[u8]) -> Self {
        Self::Text(STANDARD.encode(octets))
    }

    /// Octets in lower-case hexadecimal digits.
    pub(crate) fn hex(octets: &[u8]) -> Self {
        Self::Text(crate::inspect::hex::lower(octets))
    }

    /// The value on many lines, two spaces deeper for each level, and a line end.
    pub(crate) fn pretty(&self) -> String {
        let mut out = self.indented(2);
        out.push('\n');
        out
    }

    /// The value on many lines with this many spaces for each level.
    pub(crate) fn indented(&self, spaces: usize) -> String {
        let mut out = String::with_capacity(4096);
        self.write(&mut out, spaces, 0);
        out
    }

    /// Write the value as it stands two spaces deeper for each of `depth` levels; the first line is not indented.
    pub(crate) fn write_at(&self, out: &mut String, depth: usize) {
        self.write(out, 2, depth);
    }

    fn write(&self, out: &mut String, spaces: usize, depth: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) => quote(out, text),
            Self::List(items) => {
                let items = items.iter().map(|item| (None, item));
                write_all(out, ('[', ']'), items, spaces, depth);
            }
            Self::Object(Object(members)) => {
                let members = members.iter().map(|(name, value)| (Some(name.as_str()), value));
                write_all(out, ('{', '}'), members, spaces, depth);
            }
        }
    }
}

impl Object {
    /// An object without members.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Put in a member.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Json>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Put in a member if there is a value.
    pub(crate) fn put_some(&mut self, name: &str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Put in all members of another object.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Put in a list unless it is empty.
    pub(crate) fn put_list(&mut self, name: &str, items: Vec<Json>) {
        if !items.is_empty() {
            self.put(name, Json::List(items));
        }
    }

    /// Add to the list of that name, which is made if it is not there.
    pub(crate) fn append(&mut self, name: &str, item: Json) {
        match self.0.iter_mut().find(|(found, _)| found == name) {
            Some((_, Json::List(items))) => items.push(item),
            _ => self.put(name, Json::List(vec![item])),
        }
    }

    /// Write the members as they stand in a document, without its braces.
    pub(crate) fn write_members(&self, out: &mut String) {
        for (place, (name, value)) in self.0.iter().enumerate() {
            out.push_str(if place == 0 { "  " } else { ",\n  " });
            quote(out, name);
            out.push_str(": ");
            value.write(out, 2, 1);
        }
    }

    /// The members.
    pub(crate) fn into_members(self) -> impl Iterator<Item = (String, Json)> {
        self.0.into_iter()
    }

    /// The same members in the order of these names, and what they do not name at the end.
    pub(crate) fn ordered(mut self, names: &[&str]) -> Self {
        let rank = |name: &str| names.iter().position(|known| *known == name).unwrap_or(names.len());
        self.0.sort_by_key(|(name, _)| rank(name));
        self
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

fn write_all<'a>(
    out: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = (Option<&'a str>, &'a Json)>,
    spaces: usize,
    depth: usize,
) {
    out.push(open);
    let mut is_empty = true;
    for (name, item) in items {
        if !is_empty {
            out.push(',');
        }
        is_empty = false;
        line(out, spaces, depth + 1);
        if let Some(name) = name {
            quote(out, name);
            out.push_str(": ");
        }
        item.write(out, spaces, depth + 1);
    }
    if !is_empty {
        line(out, spaces, depth);
    }
    out.push(close);
}

fn line(out: &mut String, spaces: usize, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', spaces * depth));
}

/// A text in quotes, with everything escaped that a terminal could be fooled with.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    // Most texts are digits and letters alone.
    if text.bytes().all(|octet| matches!(octet, b' '..=b'~') && !matches!(octet, b'"' | b'\\')) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if crate::ui::is_dangerous(other) => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The decimal digits of a number that is not negative.
pub(crate) fn decimal(octets: &[u8]) -> String {
    // Groups of nine digits, the lowest first.
    let mut groups: Vec<u32> = vec![0];
    for octet in octets {
        let mut carry = u64::from(*octet);
        for group in &mut groups {
            let number = u64::from(*group) * 256 + carry;
            *group = u32::try_from(number % GROUP).expect("less than 10^9");
            carry = number / GROUP;
        }
        if carry > 0 {
            groups.push(u32::try_from(carry).expect("less than 256"));
        }
    }
    let (last, rest) = groups.split_last().expect("there is a group");
    let mut digits = last.to_string();
    rest.iter().rev().for_each(|group| {
        let _ = write!(digits, "{group:09}");
    });
    digits
}

const GROUP: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::{Json, Object, decimal};

    #[test]
    fn numbers_of_any_size_have_their_digits() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[0, 0]), "0");
        assert_eq!(decimal(&[0x3b, 0x9a, 0xca, 0x00]), "1000000000");
        assert_eq!(decimal(&[0xff; 16]), u128::MAX.to_string());
        assert_eq!(decimal(&[1, 0, 0, 0, 0, 0, 0, 0, 0]), "18446744073709551616");
    }

    #[test]
    fn what_is_written_is_json_and_harmless() {
        let mut object = Object::new();
        object.put("a\"\\\n", Json::List(vec![Json::Null, true.into(), Json::number(1)]));
        object.put("b", "\u{1b}[2J\u{202e}\u{e0001}ü");
        object.put("empty", Object::new());
        let text = Json::from(object).pretty();
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\u{e0001}'));
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let expected = serde_json::json!({
            "a\"\\\n": [null, true, 1], "b": "\u{1b}[2J\u{202e}\u{e0001}ü", "empty": {},
        });
        assert_eq!(read, expected);
    }
}
