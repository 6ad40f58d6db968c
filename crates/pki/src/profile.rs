//! Certificate profiles: what a certificate template says in JSON, as typed content for a certificate.
//!
//! The members are those that step-ca's templates have. Names of members count whatever their case, members that are
//! not known are passed over, and text behind the JSON value, too. Everything that is known is checked strictly: an
//! error names the member.

mod members;
mod names;
#[cfg(test)]
mod tests;
mod words;

use std::{net::IpAddr, time::SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use const_oid::ObjectIdentifier;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    DistinguishedName, PublicKey, SerialNumber, SignatureAlgorithm, SubjectAltName,
    extension::{self, BasicConstraints, Extension, GeneralName, KeyUsage, NameConstraints, Purpose, Subtree, oid},
};
use members::Members;

/// What a template says about a certificate or a request for one.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Whom it is about.
    pub subject: DistinguishedName,
    /// The names that it is for.
    pub names: Names,
    /// Since when it is valid, if the template decides that.
    pub not_before: Option<SystemTime>,
    /// Until when it is valid, if the template decides that.
    pub not_after: Option<SystemTime>,
    /// What the key may be used for; nothing makes no extension.
    pub key_usage: KeyUsage,
    /// What the certificate may be used for; none makes no extension.
    pub purposes: Vec<Purpose>,
    /// Whether it is that of a CA; nothing makes no extension.
    pub basic_constraints: Option<BasicConstraints>,
    /// Which names certificates below it may have.
    pub name_constraints: Option<NameConstraints>,
    /// Whether whoever does not understand that must refuse it.
    pub name_constraints_are_critical: bool,
    /// Policies that it was issued under.
    pub policies: Vec<ObjectIdentifier>,
    /// Addresses of OCSP responders.
    pub ocsp: Vec<String>,
    /// Addresses of the issuer's certificate.
    pub issuers: Vec<String>,
    /// Addresses of lists of revoked certificates.
    pub crl: Vec<String>,
    /// Further extensions, which take the place of those of their kind.
    pub extensions: Vec<Extension>,
    /// The identifier of its key, if not the usual one.
    pub subject_key_id: Option<Vec<u8>>,
    /// The identifier of the key of the issuer, where the certificate signs itself.
    pub authority_key_id: Option<Vec<u8>>,
    /// Its serial number, if not a random one.
    pub serial: Option<SerialNumber>,
    /// What it is signed with, if not what the key of the issuer usually signs with.
    pub signature_algorithm: Option<SignatureAlgorithm>,
}

/// The names that a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// Names of the usual kinds, which certificates list by kind.
    Usual(Vec<SubjectAltName>),
    /// Names of which some are of other kinds, in this order.
    General(Vec<GeneralName>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Usual(Vec::new())
    }
}

/// Why a template does not describe a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It is not JSON.
    #[error("{0}")]
    Json(String),
    /// A member is not what it has to be.
    #[error("the member {member} {problem}")]
    Member {
        /// Which one, such as `sans[2].value`.
        member: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An extension occurs twice.
    #[error("the extension {0} occurs twice")]
    Twice(ObjectIdentifier),
}

/// The keys that extensions name.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// The key of the certificate.
    pub subject: &'a PublicKey,
    /// The identifier of the issuer's key; nothing where the certificate signs itself.
    pub issuer: Option<&'a [u8]>,
}

