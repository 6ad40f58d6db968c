//! What a CA may certify: how deep, and which names.

mod matching;

use std::{fmt, net::IpAddr};

use super::GeneralName;
use crate::{
    asn1::{Element, NotDer, Reader, Writer, tag},
    name::{DistinguishedName, SubjectAltName},
};
pub(crate) use matching::Candidate;

/// Whether a certificate is that of a CA, and how many CAs may come below it (RFC 5280 §4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether it is a CA.
    pub is_ca: bool,
    /// How many intermediate CAs may come between it and a leaf; any number if nothing is said.
    pub path_len: Option<u8>,
}

impl BasicConstraints {
    pub(super) fn write(self, out: &mut Writer) {
        out.sequence(|out| {
            out.flag(self.is_ca);
            if let Some(path_len) = self.path_len {
                out.signed(i64::from(path_len));
            }
        });
    }

    pub(crate) fn read(value: &[u8]) -> Result<Self, NotDer> {
        let mut fields = Reader::whole(value, tag::SEQUENCE)?;
        let is_ca = fields.flag()?;
        let path_len = match fields.optional(tag::INTEGER)? {
            // A longer path than this cannot be built, so more is as good as that.
            Some(number) => Some(match number.unsigned()? {
                [octet] => *octet,
                _ => u8::MAX,
            }),
            None => None,
        };
        fields.finish()?;
        Ok(Self { is_ca, path_len })
    }
}

/// The names that certificates below a CA may have (RFC 5280 §4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameConstraints {
    /// If there are subtrees of a kind, names of that kind must be in one of them.
    pub permitted: Vec<Subtree>,
    /// Names that are in one of these are refused, whatever else is permitted.
    pub excluded: Vec<Subtree>,
}

/// A set of names of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subtree {
    /// A host and all hosts below it; only those below it when it begins with a dot.
    Dns(String),
    /// A mailbox, or all mailboxes of a host, or, beginning with a dot, those of all hosts below a domain.
    Email(String),
    /// Addresses whose bits under the mask are those of the network.
    Ip {
        /// The network.
        network: IpAddr,
        /// The mask, of the same family.
        mask: IpAddr,
    },
    /// URIs at a host, or, beginning with a dot, at all hosts below a domain.
    Uri(String),
    /// Names that begin with these parts.
    Directory(DistinguishedName),
    /// A kind that Rung does not compare: nothing of that kind gets through.
    Unsupported {
        /// The number of the kind's tag.
        kind: u8,
        /// The DER of the `GeneralName`.
        der: Vec<u8>,
    },
}

/// Why a name is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// It is in an excluded subtree.
    #[error("{name} is excluded by the name constraint {subtree}")]
    Excluded {
        /// The name, with its kind.
        name: String,
        /// The subtree.
        subtree: String,
    },
    /// It is in none of the permitted subtrees of its kind.
    #[error("{name} is not permitted by any name constraint")]
    NotPermitted {
        /// The name, with its kind.
        name: String,
    },
    /// It cannot be compared with the constraints of its kind.
    #[error("{name} cannot be compared with the name constraints")]
    NotComparable {
        /// The name, with its kind.
        name: String,
    },
}

impl NameConstraints {
    /// Check a name: excluded subtrees first, then the permitted ones of its kind, if there are any.
    ///
    /// # Errors
    /// Why the name is not allowed.
    pub fn permits(&self, name: &SubjectAltName) -> Result<(), ConstraintError> {
        self.permits_candidate(&Candidate::from(name))
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.sequence(|out| {
            for (number, subtrees) in [(0, &self.permitted), (1, &self.excluded)] {
                if !subtrees.is_empty() {
                    out.nested(tag::context_constructed(number), |out| {
                        subtrees.iter().for_each(|subtree| out.sequence(|out| subtree.write(out)));
                    });
                }
            }
        });
    }

    pub(crate) fn read(value: &[u8]) -> Result<Self, NotDer> {
        let mut fields = Reader::whole(value, tag::SEQUENCE)?;
        let mut subtrees = |number| match fields.optional(tag::context_constructed(number))? {
            Some(list) => read_subtrees(list.reader()),
            None => Ok(Vec::new()),
        };
        let constraints = Self { permitted: subtrees(0)?, excluded: subtrees(1)? };
        fields.finish()?;
        Ok(constraints)
    }
}

