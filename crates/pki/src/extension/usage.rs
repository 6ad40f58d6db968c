//! What keys and certificates may be used for.

use std::{fmt, ops::BitOr};

use const_oid::ObjectIdentifier;

use crate::asn1::{NotDer, Reader, Writer, tag};

/// What a key may be used for (RFC 5280 §4.2.1.3).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Signatures that are neither of certificates nor of CRLs.
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// Signatures that bind; also called non-repudiation.
    pub const CONTENT_COMMITMENT: Self = Self(1 << 1);
    /// Encrypting keys, as RSA does in TLS 1.2.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// Encrypting data itself.
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 3);
    /// Diffie-Hellman.
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// Signing certificates.
    pub const CERT_SIGN: Self = Self(1 << 5);
    /// Signing CRLs.
    pub const CRL_SIGN: Self = Self(1 << 6);
    /// With key agreement: encrypting alone.
    pub const ENCIPHER_ONLY: Self = Self(1 << 7);
    /// With key agreement: decrypting alone.
    pub const DECIPHER_ONLY: Self = Self(1 << 8);

    /// Whether everything in `other` is allowed.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the key may sign certificates.
    pub fn cert_sign(self) -> bool {
        self.contains(Self::CERT_SIGN)
    }

    /// Whether the key may sign CRLs.
    pub fn crl_sign(self) -> bool {
        self.contains(Self::CRL_SIGN)
    }

    /// Whether nothing is allowed.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits, bit 0 of the ASN.1 being the lowest.
    pub fn bits(self) -> u16 {
        self.0
    }

    pub(super) fn write(self, out: &mut Writer) {
        let [first, second] = [self.0 as u8, (self.0 >> 8) as u8].map(u8::reverse_bits);
        // X.690 §11.2.2: trailing zero bits of a named bit list are not written.
        match (first, second) {
            (0, 0) => out.element(tag::BIT_STRING, &[0]),
            (first, 0) => out.element(tag::BIT_STRING, &[unused_bits(first), first]),
            (first, second) => out.element(tag::BIT_STRING, &[unused_bits(second), first, second]),
        }
    }

    pub(crate) fn read(value: &[u8]) -> Result<Self, NotDer> {
        let mut reader = Reader::new(value);
        let content = reader.expect(tag::BIT_STRING)?.content;
        reader.finish()?;
        let (unused, octets) = content.split_first().ok_or(NotDer)?;
        let (first, second) = match octets {
            [] if *unused == 0 => (0, 0),
            [first] => (*first, 0),
            [first, second] => (*first, *second),
            _ => return Err(NotDer),
        };
        let padding = (1_u16 << unused.min(&8)) - 1;
        if *unused > 7 || u16::from(*octets.last().unwrap_or(&0)) & padding != 0 {
            return Err(NotDer);
        }
        Ok(Self(u16::from(first.reverse_bits()) | u16::from(second.reverse_bits()) << 8))
    }
}

fn unused_bits(octet: u8) -> u8 {
    u8::try_from(octet.trailing_zeros()).expect("an octet has eight bits")
}

impl BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for KeyUsage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyUsage({:#011b})", self.0)
    }
}

/// What a certificate may be used for (RFC 5280 §4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Anything.
    Any,
    /// TLS servers.
    ServerAuth,
    /// TLS clients.
    ClientAuth,
    /// Signing programs.
    CodeSigning,
    /// Protecting e-mail.
    EmailProtection,
    /// IPsec end systems.
    IpsecEndSystem,
    /// IPsec tunnels.
    IpsecTunnel,
    /// IPsec users.
    IpsecUser,
    /// Time stamps.
    TimeStamping,
    /// OCSP answers.
    OcspSigning,
    /// Something else.
    Other(ObjectIdentifier),
}

impl Purpose {
    /// The object identifier.
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Other(oid) => oid,
            known => PURPOSES.iter().find(|named| named.0 == known).expect("every purpose is listed").1,
        }
    }
}

impl From<ObjectIdentifier> for Purpose {
    fn from(oid: ObjectIdentifier) -> Self {
        PURPOSES.iter().find(|named| named.1 == oid).map_or(Self::Other(oid), |named| named.0)
    }
}

/// The purposes that a certificate is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    purposes: Vec<Purpose>,
}

impl ExtendedKeyUsage {
    /// The purposes, in the order of the certificate.
    pub fn purposes(&self) -> &[Purpose] {
        &self.purposes
    }

    /// Whether the certificate may be used for `purpose`.
    pub fn permits(&self, purpose: Purpose) -> bool {
        self.purposes.iter().any(|allowed| *allowed == purpose || *allowed == Purpose::Any)
    }

    pub(crate) fn check(value: &[u8]) -> Result<(), NotDer> {
        let mut list = Reader::whole(value, tag::SEQUENCE)?;
        loop {
            list.oid()?;
            if list.is_empty() {
                return Ok(());
            }
        }
    }

    pub(crate) fn read(value: &[u8]) -> Result<Self, NotDer> {
        Self::check(value)?;
        let mut list = Reader::whole(value, tag::SEQUENCE)?;
        let mut purposes = Vec::with_capacity(4);
        while !list.is_empty() {
            purposes.push(Purpose::from(list.oid()?));
        }
        Ok(Self { purposes })
    }
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const PURPOSES: [(Purpose, ObjectIdentifier); 10] = [
    (Purpose::ServerAuth, oid("1.3.6.1.5.5.7.3.1")),
    (Purpose::ClientAuth, oid("1.3.6.1.5.5.7.3.2")),
    (Purpose::CodeSigning, oid("1.3.6.1.5.5.7.3.3")),
    (Purpose::EmailProtection, oid("1.3.6.1.5.5.7.3.4")),
    (Purpose::IpsecEndSystem, oid("1.3.6.1.5.5.7.3.5")),
    (Purpose::IpsecTunnel, oid("1.3.6.1.5.5.7.3.6")),
    (Purpose::IpsecUser, oid("1.3.6.1.5.5.7.3.7")),
    (Purpose::TimeStamping, oid("1.3.6.1.5.5.7.3.8")),
    (Purpose::OcspSigning, oid("1.3.6.1.5.5.7.3.9")),
    (Purpose::Any, oid("2.5.29.37.0")),
];
