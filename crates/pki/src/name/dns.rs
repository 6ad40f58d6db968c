//! Host names.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use super::{NameError, punycode};

/// A host name, or all hosts directly under one (`*.example.com`).
///
/// Labels of ASCII letters, digits and inner hyphens (RFC 1123 §2.1), no dot at the end. The spelling is kept, yet
/// names that differ in case alone are equal (RFC 4343).
#[derive(Clone)]
pub struct DnsName {
    text: Box<str>,
}

impl DnsName {
    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name under which the wildcard stands, if it is one.
    pub fn wildcard_of(&self) -> Option<&str> {
        self.text.strip_prefix("*.")
    }
}

impl FromStr for DnsName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let host = match text.strip_prefix("*.") {
            // A star over a whole top-level domain speaks for hosts of strangers.
            Some(parent) if parent.contains('*') || !parent.contains('.') => return Err(NameError::Wildcard),
            Some(parent) => parent,
            None if text.contains('*') => return Err(NameError::Wildcard),
            None => text,
        };
        check_host(host)?;
        if text.len() > MAX_LEN {
            return Err(NameError::TooLong(MAX_LEN));
        }
        Ok(Self { text: text.into() })
    }
}

/// Refuse what is not a host name.
pub(super) fn check_host(host: &str) -> Result<(), NameError> {
    if host.is_empty() {
        return Err(NameError::Empty);
    }
    if host.len() > MAX_LEN {
        return Err(NameError::TooLong(MAX_LEN));
    }
    if !host.is_ascii() {
        return Err(NameError::NotAscii);
    }
    if host.ends_with('.') {
        // Stripping the dot would make two spellings of one name.
        return Err(NameError::TrailingDot);
    }
    host.split('.').try_for_each(check_label)?;
    // `127.1` and `0x7f.1` are IPv4 addresses to many resolvers (WHATWG URL §3.5, "ends in a number").
    let last = host.rsplit('.').next().unwrap_or(host);
    if last.bytes().all(|octet| octet.is_ascii_digit()) || is_hexadecimal(last) {
        return Err(NameError::Address);
    }
    Ok(())
}

fn check_label(label: &str) -> Result<(), NameError> {
    if label.is_empty() {
        return Err(NameError::LabelEmpty);
    }
    if label.len() > 63 {
        return Err(NameError::LabelTooLong);
    }
    if let Some(character) = label.chars().find(|character| !character.is_ascii_alphanumeric() && *character != '-') {
        return Err(NameError::Character(character));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(NameError::Hyphen);
    }
    match label.split_at_checked(4) {
        Some((prefix, encoded)) if prefix.eq_ignore_ascii_case("xn--") && !punycode::is_valid(encoded) => {
            Err(NameError::Punycode)
        }
        _ => Ok(()),
    }
}

fn is_hexadecimal(label: &str) -> bool {
    let digits = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    digits.is_some_and(|digits| digits.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

impl PartialEq for DnsName {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for DnsName {}

impl Hash for DnsName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.bytes().for_each(|octet| state.write_u8(octet.to_ascii_lowercase()));
        state.write_u8(0xff);
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for DnsName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "DnsName({:?})", self.text)
    }
}

/// RFC 1035 §2.3.4: 255 octets on the wire, which is 253 characters.
const MAX_LEN: usize = 253;
