//! Which subject and names a certificate gets.

use std::collections::HashSet;

use rung_pki::{Attribute, DistinguishedName, NameError, RequestError, SubjectAltName, VerifiedRequest};

use super::MAX_NAMES;
use crate::{
    Error,
    error::{Denial, Invalid},
    grant::{Grant, GrantedNames, MoreNames},
    issuer::Issuer,
};

/// Subject attributes of certificates that have none of their own; empty ones are left out.
#[derive(Debug, Clone, Default)]
pub struct DefaultSubject {
    /// Country (C).
    pub country: String,
    /// Organization (O).
    pub organization: String,
    /// Organizational unit (OU).
    pub organizational_unit: String,
    /// Locality (L).
    pub locality: String,
    /// State or province (ST).
    pub province: String,
    /// Street address.
    pub street_address: String,
    /// Serial number of the subject.
    pub serial_number: String,
    /// Common name (CN).
    pub common_name: String,
}

/// RFC 5280 appendix A.1: `ub-common-name`.
const MAX_COMMON_NAME: usize = 64;

/// The subject and the names of the certificate for `request`.
pub(super) fn decide(
    grant: &Grant,
    request: &VerifiedRequest,
    defaults: &DefaultSubject,
) -> Result<(DistinguishedName, Vec<SubjectAltName>), Error> {
    let (subject, names) = match &grant.names {
        GrantedNames::Identity { common_name, names, more } => {
            let subject = with_units(identity_subject(common_name, names)?, &grant.terms.units)?;
            let names = match more {
                Some(more) => with_more(names, more, request)?,
                None => names.clone(),
            };
            (subject, names)
        }
        GrantedNames::Listed { common_name, names } => {
            check_request(common_name, names, request)?;
            (short_subject(common_name)?, names.clone())
        }
        GrantedNames::Requested => (request.subject().clone(), requested(request)?),
    };
    if subject.is_empty() && names.is_empty() {
        return Err(
            Invalid::Request("certificate request names neither a subject nor any other name".to_owned()).into()
        );
    }
    Ok((with_defaults(subject, defaults)?, names))
}

/// Refuse names that the chain's name constraints do not permit (RFC 5280 §4.2.1.10), also where a host, an address or a
/// mailbox stands in the common name: programs that still look there take it for one.
pub(crate) fn check_constraints(
    subject: &DistinguishedName,
    names: &[SubjectAltName],
    issuer: &Issuer,
) -> Result<(), Denial> {
    let common_name = subject.common_name().and_then(|name| SubjectAltName::classify(name).ok());
    // Whatever has no dot is a word, too.
    let common_name = common_name.filter(|name| match name {
        SubjectAltName::Dns(host) => host.as_str().contains('.'),
        SubjectAltName::Email(_) | SubjectAltName::Ip(_) => true,
        SubjectAltName::Uri(_) => false,
    });
    for constraints in issuer.name_constraints() {
        for name in names.iter().chain(&common_name) {
            constraints
                .permits(name)
                .map_err(|error| Denial::Name(format!("the name {name} is not permitted: {error}")))?;
        }
    }
    Ok(())
}

/// A person's subject. An identifier too long for a common name gives way to the e-mail address; either way it is
/// among the names of the certificate.
fn identity_subject(identifier: &str, names: &[SubjectAltName]) -> Result<DistinguishedName, Denial> {
    if identifier.chars().count() <= MAX_COMMON_NAME {
        return short_subject(identifier);
    }
    match names.iter().find(|name| matches!(name, SubjectAltName::Email(_))) {
        Some(email) => short_subject(&email.to_string()),
        None => Ok(DistinguishedName::new()),
    }
}

/// The identity and what the request asks for beside it, if the rules allow all of that.
fn with_more(
    identity: &[SubjectAltName],
    more: &MoreNames,
    request: &VerifiedRequest,
) -> Result<Vec<SubjectAltName>, Error> {
    let mut names = identity.to_vec();
    for name in requested(request)? {
        if names.contains(&name) {
            continue;
        }
        if more.allowed.iter().any(|allowed| allowed.permits(&name)) {
            names.push(name);
        } else if !more.habitual.contains(&name) {
            let rules: Vec<String> = more.allowed.iter().map(ToString::to_string).collect();
            let rules = if rules.is_empty() { "none".to_owned() } else { rules.join(", ") };
            return Err(Denial::Name(format!(
                "certificate request's name {name} is not allowed: the login is good for its own names ({}), and the rules of the provisioner allow beside them: {rules}",
                listing(identity.iter()).join(", "),
            ))
            .into());
        }
    }
    if names.len() > MAX_NAMES {
        return Err(Denial::Name(format!("certificate request has more than {MAX_NAMES} names")).into());
    }
    Ok(names)
}

