//! Subject alternative names.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use super::{DnsName, EmailAddress, NameError, UriName, uri};

/// A name of one of the kinds that Rung certifies, in the order in which certificates list them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubjectAltName {
    /// A host.
    Dns(DnsName),
    /// A mailbox.
    Email(EmailAddress),
    /// An address.
    Ip(IpAddr),
    /// A resource.
    Uri(UriName),
}

impl SubjectAltName {
    /// Tell what kind of name a text is, and check that it is a good one of that kind: an IP address, else a URI if
    /// it begins with a scheme, else an e-mail address if it has an at sign, else a host name.
    ///
    /// # Errors
    /// When it is not a good name of its kind.
    pub fn classify(text: &str) -> Result<Self, NameError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Self::ip(address);
        }
        if uri::scheme(text).is_some() {
            return UriName::from_str(text).map(Self::Uri);
        }
        if text.contains('@') {
            return EmailAddress::from_str(text).map(Self::Email);
        }
        DnsName::from_str(text).map(Self::Dns)
    }

    /// An address as a name.
    ///
    /// # Errors
    /// When it is an IPv4 address written as IPv6: two spellings of one name get around rules for the other.
    pub fn ip(address: IpAddr) -> Result<Self, NameError> {
        match address {
            IpAddr::V6(address) if is_mapped(&address) => Err(NameError::MappedAddress),
            address => Ok(Self::Ip(address)),
        }
    }

    /// The kind in one word: `dns`, `email`, `ip` or `uri`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Email(_) => "email",
            Self::Ip(_) => "ip",
            Self::Uri(_) => "uri",
        }
    }

    /// Where certificates put this kind of name among the others.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Dns(_) => 0,
            Self::Email(_) => 1,
            Self::Ip(_) => 2,
            Self::Uri(_) => 3,
        }
    }
}

fn is_mapped(address: &Ipv6Addr) -> bool {
    address.to_ipv4_mapped().is_some()
}

/// The bare name, without its kind.
impl fmt::Display for SubjectAltName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(out),
            Self::Email(name) => name.fmt(out),
            Self::Ip(address) => address.fmt(out),
            Self::Uri(name) => name.fmt(out),
        }
    }
}