impl Profile {
    /// Read what a template yields.
    ///
    /// # Errors
    /// Which member is not what it has to be.
    pub fn parse(json: &str) -> Result<Self, ProfileError> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let value = Value::deserialize(&mut reader).map_err(|error| ProfileError::Json(error.to_string()))?;
        let top = Members::whole(&value)?;
        let (name_constraints, name_constraints_are_critical) = name_constraints(&top)?;
        Ok(Self {
            subject: names::subject(&top)?,
            names: names::alternative(&top)?,
            not_before: top.time("notBefore")?,
            not_after: top.time("notAfter")?,
            key_usage: words::key_usage(&top)?,
            purposes: words::purposes(&top)?,
            basic_constraints: basic_constraints(&top)?,
            name_constraints,
            name_constraints_are_critical,
            policies: top.oids("policyIdentifiers")?,
            ocsp: addresses(&top, "ocspServer")?,
            issuers: addresses(&top, "issuingCertificateURL")?,
            crl: addresses(&top, "crlDistributionPoints")?,
            extensions: extensions(&top)?,
            subject_key_id: top.octets("subjectKeyId")?,
            authority_key_id: top.octets("authorityKeyId")?,
            serial: serial(&top)?,
            signature_algorithm: words::signature_algorithm(&top)?,
        })
    }

    /// The extensions of a certificate, in the order in which step-ca has them.
    ///
    /// # Errors
    /// When one occurs twice.
    pub fn certificate_extensions(&self, keys: Keys<'_>) -> Result<Vec<Extension>, ProfileError> {
        let identifier = self.subject_key_id.clone().unwrap_or_else(|| keys.subject.key_identifier().to_vec());
        let made = [
            self.key_usage(),
            self.extended_key_usage(),
            self.basic_constraints.map(extension::basic_constraints),
            Some(extension::subject_key_identifier(&identifier)),
            keys.issuer.or(self.authority_key_id.as_deref()).map(extension::authority_key_identifier),
            self.access(),
            self.alternative_names(),
            (!self.policies.is_empty()).then(|| extension::certificate_policies(&self.policies)),
            self.constraints(),
            (!self.crl.is_empty()).then(|| extension::crl_distribution_points(&self.crl)),
        ];
        self.with_own(made.into_iter().flatten())
    }

    /// The extensions that a request asks for.
    ///
    /// # Errors
    /// When one occurs twice.
    pub fn request_extensions(&self) -> Result<Vec<Extension>, ProfileError> {
        let made = [
            self.alternative_names(),
            self.basic_constraints.map(extension::basic_constraints),
            self.extended_key_usage(),
            self.key_usage(),
        ];
        self.with_own(made.into_iter().flatten())
    }

    /// The extensions that were made, each replaced by one of the template's own, and the others of those.
    fn with_own(&self, made: impl Iterator<Item = Extension>) -> Result<Vec<Extension>, ProfileError> {
        for (place, own) in self.extensions.iter().enumerate() {
            if self.extensions[..place].iter().any(|earlier| earlier.oid == own.oid) {
                return Err(ProfileError::Twice(own.oid));
            }
        }
        let made = made.filter(|made| extension::find(&self.extensions, &made.oid).is_none());
        Ok(made.chain(self.extensions.iter().cloned()).collect())
    }

    fn key_usage(&self) -> Option<Extension> {
        (!self.key_usage.is_empty()).then(|| extension::key_usage(self.key_usage))
    }

    fn extended_key_usage(&self) -> Option<Extension> {
        (!self.purposes.is_empty()).then(|| extension::extended_key_usage(&self.purposes))
    }

    fn access(&self) -> Option<Extension> {
        let is_empty = self.ocsp.is_empty() && self.issuers.is_empty();
        (!is_empty).then(|| extension::authority_information_access(&self.ocsp, &self.issuers))
    }

    fn alternative_names(&self) -> Option<Extension> {
        let critical = self.subject.is_empty();
        match &self.names {
            Names::Usual(names) if names.is_empty() => None,
            Names::Usual(names) => Some(extension::subject_alt_names(names, critical)),
            Names::General(names) => Some(extension::general_subject_alt_names(names, critical)),
        }
    }

    fn constraints(&self) -> Option<Extension> {
        let constraints = self.name_constraints.as_ref().map(extension::name_constraints)?;
        Some(Extension { critical: self.name_constraints_are_critical, ..constraints })
    }
}