fn read_subtrees(mut list: Reader<'_>) -> Result<Vec<Subtree>, NotDer> {
    let mut subtrees = Vec::new();
    while !list.is_empty() {
        // RFC 5280 §4.2.1.10: minimum is zero, so it is absent in DER, and maximum is absent.
        let mut fields = list.nested(tag::SEQUENCE)?;
        subtrees.push(Subtree::read(&fields.element()?)?);
        fields.finish()?;
        if subtrees.len() > MAX_SUBTREES {
            return Err(NotDer);
        }
    }
    if subtrees.is_empty() { Err(NotDer) } else { Ok(subtrees) }
}

impl Subtree {
    /// The network that an address and the length of its prefix stand for, such as `10.0.0.0/8`.
    ///
    /// Nothing when the prefix is longer than the address.
    pub fn network(address: IpAddr, prefix: u8) -> Option<Self> {
        let mask = match address {
            IpAddr::V4(_) if prefix <= 32 => IpAddr::from((!(u64::from(u32::MAX) >> prefix) as u32).to_be_bytes()),
            IpAddr::V6(_) if prefix <= 128 => {
                IpAddr::from((!u128::MAX.checked_shr(u32::from(prefix)).unwrap_or(0)).to_be_bytes())
            }
            IpAddr::V4(_) | IpAddr::V6(_) => return None,
        };
        Some(Self::Ip { network: matching::masked(address, mask)?, mask })
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::Email(text) => out.element(tag::context(1), text.as_bytes()),
            Self::Dns(text) => out.element(tag::context(2), text.as_bytes()),
            Self::Directory(name) => out.element(tag::context_constructed(4), name.der()),
            Self::Uri(text) => out.element(tag::context(6), text.as_bytes()),
            Self::Ip { network, mask } => out.nested(tag::context(7), |out| {
                for address in [network, mask] {
                    match address {
                        IpAddr::V4(address) => out.raw(&address.octets()),
                        IpAddr::V6(address) => out.raw(&address.octets()),
                    }
                }
            }),
            Self::Unsupported { der, .. } => out.raw(der),
        }
    }

    fn read(element: &Element<'_>) -> Result<Self, NotDer> {
        if element.tag == tag::context(7) {
            return Self::read_network(element.content);
        }
        Ok(match GeneralName::read(element)? {
            GeneralName::Dns(text) => Self::Dns(text),
            GeneralName::Email(text) => Self::Email(text),
            GeneralName::Uri(text) => Self::Uri(text),
            GeneralName::DirectoryName(name) => Self::Directory(name),
            GeneralName::OtherName { .. }
            | GeneralName::X400Address(_)
            | GeneralName::EdiPartyName(_)
            | GeneralName::Ip(_)
            | GeneralName::RegisteredId(_) => Self::Unsupported { kind: element.tag & 0x1f, der: element.der.to_vec() },
        })
    }

    fn read_network(octets: &[u8]) -> Result<Self, NotDer> {
        let (network, mask) = octets.split_at(octets.len() / 2);
        let address = |octets: &[u8]| match octets.len() {
            4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
            _ => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        };
        match (address(network), address(mask)) {
            (Some(network), Some(mask)) => Ok(Self::Ip { network, mask }),
            _ => Err(NotDer),
        }
    }
}

/// The bare set: a domain, a mailbox, `10.0.0.0/8`.
impl fmt::Display for Subtree {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) => write!(out, "{}", text.escape_debug()),
            Self::Directory(name) => name.fmt(out),
            Self::Ip { network, mask } => match matching::prefix_len(*mask) {
                Some(prefix) => write!(out, "{network}/{prefix}"),
                None => write!(out, "{network}/{mask}"),
            },
            Self::Unsupported { kind, .. } => write!(out, "[{kind}]"),
        }
    }
}

/// Limits the work of comparing many names with many subtrees.
const MAX_SUBTREES: usize = 1024;
