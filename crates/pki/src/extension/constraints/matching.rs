//! Comparing names with name constraints (RFC 5280 §4.2.1.10).

use std::net::IpAddr;

use super::{ConstraintError, NameConstraints, Subtree};
use crate::{
    extension::GeneralName,
    name::{DistinguishedName, SubjectAltName, uri_host},
};

/// A name that constraints are applied to, whatever it was taken from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Candidate<'a> {
    Dns(&'a str),
    Email(&'a str),
    Ip(IpAddr),
    Uri(&'a str),
    Directory(&'a DistinguishedName),
    /// The number of the tag of its kind.
    Other(u8),
}

impl<'a> From<&'a SubjectAltName> for Candidate<'a> {
    fn from(name: &'a SubjectAltName) -> Self {
        match name {
            SubjectAltName::Dns(name) => Self::Dns(name.as_str()),
            SubjectAltName::Email(name) => Self::Email(name.as_str()),
            SubjectAltName::Ip(address) => Self::Ip(*address),
            SubjectAltName::Uri(name) => Self::Uri(name.as_str()),
        }
    }
}

impl<'a> From<&'a GeneralName> for Candidate<'a> {
    fn from(name: &'a GeneralName) -> Self {
        match name {
            GeneralName::OtherName { .. } => Self::Other(0),
            GeneralName::Email(text) => Self::Email(text),
            GeneralName::Dns(text) => Self::Dns(text),
            GeneralName::X400Address(_) => Self::Other(3),
            GeneralName::DirectoryName(name) => Self::Directory(name),
            GeneralName::EdiPartyName(_) => Self::Other(5),
            GeneralName::Uri(text) => Self::Uri(text),
            GeneralName::Ip(address) => Self::Ip(*address),
            GeneralName::RegisteredId(_) => Self::Other(8),
        }
    }
}

/// The name with its kind, for messages.
impl Candidate<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Dns(text) => format!("dns name \"{}\"", text.escape_debug()),
            Self::Email(text) => format!("email name \"{}\"", text.escape_debug()),
            Self::Ip(address) => format!("ip name \"{address}\""),
            Self::Uri(text) => format!("uri name \"{}\"", text.escape_debug()),
            Self::Directory(name) => format!("directory name \"{name}\""),
            Self::Other(number) => format!("name of type [{number}]"),
        }
    }
}

/// How a subtree is compared: an excluded one must catch whatever might be in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Excluded,
    Permitted,
}

/// The name cannot be compared with constraints of its kind.
struct NotComparable;

impl NameConstraints {
    pub(crate) fn permits_candidate(&self, name: &Candidate<'_>) -> Result<(), ConstraintError> {
        let not_comparable = |NotComparable| ConstraintError::NotComparable { name: name.describe() };
        for subtree in &self.excluded {
            if subtree.holds(name, List::Excluded).map_err(not_comparable)? == Some(true) {
                return Err(ConstraintError::Excluded { name: name.describe(), subtree: subtree.to_string() });
            }
        }
        let mut restricted = false;
        for subtree in &self.permitted {
            match subtree.holds(name, List::Permitted).map_err(not_comparable)? {
                Some(true) => return Ok(()),
                Some(false) => restricted = true,
                None => {}
            }
        }
        if restricted { Err(ConstraintError::NotPermitted { name: name.describe() }) } else { Ok(()) }
    }
}

impl Subtree {
    /// Whether the name is in this subtree; nothing when it is of another kind.
    fn holds(&self, name: &Candidate<'_>, list: List) -> Result<Option<bool>, NotComparable> {
        match (self, name) {
            (Self::Dns(subtree), Candidate::Dns(name)) => dns_holds(subtree, name, list).map(Some),
            (Self::Email(subtree), Candidate::Email(name)) => email_holds(subtree, name).map(Some),
            (Self::Ip { network, mask }, Candidate::Ip(address)) => {
                Ok(Some(masked(*address, *mask).is_some_and(|address| Some(address) == masked(*network, *mask))))
            }
            (Self::Uri(subtree), Candidate::Uri(name)) => uri_holds(subtree, name).map(Some),
            (Self::Directory(subtree), Candidate::Directory(name)) => {
                Ok(Some(name.comparable().starts_with(&subtree.comparable())))
            }
            (Self::Unsupported { kind, .. }, Candidate::Other(other)) if kind == other => Err(NotComparable),
            _ => Ok(None),
        }
    }
}

