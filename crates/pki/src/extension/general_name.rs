//! `GeneralName` (RFC 5280 §4.2.1.6), with the kinds that Rung shows but does not certify.

use std::net::IpAddr;

use const_oid::ObjectIdentifier;

use crate::{
    asn1::{Element, NotDer, Reader, Writer, tag},
    name::{DistinguishedName, NameError, SubjectAltName},
};

/// A name as certificates hold it, of any kind and not checked for its syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneralName {
    /// A name of a kind that an object identifier names.
    OtherName {
        /// The kind.
        type_id: ObjectIdentifier,
        /// The DER of the value.
        value: Vec<u8>,
    },
    /// An e-mail address.
    Email(String),
    /// A host name.
    Dns(String),
    /// An X.400 address, in DER.
    X400Address(Vec<u8>),
    /// A distinguished name.
    DirectoryName(DistinguishedName),
    /// An EDI party name, in DER.
    EdiPartyName(Vec<u8>),
    /// A URI.
    Uri(String),
    /// An IP address.
    Ip(IpAddr),
    /// An object identifier.
    RegisteredId(ObjectIdentifier),
}

impl GeneralName {
    pub(crate) fn read(element: &Element<'_>) -> Result<Self, NotDer> {
        let text = || element.ascii().map(str::to_owned);
        Ok(match element.tag & 0x1f {
            0 => {
                let mut fields = element.reader();
                let type_id = fields.oid()?;
                let value = fields.expect(tag::context_constructed(0))?.content.to_vec();
                fields.finish()?;
                Self::OtherName { type_id, value }
            }
            1 => Self::Email(text()?),
            2 => Self::Dns(text()?),
            3 => Self::X400Address(element.content.to_vec()),
            4 => Self::DirectoryName(DistinguishedName::from_der(element.content).map_err(|_| NotDer)?),
            5 => Self::EdiPartyName(element.content.to_vec()),
            6 => Self::Uri(text()?),
            7 => Self::Ip(read_address(element.content)?),
            8 => Self::RegisteredId(element.oid()?),
            _ => return Err(NotDer),
        })
    }
}

impl GeneralName {
    pub(crate) fn write(&self, out: &mut Writer) {
        match self {
            Self::OtherName { type_id, value } => out.nested(tag::context_constructed(0), |out| {
                out.oid(type_id);
                out.element(tag::context_constructed(0), value);
            }),
            Self::Email(text) => out.element(tag::context(1), text.as_bytes()),
            Self::Dns(text) => out.element(tag::context(2), text.as_bytes()),
            Self::X400Address(der) => out.element(tag::context_constructed(3), der),
            Self::DirectoryName(name) => out.element(tag::context_constructed(4), name.der()),
            Self::EdiPartyName(der) => out.element(tag::context_constructed(5), der),
            Self::Uri(text) => out.element(tag::context(6), text.as_bytes()),
            Self::Ip(IpAddr::V4(address)) => out.element(tag::context(7), &address.octets()),
            Self::Ip(IpAddr::V6(address)) => out.element(tag::context(7), &address.octets()),
            Self::RegisteredId(oid) => out.element(tag::context(8), oid.as_bytes()),
        }
    }
}

impl From<SubjectAltName> for GeneralName {
    fn from(name: SubjectAltName) -> Self {
        match name {
            SubjectAltName::Dns(name) => Self::Dns(name.as_str().to_owned()),
            SubjectAltName::Email(name) => Self::Email(name.as_str().to_owned()),
            SubjectAltName::Ip(address) => Self::Ip(address),
            SubjectAltName::Uri(name) => Self::Uri(name.as_str().to_owned()),
        }
    }
}

/// The names in a `GeneralNames`, of which there is at least one.
pub(crate) fn general_names(value: &[u8]) -> Result<impl Iterator<Item = Result<GeneralName, NotDer>>, NotDer> {
    let elements = general_name_elements(value)?;
    Ok(elements.map(|element| GeneralName::read(&element?)))
}

fn general_name_elements(value: &[u8]) -> Result<impl Iterator<Item = Result<Element<'_>, NotDer>>, NotDer> {
    let mut names = Reader::whole(value, tag::SEQUENCE)?;
    if names.is_empty() {
        return Err(NotDer);
    }
    Ok(std::iter::from_fn(move || {
        if names.is_empty() {
            return None;
        }
        let element =
            names.element().and_then(|element| if has_name_tag(element.tag) { Ok(element) } else { Err(NotDer) });
        if element.is_err() {
            names = Reader::new(&[]);
        }
        Some(element)
    }))
}

/// Whether it is the tag of a `GeneralName`, with the bit for constructed values where it belongs.
fn has_name_tag(found: u8) -> bool {
    match found & 0x1f {
        number @ (0 | 3 | 4 | 5) => found == tag::context_constructed(number),
        number @ (1 | 2 | 6 | 7 | 8) => found == tag::context(number),
        _ => false,
    }
}

/// The name that Rung may certify, strictly; nothing for the kinds that it does not.
pub(crate) fn subject_alt_name(name: &GeneralName) -> Option<Result<SubjectAltName, (String, NameError)>> {
    let failed = |text: &String| {
        let text = text.clone();
        move |error| (text, error)
    };
    Some(match name {
        GeneralName::Dns(text) => text.parse().map(SubjectAltName::Dns).map_err(failed(text)),
        GeneralName::Email(text) => text.parse().map(SubjectAltName::Email).map_err(failed(text)),
        GeneralName::Uri(text) => text.parse().map(SubjectAltName::Uri).map_err(failed(text)),
        GeneralName::Ip(address) => SubjectAltName::ip(*address).map_err(failed(&address.to_string())),
        GeneralName::OtherName { .. }
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EdiPartyName(_)
        | GeneralName::RegisteredId(_) => return None,
    })
}

fn read_address(octets: &[u8]) -> Result<IpAddr, NotDer> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Ok(IpAddr::from(octets));
    }
    <[u8; 16]>::try_from(octets).map(IpAddr::from).map_err(|_| NotDer)
}