fn basic_constraints(top: &Members<'_>) -> Result<Option<BasicConstraints>, ProfileError> {
    let Some(members) = top.object("basicConstraints")? else { return Ok(None) };
    let is_ca = members.flag("isCA")?;
    let path_len = match members.integer("maxPathLen")? {
        // Go's default for a number that is not there.
        None if is_ca => Some(0),
        Some(length) if is_ca && length >= 0 => {
            let length = u8::try_from(length).map_err(|_| members.wrong("maxPathLen", "is larger than 255"))?;
            Some(length)
        }
        None | Some(_) => None,
    };
    Ok(Some(BasicConstraints { is_ca, path_len }))
}

fn name_constraints(top: &Members<'_>) -> Result<(Option<NameConstraints>, bool), ProfileError> {
    let Some(members) = top.object("nameConstraints")? else { return Ok((None, false)) };
    let subtrees = |prefix: &str| -> Result<Vec<Subtree>, ProfileError> {
        let mut all = Vec::new();
        for name in members.texts(&format!("{prefix}DNSDomains"))? {
            all.push(Subtree::Dns(ascii(&members, prefix, name)?));
        }
        let member = format!("{prefix}IPRanges");
        for range in members.texts(&member)? {
            let network = range
                .split_once('/')
                .and_then(|(address, prefix)| Subtree::network(address.parse::<IpAddr>().ok()?, prefix.parse().ok()?));
            all.push(network.ok_or_else(|| {
                members.wrong(&member, format!("has {range:?}, which is no range of addresses such as 10.0.0.0/8"))
            })?);
        }
        for address in members.texts(&format!("{prefix}EmailAddresses"))? {
            all.push(Subtree::Email(ascii(&members, prefix, address)?));
        }
        for domain in members.texts(&format!("{prefix}URIDomains"))? {
            all.push(Subtree::Uri(ascii(&members, prefix, domain)?));
        }
        Ok(all)
    };
    let constraints = NameConstraints { permitted: subtrees("permitted")?, excluded: subtrees("excluded")? };
    let is_empty = constraints.permitted.is_empty() && constraints.excluded.is_empty();
    Ok(((!is_empty).then_some(constraints), members.flag("critical")?))
}

fn ascii(members: &Members<'_>, prefix: &str, text: String) -> Result<String, ProfileError> {
    let is_good = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic());
    if is_good { Ok(text) } else { Err(members.wrong(prefix, format!("has {text:?}, which is not plain ASCII"))) }
}

fn addresses(top: &Members<'_>, member: &str) -> Result<Vec<String>, ProfileError> {
    let all = top.texts(member)?;
    match all.iter().find(|address| address.is_empty() || !address.bytes().all(|octet| octet.is_ascii_graphic())) {
        Some(bad) => Err(top.wrong(member, format!("has {bad:?}, which is no address"))),
        None => Ok(all),
    }
}

fn extensions(top: &Members<'_>) -> Result<Vec<Extension>, ProfileError> {
    let mut all = Vec::new();
    for members in top.objects("extensions")? {
        let id = members.text("id")?.unwrap_or_default();
        let oid: ObjectIdentifier =
            id.parse().map_err(|_| members.wrong("id", format!("is {id:?}, which is no object identifier")))?;
        let value = members.octets("value")?.unwrap_or_default();
        let extension = Extension { oid, critical: members.flag("critical")?, value };
        // What Rung knows how to read has to be readable: whoever relies on the certificate would stumble over it.
        if extension.check().is_err() {
            return Err(members.wrong("value", format!("is no value of the extension {oid}")));
        }
        all.push(extension);
    }
    Ok(all)
}

fn serial(top: &Members<'_>) -> Result<Option<SerialNumber>, ProfileError> {
    let text = match top.get("serialNumber")? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(_) => return Err(top.wrong("serialNumber", "is neither a number nor a text")),
    };
    text.parse().map(Some).map_err(|error| top.wrong("serialNumber", format!("is {text:?}: {error}")))
}

/// Base64 as Go reads `[]byte`.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether an extension of that kind stands for the names.
fn has_own_names(extensions: &[Extension]) -> bool {
    extension::find(extensions, &oid::SUBJECT_ALT_NAME).is_some()
}
