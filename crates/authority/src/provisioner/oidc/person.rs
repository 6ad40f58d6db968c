//! Who a token of an OpenID provider speaks of, and whether that person may come in.

use rung_pki::{DnsName, EmailAddress, NameError, SubjectAltName, UriName};
use rung_spec::oidc::{self, ClaimPath, IdentityKind, Pattern};

use super::{Rules, claims::Claims, conditions::Groups, fill, lookup::Lookup};
use crate::{
    error::{TokenFault, TokenRefusal},
    grant::has_dot_steps,
};

/// A person who may come in.
pub(super) struct Person {
    pub(super) email: Option<EmailAddress>,
    pub(super) admin: bool,
}

/// What the certificate of somebody who is no administrator says: who it is, and nothing that was asked for.
pub(super) struct Identity {
    pub(super) common_name: String,
    pub(super) names: Vec<SubjectAltName>,
}

impl Person {
    /// Decide whether the person that a verified token speaks of may come in, given the address that the provisioner
    /// makes of their identity.
    pub(super) fn check(email: Option<EmailAddress>, groups: &Groups<'_>, rules: &Rules) -> Result<Self, TokenRefusal> {
        if !rules.groups.is_empty() {
            groups.require_one_of(&rules.groups)?;
        }
        let admin = email.as_ref().is_some_and(|email| is_admin(email, rules))
            || groups.listed().iter().any(|group| rules.admin_groups.contains(group));
        check_domain(email.as_ref(), rules, admin)?;
        Ok(Self { email, admin })
    }
}

impl Identity {
    /// The identity of a provisioner that does not say what it is made of.
    pub(super) fn usual(claims: &Claims, email: Option<&EmailAddress>) -> Result<Self, TokenRefusal> {
        let mut names: Vec<SubjectAltName> = email.into_iter().cloned().map(SubjectAltName::Email).collect();
        names.extend(issuer_uri(claims)?);
        Ok(Self { common_name: claims.sub.clone(), names })
    }

    /// The identity that the provisioner describes.
    pub(super) fn described(
        identity: &oidc::Identity,
        lookup: &Lookup<'_>,
        rules: &Rules,
        explanation: &mut Vec<String>,
    ) -> Result<(Self, Option<EmailAddress>), TokenRefusal> {
        let claims = lookup.claims;
        let mut person = match &identity.person {
            Some(person) => named_person(person, lookup, rules, explanation)?,
            None => {
                let email = checked_email(claims, rules)?;
                let name = email.clone().map(SubjectAltName::Email);
                Named { common_name: claims.sub.clone(), name, email }
            }
        };
        if let Some(pattern) = &identity.common_name {
            person.common_name = fill::text(pattern, lookup)?;
            explanation.push(format!("identity.commonName: the common name is {}", person.common_name));
        }
        let mut names: Vec<SubjectAltName> = person.name.into_iter().collect();
        let more = [
            identity.uri.as_ref().map(|pattern| described_uri(pattern, lookup)).transpose()?,
            if identity.issuer_uri { issuer_uri(claims)? } else { None },
        ];
        for name in more.into_iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok((Self { common_name: person.common_name, names }, person.email))
    }
}

/// What a claim makes of a person.
struct Named {
    common_name: String,
    name: Option<SubjectAltName>,
    email: Option<EmailAddress>,
}

fn named_person(
    person: &oidc::Person,
    lookup: &Lookup<'_>,
    rules: &Rules,
    explanation: &mut Vec<String>,
) -> Result<Named, TokenRefusal> {
    let (path, value) = first(&person.claims, lookup)?;
    let refuse = |error: NameError| {
        let detail = format!("the claim {path} is {value:?}: {error}");
        TokenRefusal::new(TokenFault::ClaimUnusable, detail)
    };
    let name = match person.kind {
        IdentityKind::Dns => {
            let host: DnsName = value.parse().map_err(refuse)?;
            if host.wildcard_of().is_some() {
                return Err(refuse(NameError::Wildcard));
            }
            Some(SubjectAltName::Dns(host))
        }
        IdentityKind::Email => {
            let email: EmailAddress = value.parse().map_err(|error| {
                TokenRefusal::new(TokenFault::EmailMalformed, format!("the claim {path} is {value:?}: {error}"))
            })?;
            Some(SubjectAltName::Email(email))
        }
        IdentityKind::Name => None,
        IdentityKind::Uri => Some(checked_uri(value).map_err(|problem| {
            TokenRefusal::new(TokenFault::ClaimUnusable, format!("the claim {path} is {value:?}: {problem}"))
        })?),
    };
    let email = match &name {
        Some(SubjectAltName::Email(email)) => Some(email.clone()),
        // The address decides who comes in or who is an administrator, so it must be a good one.
        _ if !rules.domains.is_empty() || !rules.admins.is_empty() => checked_email(lookup.claims, rules)?,
        _ => checked_email(lookup.claims, rules).ok().flatten(),
    };
    // Both places write the domain in one way.
    let common_name = match &name {
        Some(SubjectAltName::Email(email)) => email.to_string(),
        _ => value.to_owned(),
    };
    explanation.push(match &name {
        Some(_) => {
            format!("identity.claim: {path} is {value}, the common name and a name of the kind {}", person.kind.name())
        }
        None => format!("identity.claim: {path} is {value}, the common name"),
    });
    Ok(Named { common_name, name, email })
}

