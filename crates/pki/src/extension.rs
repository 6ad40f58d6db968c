//! Extensions of certificates and certificate requests (RFC 5280 §4.2).

mod constraints;
mod decoded;
mod general_name;
mod information;
mod provisioner;
#[cfg(test)]
mod tests;
mod usage;

use std::net::IpAddr;

pub use constraints::{BasicConstraints, ConstraintError, NameConstraints, Subtree};
pub use decoded::Decoded;
pub use general_name::GeneralName;
pub use information::{AccessDescription, DistributionPoint, Policy, SignedTimestamp};
pub use provisioner::ProvisionerExtension;
pub use usage::{ExtendedKeyUsage, KeyUsage, Purpose};

pub(crate) use constraints::Candidate;
pub(crate) use general_name::{general_names, subject_alt_name};

use const_oid::ObjectIdentifier;

use crate::{
    asn1::{NotDer, Reader, Writer, tag},
    name::SubjectAltName,
};

/// The object identifiers of the extensions that Rung knows.
pub mod oid {
    use const_oid::ObjectIdentifier;

    /// Key usage.
    pub const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
    /// Extended key usage.
    pub const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
    /// Basic constraints.
    pub const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
    /// Subject key identifier.
    pub const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
    /// Authority key identifier.
    pub const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
    /// Subject alternative name.
    pub const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
    /// Name constraints.
    pub const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
    /// Certificate policies.
    pub const CERTIFICATE_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
    /// Where CRLs are published.
    pub const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
    /// Where OCSP and the issuer's certificate are.
    pub const AUTHORITY_INFORMATION_ACCESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");
    /// The number of a CRL.
    pub const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
    /// Why a certificate is on a CRL.
    pub const CRL_REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
    /// Since when a certificate on a CRL may have been misused.
    pub const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
    /// Where delta CRLs are published.
    pub const FRESHEST_CRL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.46");
    /// Which complete CRL a delta CRL goes on from.
    pub const DELTA_CRL_INDICATOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
    /// Which certificates a CRL speaks about.
    pub const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
    /// Nobody needs to ask whether this certificate of an OCSP responder is revoked (RFC 6960 §4.2.2.2.1).
    pub const OCSP_NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
    /// A number that makes an OCSP response fresh (RFC 9654).
    pub const OCSP_NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
    /// What certificate transparency logs promised (RFC 6962).
    pub const SIGNED_TIMESTAMPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");
    /// Which provisioner granted a certificate, as step-ca writes it.
    pub const PROVISIONER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.37476.9000.64.1");
}

/// An extension of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// What kind of extension it is.
    pub oid: ObjectIdentifier,
    /// Whether whoever does not understand it must refuse the certificate.
    pub critical: bool,
    /// The DER inside the OCTET STRING.
    pub value: Vec<u8>,
}

impl Extension {
    pub(crate) fn new(oid: ObjectIdentifier, critical: bool, write: impl FnOnce(&mut Writer)) -> Self {
        let mut out = Writer::with_capacity(64);
        write(&mut out);
        Self { oid, critical, value: out.into_der() }
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.sequence(|out| {
            out.oid(&self.oid);
            out.flag(self.critical);
            out.element(tag::OCTET_STRING, &self.value);
        });
    }

    /// Read `Extensions`, of which no two may be of one kind (RFC 5280 §4.2).
    pub(crate) fn read_all(mut list: Reader<'_>) -> Result<Vec<Self>, NotDer> {
        let mut extensions: Vec<Self> = Vec::with_capacity(8);
        if list.is_empty() {
            return Err(NotDer);
        }
        while !list.is_empty() {
            let mut fields = list.nested(tag::SEQUENCE)?;
            let oid = fields.oid()?;
            let critical = fields.flag()?;
            let value = fields.expect(tag::OCTET_STRING)?.content.to_vec();
            fields.finish()?;
            if extensions.len() == MAX_EXTENSIONS || extensions.iter().any(|extension| extension.oid == oid) {
                return Err(NotDer);
            }
            extensions.push(Self { oid, critical, value });
        }
        Ok(extensions)
    }

    /// Refuse extensions whose meaning Rung knows and whose value is malformed.
    pub(crate) fn check(&self) -> Result<(), NotDer> {
        let value = self.value.as_slice();
        match self.oid {
            oid::KEY_USAGE => KeyUsage::read(value).map(drop),
            oid::EXTENDED_KEY_USAGE => ExtendedKeyUsage::check(value),
            oid::BASIC_CONSTRAINTS => BasicConstraints::read(value).map(drop),
            oid::SUBJECT_KEY_IDENTIFIER => read_subject_key_identifier(value).map(drop),
            oid::AUTHORITY_KEY_IDENTIFIER => read_authority_key_identifier(value).map(drop),
            oid::SUBJECT_ALT_NAME => general_names(value)?.try_for_each(|name| name.map(drop)),
            oid::NAME_CONSTRAINTS => NameConstraints::read(value).map(drop),
            _ => Ok(()),
        }
    }
}

/// The extension of that kind.
pub(crate) fn find<'a>(extensions: &'a [Extension], oid: &ObjectIdentifier) -> Option<&'a Extension> {
    extensions.iter().find(|extension| extension.oid == *oid)
}

/// What the key may be used for (RFC 5280 §4.2.1.3), critical.
pub fn key_usage(usage: KeyUsage) -> Extension {
    Extension::new(oid::KEY_USAGE, true, |out| usage.write(out))
}

/// What the certificate may be used for (RFC 5280 §4.2.1.12).
pub fn extended_key_usage(purposes: &[Purpose]) -> Extension {
    Extension::new(oid::EXTENDED_KEY_USAGE, false, |out| {
        out.sequence(|out| purposes.iter().for_each(|purpose| out.oid(&purpose.oid())));
    })
}