fn dns_holds(subtree: &str, name: &str, list: List) -> Result<bool, NotComparable> {
    // An empty label, in front as well, makes it the name of no host.
    if name.split('.').any(str::is_empty) || !name.is_ascii() {
        return Err(NotComparable);
    }
    if subtree.is_empty() || is_below(name, subtree) {
        return Ok(true);
    }
    // A wildcard stands for every host beside the star, so it must not speak for one that is excluded.
    let overlaps = match (list, name.strip_prefix("*."), subtree.strip_prefix('.').unwrap_or(subtree).split_once('.')) {
        (List::Excluded, Some(parent), Some((_, subtree_parent))) => parent.eq_ignore_ascii_case(subtree_parent),
        _ => false,
    };
    Ok(overlaps && !subtree.starts_with('.'))
}

/// Whether a host is a domain or below it; only below it when the domain begins with a dot.
fn is_below(host: &str, domain: &str) -> bool {
    let Some(at) = host.len().checked_sub(domain.len()) else { return false };
    let Some((front, tail)) = host.split_at_checked(at) else { return false };
    tail.eq_ignore_ascii_case(domain)
        && match domain.starts_with('.') {
            true => !front.is_empty(),
            false => front.is_empty() || front.ends_with('.'),
        }
}

fn email_holds(subtree: &str, name: &str) -> Result<bool, NotComparable> {
    // With a second sign it depends on the reader where the domain begins.
    let (local, domain) = name
        .split_once('@')
        .filter(|(local, domain)| !local.is_empty() && !domain.contains('@'))
        .ok_or(NotComparable)?;
    if let Some((subtree_local, subtree_domain)) = subtree.rsplit_once('@') {
        return Ok(local == subtree_local && domain.eq_ignore_ascii_case(subtree_domain));
    }
    Ok(host_holds(subtree, domain))
}

fn uri_holds(subtree: &str, name: &str) -> Result<bool, NotComparable> {
    // RFC 5280 §4.2.1.10: a URI without a host name must be rejected when there are constraints for URIs.
    let host =
        uri_host(name).filter(|host| !host.is_empty() && host.parse::<IpAddr>().is_err()).ok_or(NotComparable)?;
    if host.ends_with('.') {
        return Err(NotComparable);
    }
    Ok(host_holds(subtree, host))
}

/// For mailboxes and URIs a domain is that host alone, and with a dot in front everything below it.
fn host_holds(subtree: &str, host: &str) -> bool {
    match subtree.starts_with('.') {
        true => is_below(host, subtree),
        false => subtree.is_empty() || host.eq_ignore_ascii_case(subtree),
    }
}

/// The bits of an address under a mask; nothing when they are of different families.
pub(super) fn masked(address: IpAddr, mask: IpAddr) -> Option<IpAddr> {
    match (address, mask) {
        (IpAddr::V4(address), IpAddr::V4(mask)) => Some(IpAddr::V4(address & mask)),
        (IpAddr::V6(address), IpAddr::V6(mask)) => Some(IpAddr::V6(address & mask)),
        _ => None,
    }
}

/// The length of the prefix that a mask stands for, if it stands for one.
pub(super) fn prefix_len(mask: IpAddr) -> Option<u32> {
    let (bits, width) = match mask {
        IpAddr::V4(mask) => (u128::from(mask.to_bits()) << 96, 32),
        IpAddr::V6(mask) => (mask.to_bits(), 128),
    };
    let ones = bits.leading_ones().min(width);
    (ones == bits.count_ones()).then_some(ones)
}