/// The first of the claims that the token has.
fn first<'p, 'a>(paths: &'p [ClaimPath], lookup: &Lookup<'a>) -> Result<(&'p ClaimPath, &'a str), TokenRefusal> {
    for path in paths {
        if let Some(value) = lookup.text(path)? {
            return Ok((path, value));
        }
    }
    let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
    Err(TokenRefusal::new(TokenFault::ClaimMissing, format!("none of the claims {}", names.join(", "))))
}

fn described_uri(pattern: &Pattern, lookup: &Lookup<'_>) -> Result<SubjectAltName, TokenRefusal> {
    let text = fill::uri(pattern, lookup)?;
    checked_uri(&text).map_err(|problem| {
        TokenRefusal::new(TokenFault::ClaimUnusable, format!("{pattern} makes the URI {text:?}: {problem}"))
    })
}

fn checked_uri(text: &str) -> Result<SubjectAltName, String> {
    let uri: UriName = text.parse().map_err(|error: NameError| error.to_string())?;
    match has_dot_steps(text) {
        true => Err("a step of its path is made of dots".to_owned()),
        false => Ok(SubjectAltName::Uri(uri)),
    }
}

/// The e-mail address, if there is one and it may be believed.
pub(super) fn checked_email(claims: &Claims, rules: &Rules) -> Result<Option<EmailAddress>, TokenRefusal> {
    let Some(text) = claims.email.as_deref().filter(|email| !email.is_empty()) else { return Ok(None) };
    let email: EmailAddress = text
        .parse()
        .map_err(|error| TokenRefusal::new(TokenFault::EmailMalformed, format!("email={text:?}: {error}")))?;
    // The address becomes a name in the certificate, so it always decides something.
    if !claims.email_is_verified() && !rules.accept_unverified_email {
        return Err(TokenRefusal::new(TokenFault::EmailUnverified, format!("email={text:?}")));
    }
    Ok(Some(email))
}

fn check_domain(email: Option<&EmailAddress>, rules: &Rules, admin: bool) -> Result<(), TokenRefusal> {
    if rules.domains.is_empty() {
        return Ok(());
    }
    let Some(email) = email else { return Err(TokenFault::EmailMissing.into()) };
    // Whole domains are compared: a subdomain is another domain.
    if admin || rules.domains.iter().any(|domain| domain.eq_ignore_ascii_case(email.domain())) {
        return Ok(());
    }
    Err(TokenRefusal::new(TokenFault::Domain, format!("email={email}")))
}

/// The local part is compared exactly, the domain without regard to case (RFC 5321 §2.4).
fn is_admin(email: &EmailAddress, rules: &Rules) -> bool {
    rules.admins.iter().any(|admin| {
        admin
            .rsplit_once('@')
            .is_some_and(|(local, domain)| local == email.local() && domain.eq_ignore_ascii_case(email.domain()))
    })
}

/// Issuer and subject of a token as one URI; nothing when the issuer is no address.
pub(super) fn issuer_uri(claims: &Claims) -> Result<Option<SubjectAltName>, TokenRefusal> {
    if !has_scheme(&claims.iss) {
        return Ok(None);
    }
    let text = format!("{}#{}", claims.iss, escape_fragment(&claims.sub));
    let uri = text
        .parse()
        .map_err(|error| TokenRefusal::new(TokenFault::Malformed, format!("iss and sub do not make a URI: {error}")))?;
    Ok(Some(SubjectAltName::Uri(uri)))
}

fn has_scheme(issuer: &str) -> bool {
    issuer.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty())
}

/// Percent-encode what may not stand in a fragment (RFC 3986 §3.5).
fn escape_fragment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(char::from(octet)),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':'
            | b'@' | b'/' | b'?' => escaped.push(char::from(octet)),
            _ => escaped.push_str(&format!("%{octet:02X}")),
        }
    }
    escaped
}
