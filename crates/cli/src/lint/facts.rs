//! What the rules look at.

use const_oid::ObjectIdentifier;
use rung_pki::extension::{
    AccessDescription, Decoded, DistributionPoint, GeneralName, NameConstraints, Policy, Purpose, oid,
};
use rung_pki::extension::{BasicConstraints, KeyUsage};
use rung_pki::{Certificate, Extension, KeyAlgorithm, PublicKey};

use crate::inspect::tlv::{self, Element};

/// A certificate, taken apart.
pub(super) struct Facts<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) subject: Vec<Attribute<'a>>,
    pub(super) issuer: Vec<Attribute<'a>>,
    pub(super) usage: Option<KeyUsage>,
    pub(super) purposes: Option<Vec<Purpose>>,
    pub(super) constraints: Option<BasicConstraints>,
    pub(super) names: Vec<GeneralName>,
    pub(super) issuer_names: Option<Vec<GeneralName>>,
    pub(super) access: Option<Vec<AccessDescription>>,
    pub(super) points: Option<Vec<DistributionPoint>>,
    pub(super) policies: Option<Vec<Policy>>,
    pub(super) name_constraints: Option<NameConstraints>,
    /// Modulus and exponent.
    pub(super) rsa: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) is_self_signed: bool,
}

/// An attribute of a name as it is written.
pub(super) struct Attribute<'a> {
    pub(super) oid: String,
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// How many attributes share its part of the name.
    pub(super) siblings: usize,
}

impl Attribute<'_> {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(self.content).into_owned()
    }
}

impl<'a> Facts<'a> {
    pub(super) fn of(certificate: &'a Certificate) -> Self {
        let mut facts = Self {
            certificate,
            subject: attributes(certificate.subject_der()),
            issuer: attributes(certificate.issuer_der()),
            usage: certificate.key_usage(),
            purposes: certificate.extended_key_usage().map(|usage| usage.purposes().to_vec()),
            constraints: certificate.basic_constraints(),
            names: certificate.general_names(),
            issuer_names: None,
            access: None,
            points: None,
            policies: None,
            name_constraints: certificate.name_constraints(),
            rsa: certificate.public_key().ok().and_then(|key| key.rsa_numbers().map(|(n, e)| (n.to_vec(), e.to_vec()))),
            // Signatures of kinds that are not verified any more are believed here, where nothing depends on them.
            is_self_signed: certificate.is_self_signed()
                || certificate.issuer() == certificate.subject() && !is_verifiable(certificate),
        };
        for extension in certificate.extensions() {
            match extension.decode() {
                Decoded::AuthorityInformationAccess(list) => facts.access = Some(list),
                Decoded::CrlDistributionPoints(list) => facts.points = Some(list),
                Decoded::CertificatePolicies(list) => facts.policies = Some(list),
                _ => {}
            }
            if extension.oid.to_string() == "2.5.29.18" {
                let as_subject = Extension { oid: oid::SUBJECT_ALT_NAME, ..extension.clone() };
                if let Decoded::SubjectAltName(names) = as_subject.decode() {
                    facts.issuer_names = Some(names);
                }
            }
        }
        facts
    }

    /// The extension with this object identifier.
    pub(super) fn extension(&self, oid: &str) -> Option<&Extension> {
        self.certificate.extensions().iter().find(|extension| extension.oid.to_string() == oid)
    }

    /// Whether there is such an extension.
    pub(super) fn has(&self, oid: &str) -> bool {
        self.extension(oid).is_some()
    }

    /// Whether there is such an extension and it is critical.
    pub(super) fn is_critical(&self, oid: &str) -> bool {
        self.extension(oid).is_some_and(|extension| extension.critical)
    }

