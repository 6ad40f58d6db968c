//! Extensions taken apart, to show them.

use super::{
    AccessDescription, BasicConstraints, DistributionPoint, ExtendedKeyUsage, Extension, GeneralName, KeyUsage,
    NameConstraints, Policy, ProvisionerExtension, SignedTimestamp, general_names, oid, read_authority_key_identifier,
    read_subject_key_identifier,
};
use crate::asn1::NotDer;

/// What an extension says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Where OCSP and the issuer's certificate are.
    AuthorityInformationAccess(Vec<AccessDescription>),
    /// Which key signed; a certificate may say so without a key identifier.
    AuthorityKeyIdentifier(Option<Vec<u8>>),
    /// Whether it is a CA.
    BasicConstraints(BasicConstraints),
    /// Under which policies it was issued.
    CertificatePolicies(Vec<Policy>),
    /// Where CRLs are.
    CrlDistributionPoints(Vec<DistributionPoint>),
    /// What the certificate may be used for.
    ExtendedKeyUsage(ExtendedKeyUsage),
    /// What the key may be used for.
    KeyUsage(KeyUsage),
    /// An extension that Rung knows, with a value that is none of its kind.
    Malformed,
    /// Which names certificates below it may have.
    NameConstraints(NameConstraints),
    /// Which provisioner granted it.
    Provisioner(ProvisionerExtension),
    /// What certificate transparency logs promised.
    SignedTimestamps(Vec<SignedTimestamp>),
    /// The names that it is for.
    SubjectAltName(Vec<GeneralName>),
    /// Which key it is for.
    SubjectKeyIdentifier(Vec<u8>),
    /// An extension that Rung does not know.
    Unknown,
}

impl Extension {
    /// Take the value apart.
    pub fn decode(&self) -> Decoded {
        self.try_decode().unwrap_or(Decoded::Malformed)
    }

    fn try_decode(&self) -> Result<Decoded, NotDer> {
        let value = self.value.as_slice();
        Ok(match self.oid {
            oid::AUTHORITY_INFORMATION_ACCESS => {
                Decoded::AuthorityInformationAccess(AccessDescription::read_all(value)?)
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                Decoded::AuthorityKeyIdentifier(read_authority_key_identifier(value)?.map(<[u8]>::to_vec))
            }
            oid::BASIC_CONSTRAINTS => Decoded::BasicConstraints(BasicConstraints::read(value)?),
            oid::CERTIFICATE_POLICIES => Decoded::CertificatePolicies(Policy::read_all(value)?),
            oid::CRL_DISTRIBUTION_POINTS => Decoded::CrlDistributionPoints(DistributionPoint::read_all(value)?),
            oid::EXTENDED_KEY_USAGE => Decoded::ExtendedKeyUsage(ExtendedKeyUsage::read(value)?),
            oid::KEY_USAGE => Decoded::KeyUsage(KeyUsage::read(value)?),
            oid::NAME_CONSTRAINTS => Decoded::NameConstraints(NameConstraints::read(value)?),
            oid::PROVISIONER => Decoded::Provisioner(ProvisionerExtension::read(value)?),
            oid::SIGNED_TIMESTAMPS => Decoded::SignedTimestamps(SignedTimestamp::read_all(value)?),
            oid::SUBJECT_ALT_NAME => Decoded::SubjectAltName(general_names(value)?.collect::<Result<_, _>>()?),
            oid::SUBJECT_KEY_IDENTIFIER => Decoded::SubjectKeyIdentifier(read_subject_key_identifier(value)?.to_vec()),
            _ => Decoded::Unknown,
        })
    }
}
