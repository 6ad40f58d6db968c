//! The attributes that names are made of.

use std::fmt;

use const_oid::ObjectIdentifier;

/// An attribute of a distinguished name (RFC 4519, RFC 2985 §5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// `CN`.
    CommonName,
    /// `C`, two letters.
    Country,
    /// `DC`.
    DomainComponent,
    /// `emailAddress`.
    EmailAddress,
    /// `L`.
    Locality,
    /// `O`.
    Organization,
    /// `OU`.
    OrganizationalUnit,
    /// `POSTALCODE`.
    PostalCode,
    /// `SERIALNUMBER`, of a device or person.
    SerialNumber,
    /// `ST`, a state or province.
    State,
    /// `STREET`.
    Street,
    /// `UID`.
    UserId,
    /// Any other.
    Other(ObjectIdentifier),
}

impl Attribute {
    /// The object identifier.
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Other(oid) => oid,
            known => NAMED.iter().find(|named| named.0 == known).expect("every named attribute is listed").1,
        }
    }

    /// The place in the order of the certificate profile; nothing for attributes that come after all those.
    pub(super) fn rank(self) -> Option<u8> {
        match self {
            Self::Country => Some(0),
            Self::State => Some(1),
            Self::Locality => Some(2),
            Self::Street => Some(3),
            Self::PostalCode => Some(4),
            Self::Organization => Some(5),
            Self::OrganizationalUnit => Some(6),
            Self::CommonName => Some(7),
            Self::SerialNumber => Some(8),
            Self::DomainComponent | Self::EmailAddress | Self::UserId | Self::Other(_) => None,
        }
    }

    /// Whether a name has at most one value of it.
    pub(super) fn is_single(self) -> bool {
        matches!(self, Self::CommonName | Self::SerialNumber)
    }

    /// Whether its values are `IA5String` (RFC 5280 appendix A.1).
    pub(super) fn is_ia5(self) -> bool {
        matches!(self, Self::DomainComponent | Self::EmailAddress)
    }
}

impl From<ObjectIdentifier> for Attribute {
    fn from(oid: ObjectIdentifier) -> Self {
        NAMED.iter().find(|named| named.1 == oid).map_or(Self::Other(oid), |named| named.0)
    }
}

/// The short name, or the object identifier.
impl fmt::Display for Attribute {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(oid) => oid.fmt(out),
            known => {
                out.write_str(NAMED.iter().find(|named| named.0 == *known).expect("every named attribute is listed").2)
            }
        }
    }
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const NAMED: [(Attribute, ObjectIdentifier, &str); 12] = [
    (Attribute::CommonName, oid("2.5.4.3"), "CN"),
    (Attribute::Country, oid("2.5.4.6"), "C"),
    (Attribute::DomainComponent, oid("0.9.2342.19200300.100.1.25"), "DC"),
    (Attribute::EmailAddress, oid("1.2.840.113549.1.9.1"), "emailAddress"),
    (Attribute::Locality, oid("2.5.4.7"), "L"),
    (Attribute::Organization, oid("2.5.4.10"), "O"),
    (Attribute::OrganizationalUnit, oid("2.5.4.11"), "OU"),
    (Attribute::PostalCode, oid("2.5.4.17"), "POSTALCODE"),
    (Attribute::SerialNumber, oid("2.5.4.5"), "SERIALNUMBER"),
    (Attribute::State, oid("2.5.4.8"), "ST"),
    (Attribute::Street, oid("2.5.4.9"), "STREET"),
    (Attribute::UserId, oid("0.9.2342.19200300.100.1.1"), "UID"),
];
