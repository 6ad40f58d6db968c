//! Uniform resource identifiers.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::NameError;

/// A URI with a scheme (RFC 3986), all ASCII, kept as it was written.
///
/// What begins with `scheme://` must go on with a host (RFC 5280 §4.2.1.6) and carries no user information.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UriName {
    text: Box<str>,
}

impl UriName {
    /// The URI.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host name or address, without brackets; nothing for URIs such as `urn:uuid:…`.
    pub fn host(&self) -> Option<&str> {
        host(&self.text)
    }
}

/// The host of a URI, without brackets.
pub(crate) fn host(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(':')?;
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host_and_port.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']').map(|(host, _)| host),
        None => Some(host_and_port.split(':').next().unwrap_or(host_and_port)),
    }
}

/// The scheme that a text begins with, if it begins with one (RFC 3986 §3.1).
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let starts_well = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    let goes_on_well = scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet));
    (starts_well && goes_on_well).then_some(scheme)
}

impl FromStr for UriName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_LEN {
            return Err(NameError::TooLong(MAX_LEN));
        }
        if !text.is_ascii() {
            return Err(NameError::NotAscii);
        }
        let scheme = scheme(text).ok_or(NameError::NotAbsolute)?;
        let rest = &text[scheme.len() + 1..];
        if rest.is_empty() {
            return Err(NameError::NotAbsolute);
        }
        let after_authority = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                check_authority(&rest[..end])?;
                &rest[end..]
            }
            None => rest,
        };
        check_characters(after_authority)?;
        Ok(Self { text: text.into() })
    }
}

fn check_authority(authority: &str) -> Result<(), NameError> {
    if authority.contains('@') {
        return Err(NameError::UserInformation);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or(NameError::NotAHost)?;
            address.parse::<Ipv6Addr>().map_err(|_| NameError::NotAHost)?;
            (None, port)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            (Some(&authority[..end]), &authority[end..])
        }
    };
    let port_is_good = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| digits.is_empty() || digits.parse::<u16>().is_ok());
    if !port_is_good {
        return Err(NameError::NotAHost);
    }
    host.map_or(Ok(()), check_host)
}

/// Host names of URIs may have underscores: SPIFFE trust domains do.
fn check_host(host: &str) -> Result<(), NameError> {
    if host.parse::<Ipv4Addr>().is_ok() {
        return Ok(());
    }
    match super::dns::check_host(&host.replace('_', "x")) {
        Ok(()) => Ok(()),
        Err(NameError::Empty) => Err(NameError::NotAHost),
        Err(error) => Err(error),
    }
}

/// Path, query and fragment (RFC 3986 §3.3 to §3.5).
fn check_characters(text: &str) -> Result<(), NameError> {
    let mut octets = text.bytes();
    let mut in_fragment = false;
    while let Some(octet) = octets.next() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {
            }
            b':' | b'@' | b'/' | b'?' => {}
            b'%' => {
                let escaped = octets.next().zip(octets.next());
                if !escaped.is_some_and(|(high, low)| high.is_ascii_hexdigit() && low.is_ascii_hexdigit()) {
                    return Err(NameError::UriEscape);
                }
            }
            b'#' if !in_fragment => in_fragment = true,
            other => return Err(NameError::Character(char::from(other))),
        }
    }
    Ok(())
}

impl fmt::Display for UriName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for UriName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "UriName({:?})", self.text)
    }
}

/// Longer than any URI that somebody is known by.
const MAX_LEN: usize = 2048;