/// Whether it is a CA, and how many CAs may come below it (RFC 5280 §4.2.1.9), critical.
pub fn basic_constraints(constraints: BasicConstraints) -> Extension {
    Extension::new(oid::BASIC_CONSTRAINTS, true, |out| constraints.write(out))
}

/// Which key the certificate is for (RFC 5280 §4.2.1.2).
pub fn subject_key_identifier(identifier: &[u8]) -> Extension {
    Extension::new(oid::SUBJECT_KEY_IDENTIFIER, false, |out| out.element(tag::OCTET_STRING, identifier))
}

/// Which key signed the certificate (RFC 5280 §4.2.1.1).
pub fn authority_key_identifier(identifier: &[u8]) -> Extension {
    Extension::new(oid::AUTHORITY_KEY_IDENTIFIER, false, |out| {
        out.sequence(|out| out.element(tag::context(0), identifier));
    })
}

/// The names that the certificate is for (RFC 5280 §4.2.1.6), host names first, then e-mail addresses, IP addresses
/// and URIs. It is critical when the subject is empty.
pub fn subject_alt_names(names: &[SubjectAltName], critical: bool) -> Extension {
    Extension::new(oid::SUBJECT_ALT_NAME, critical, |out| {
        out.sequence(|out| {
            for rank in 0..=3 {
                names.iter().filter(|name| name.rank() == rank).for_each(|name| write_name(out, name));
            }
        });
    })
}

fn write_name(out: &mut Writer, name: &SubjectAltName) {
    match name {
        SubjectAltName::Dns(name) => out.element(tag::context(2), name.as_str().as_bytes()),
        SubjectAltName::Email(name) => out.element(tag::context(1), name.as_str().as_bytes()),
        SubjectAltName::Ip(IpAddr::V4(address)) => out.element(tag::context(7), &address.octets()),
        SubjectAltName::Ip(IpAddr::V6(address)) => out.element(tag::context(7), &address.octets()),
        SubjectAltName::Uri(name) => out.element(tag::context(6), name.as_str().as_bytes()),
    }
}

/// The same with names of any kind, in the order in which they come.
pub fn general_subject_alt_names(names: &[GeneralName], critical: bool) -> Extension {
    Extension::new(oid::SUBJECT_ALT_NAME, critical, |out| {
        out.sequence(|out| names.iter().for_each(|name| name.write(out)));
    })
}

/// The policies that the certificate was issued under (RFC 5280 §4.2.1.4), without qualifiers; one must be given.
pub fn certificate_policies(policies: &[ObjectIdentifier]) -> Extension {
    Extension::new(oid::CERTIFICATE_POLICIES, false, |out| {
        out.sequence(|out| policies.iter().for_each(|policy| out.sequence(|out| out.oid(policy))));
    })
}

/// The names that certificates below may have (RFC 5280 §4.2.1.10), critical as that section asks.
pub fn name_constraints(constraints: &NameConstraints) -> Extension {
    Extension::new(oid::NAME_CONSTRAINTS, true, |out| constraints.write(out))
}

/// Where OCSP responders and the certificate of the issuer are (RFC 5280 §4.2.2.1); one of them must be given.
pub fn authority_information_access(ocsp: &[String], issuers: &[String]) -> Extension {
    let descriptions = ocsp.iter().map(|address| (AccessDescription::OCSP, address));
    let descriptions = descriptions.chain(issuers.iter().map(|address| (AccessDescription::CA_ISSUERS, address)));
    Extension::new(oid::AUTHORITY_INFORMATION_ACCESS, false, |out| {
        out.sequence(|out| {
            for (method, address) in descriptions {
                out.sequence(|out| {
                    out.oid(&method);
                    out.element(tag::context(6), address.as_bytes());
                });
            }
        });
    })
}

/// Where CRLs are published (RFC 5280 §4.2.1.13), a point for each address; one must be given.
pub fn crl_distribution_points(addresses: &[String]) -> Extension {
    Extension::new(oid::CRL_DISTRIBUTION_POINTS, false, |out| {
        out.sequence(|out| {
            for address in addresses {
                out.sequence(|out| {
                    out.nested(tag::context_constructed(0), |out| {
                        out.nested(tag::context_constructed(0), |out| out.element(tag::context(6), address.as_bytes()));
                    });
                });
            }
        });
    })
}

/// Nobody needs to ask whether this certificate of an OCSP responder is revoked (RFC 6960 §4.2.2.2.1).
pub fn ocsp_no_check() -> Extension {
    Extension::new(oid::OCSP_NO_CHECK, false, |out| out.raw(&[5, 0]))
}

/// Which provisioner granted the certificate.
pub fn provisioner(provisioner: &ProvisionerExtension) -> Extension {
    Extension::new(oid::PROVISIONER, false, |out| provisioner.write(out))
}

pub(crate) fn read_subject_key_identifier(value: &[u8]) -> Result<&[u8], NotDer> {
    let mut reader = Reader::new(value);
    let identifier = reader.expect(tag::OCTET_STRING)?.content;
    reader.finish()?;
    Ok(identifier)
}

/// The key identifier, if there is one; issuer and serial number are read over.
pub(crate) fn read_authority_key_identifier(value: &[u8]) -> Result<Option<&[u8]>, NotDer> {
    let mut fields = Reader::whole(value, tag::SEQUENCE)?;
    let identifier = fields.optional(tag::context(0))?;
    fields.optional(tag::context_constructed(1))?;
    fields.optional(tag::context(2))?;
    fields.finish()?;
    Ok(identifier.map(|element| element.content))
}

/// More than any certificate has; finding doubles takes quadratic time.
const MAX_EXTENSIONS: usize = 64;