fn with_units(mut subject: DistinguishedName, units: &[String]) -> Result<DistinguishedName, Denial> {
    for unit in units {
        subject = subject.with(Attribute::OrganizationalUnit, unit).map_err(|error| bad_subject(&error))?;
    }
    Ok(subject)
}

fn short_subject(common_name: &str) -> Result<DistinguishedName, Denial> {
    if common_name.chars().count() > MAX_COMMON_NAME {
        return Ok(DistinguishedName::new());
    }
    DistinguishedName::new().with_common_name(common_name).map_err(|error| bad_subject(&error))
}

fn with_defaults(mut subject: DistinguishedName, defaults: &DefaultSubject) -> Result<DistinguishedName, Denial> {
    let attributes = [
        (Attribute::Country, &defaults.country),
        (Attribute::State, &defaults.province),
        (Attribute::Locality, &defaults.locality),
        (Attribute::Street, &defaults.street_address),
        (Attribute::Organization, &defaults.organization),
        (Attribute::OrganizationalUnit, &defaults.organizational_unit),
        (Attribute::CommonName, &defaults.common_name),
        (Attribute::SerialNumber, &defaults.serial_number),
    ];
    for (attribute, value) in attributes {
        let has = subject.attributes().any(|present| present.attribute == attribute);
        if !value.is_empty() && !has {
            subject = subject.with(attribute, value).map_err(|error| bad_subject(&error))?;
        }
    }
    Ok(subject)
}

fn bad_subject(error: &NameError) -> Denial {
    Denial::Name(format!("the subject of the certificate is not valid: {error}"))
}

/// The names of a request that an administrator sends: all of them, each strictly a name.
fn requested(request: &VerifiedRequest) -> Result<Vec<SubjectAltName>, Error> {
    let names = names_of(request)?;
    if request.other_names() > 0 {
        let text = "certificate request has names of a kind that is not supported";
        return Err(Denial::Name(text.to_owned()).into());
    }
    if names.len() > MAX_NAMES {
        return Err(Denial::Name(format!("certificate request has more than {MAX_NAMES} names")).into());
    }
    Ok(names.to_vec())
}

fn names_of(request: &VerifiedRequest) -> Result<&[SubjectAltName], Error> {
    request.subject_alt_names().map_err(|error| match error {
        // It is a name, but one that speaks for too many hosts.
        RequestError::Name { error: NameError::Wildcard, name } => {
            Denial::Name(format!("certificate request's name {name:?} is not allowed: {}", NameError::Wildcard)).into()
        }
        error => Invalid::Request(error.to_string()).into(),
    })
}

/// The request may repeat what the token lists: all names of a kind, or none of that kind.
fn check_request(subject: &str, names: &[SubjectAltName], request: &VerifiedRequest) -> Result<(), Error> {
    if let Some(common_name) = request.subject().common_name().filter(|name| !name.is_empty())
        && common_name != subject
        && !names.iter().any(|name| name.to_string() == common_name)
    {
        let mut wanted = listing(names.iter());
        wanted.push(subject.to_owned());
        return Err(mismatch("common name", common_name, &wanted).into());
    }
    let asked = names_of(request)?;
    for (kind, title) in [("dns", "DNS names"), ("ip", "IP addresses"), ("email", "email addresses"), ("uri", "URIs")] {
        let got: HashSet<&SubjectAltName> = asked.iter().filter(|name| name.kind() == kind).collect();
        let want: HashSet<&SubjectAltName> = names.iter().filter(|name| name.kind() == kind).collect();
        if !got.is_empty() && got != want {
            let got = listing(asked.iter().filter(|name| name.kind() == kind));
            let want = listing(names.iter().filter(|name| name.kind() == kind));
            return Err(mismatch(title, &format!("[{}]", got.join(" ")), &want).into());
        }
    }
    Ok(())
}

fn listing<'a>(names: impl Iterator<Item = &'a SubjectAltName>) -> Vec<String> {
    names.map(SubjectAltName::to_string).collect()
}

fn mismatch(kind: &str, got: &str, want: &[String]) -> Denial {
    let want = want.join(" ");
    Denial::Name(format!("certificate request does not contain the valid {kind} - got {got}, want [{want}]"))
}