    /// The elements of the value of an extension.
    pub(super) fn elements(&self, oid: &str) -> Option<Vec<Element<'_>>> {
        tlv::one(&self.extension(oid)?.value)?.children()
    }

    pub(super) fn is_ca(&self) -> bool {
        self.constraints.is_some_and(|constraints| constraints.is_ca)
    }

    pub(super) fn is_root(&self) -> bool {
        self.is_ca() && self.is_self_signed
    }

    pub(super) fn is_sub_ca(&self) -> bool {
        self.is_ca() && !self.is_self_signed
    }

    /// Whether it is of somebody who is no CA.
    pub(super) fn is_sub_cert(&self) -> bool {
        !self.is_ca() && !self.is_self_signed
    }

    /// Whether a web server could use it.
    pub(super) fn is_for_servers(&self) -> bool {
        self.purposes
            .as_ref()
            .is_none_or(|purposes| purposes.iter().any(|purpose| matches!(purpose, Purpose::Any | Purpose::ServerAuth)))
    }

    pub(super) fn allows(&self, usage: KeyUsage) -> bool {
        self.usage.is_some_and(|found| found.contains(usage))
    }

    pub(super) fn has_policy(&self, oid: &str) -> bool {
        self.policies.iter().flatten().any(|policy| policy.oid.to_string() == oid)
    }

    /// The values of an attribute of the subject.
    pub(super) fn subject_values(&self, oid: &str) -> Vec<String> {
        values(&self.subject, oid)
    }

    pub(super) fn has_subject(&self, oid: &str) -> bool {
        self.subject.iter().any(|attribute| attribute.oid == oid && !attribute.content.is_empty())
    }

    /// Whether all values of an attribute of the subject have at most that many characters.
    pub(super) fn at_most(&self, oid: &str, limit: usize) -> bool {
        self.subject_values(oid).iter().all(|text| text.chars().count() <= limit)
    }

    pub(super) fn dns_names(&self) -> impl Iterator<Item = &str> {
        dns(&self.names)
    }

    pub(super) fn issuer_dns_names(&self) -> impl Iterator<Item = &str> {
        dns(self.issuer_names.as_deref().unwrap_or_default())
    }

    /// Host names, and the common name when it is not an address.
    pub(super) fn hosts(&self) -> Vec<String> {
        let common = self.subject_values(COMMON_NAME).into_iter().last();
        let common = common.filter(|name| !name.is_empty() && name.parse::<std::net::IpAddr>().is_err());
        common.into_iter().chain(self.dns_names().map(str::to_owned)).collect()
    }

    pub(super) fn has_access(&self, method: ObjectIdentifier) -> bool {
        self.access.iter().flatten().any(|one| {
            one.method == method && matches!(&one.location, GeneralName::Uri(url) if url.starts_with("http://"))
        })
    }

    pub(super) fn has_point_over_http(&self) -> bool {
        let names = self.points.iter().flatten().flat_map(|point| &point.full_name);
        let mut urls = names.filter_map(|name| if let GeneralName::Uri(url) = name { Some(url) } else { None });
        urls.any(|url| url.starts_with("http://"))
    }

    pub(super) fn rsa_bits(&self) -> Option<u32> {
        match self.certificate.public_key().ok()?.algorithm() {
            KeyAlgorithm::Rsa { bits } => Some(bits),
            _ => None,
        }
    }

    /// How many days it is valid, a day that has begun counted whole.
    pub(super) fn days(&self) -> u64 {
        self.certificate.validity().as_secs() / 86_400
    }

    /// The fields of the part that is signed.
    pub(super) fn fields(&self) -> Vec<Element<'_>> {
        tlv::one(self.certificate.tbs_der()).and_then(|tbs| tbs.children()).unwrap_or_default()
    }
}

fn dns(names: &[GeneralName]) -> impl Iterator<Item = &str> {
    names.iter().filter_map(|name| if let GeneralName::Dns(text) = name { Some(text.as_str()) } else { None })
}

/// Whether Rung verifies signatures of that kind and of keys of that size.
fn is_verifiable(certificate: &Certificate) -> bool {
    let fits = |key: &PublicKey| match key.algorithm() {
        KeyAlgorithm::Rsa { bits } => (2048..=8192).contains(&bits),
        _ => true,
    };
    certificate.signature_algorithm().is_some() && certificate.public_key().is_ok_and(fits)
}

pub(super) fn values(attributes: &[Attribute<'_>], oid: &str) -> Vec<String> {
    attributes.iter().filter(|attribute| attribute.oid == oid).map(Attribute::text).collect()
}

fn attributes(name: &[u8]) -> Vec<Attribute<'_>> {
    let mut found = Vec::new();
    for part in tlv::one(name).and_then(|name| name.children()).unwrap_or_default() {
        let entries = part.children().unwrap_or_default();
        for entry in &entries {
            if let [kind, value] = entry.children().unwrap_or_default()[..]
                && let Some(oid) = kind.oid()
            {
                found.push(Attribute { oid, tag: value.tag, content: value.content, siblings: entries.len() });
            }
        }
    }
    found
}

pub(super) const COMMON_NAME: &str = "2.5.4.3";
