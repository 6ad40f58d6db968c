//! Who a token of an OpenID provider speaks of, and whether that person may come in.

use rung_pki::{EmailAddress, SubjectAltName};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::Rules;
use crate::{
    error::{TokenFault, TokenRefusal},
    grant::GrantedNames,
    token::{Audience, Times},
};

#[derive(Deserialize)]
pub(super) struct Claims {
    #[serde(default)]
    pub(super) iss: String,
    #[serde(default)]
    pub(super) sub: String,
    #[serde(default)]
    pub(super) aud: Audience,
    #[serde(default)]
    pub(super) azp: Option<String>,
    #[serde(default)]
    exp: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    pub(super) nonce: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<Flag>,
    #[serde(default)]
    groups: Option<Vec<String>>,
    /// What a logout token has (OpenID Connect Back-Channel Logout 1.0 §2.4), and an ID token has not.
    #[serde(default)]
    events: Option<IgnoredAny>,
    /// What some providers call the token, in place of the header.
    #[serde(default)]
    typ: Option<Value>,
}

impl Claims {
    pub(super) fn times(&self) -> Times {
        Times { exp: self.exp, nbf: self.nbf, iat: self.iat }
    }

    /// Refuse tokens that say that they are no ID tokens.
    pub(super) fn check_kind(&self) -> Result<(), TokenRefusal> {
        if self.events.is_some() {
            return Err(TokenRefusal::new(TokenFault::Kind, "it has events"));
        }
        match self.typ.as_ref().and_then(Value::as_str) {
            Some(kind) if OTHER_KINDS.iter().any(|other| kind.eq_ignore_ascii_case(other)) => {
                Err(TokenRefusal::new(TokenFault::Kind, format!("the claim typ={kind:?}")))
            }
            _ => Ok(()),
        }
    }
}

/// What Keycloak says in the claim `typ` of tokens that are no ID tokens.
const OTHER_KINDS: [&str; 5] = ["Bearer", "DPoP", "Logout", "Offline", "Refresh"];

/// A boolean that some providers send as a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Boolean(bool),
    Text(String),
}

impl Flag {
    fn is_true(&self) -> bool {
        match self {
            Self::Boolean(value) => *value,
            Self::Text(text) => text == "true",
        }
    }
}

/// A person who may come in.
pub(super) struct Person {
    pub(super) email: Option<EmailAddress>,
    pub(super) admin: bool,
}

impl Person {
    /// Decide whether the person that a verified token speaks of may come in.
    pub(super) fn check(claims: &Claims, rules: &Rules) -> Result<Self, TokenRefusal> {
        if claims.sub.is_empty() {
            return Err(TokenFault::Subject.into());
        }
        let email = checked_email(claims, rules)?;
        let groups = claims.groups.as_deref().unwrap_or_default();
        if !rules.groups.is_empty() {
            if claims.groups.is_none() {
                return Err(TokenFault::GroupsMissing.into());
            }
            if !groups.iter().any(|group| rules.groups.contains(group)) {
                return Err(TokenRefusal::new(TokenFault::Group, format!("groups={groups:?}")));
            }
        }
        let admin = email.as_ref().is_some_and(|email| is_admin(email, rules))
            || groups.iter().any(|group| rules.admin_groups.contains(group));
        check_domain(email.as_ref(), rules, admin)?;
        Ok(Self { email, admin })
    }

    /// What the certificate of somebody who is no administrator says: who it is, and nothing that was asked for.
    pub(super) fn identity(&self, claims: &Claims) -> Result<GrantedNames, TokenRefusal> {
        let mut names: Vec<SubjectAltName> = self.email.iter().cloned().map(SubjectAltName::Email).collect();
        if has_scheme(&claims.iss) {
            let text = format!("{}#{}", claims.iss, escape_fragment(&claims.sub));
            let uri = text.parse().map_err(|error| {
                TokenRefusal::new(TokenFault::Malformed, format!("iss and sub do not make a URI: {error}"))
            })?;
            names.push(SubjectAltName::Uri(uri));
        }
        Ok(GrantedNames::Identity { common_name: claims.sub.clone(), names })
    }
}

/// The e-mail address, if there is one and it may be believed.
fn checked_email(claims: &Claims, rules: &Rules) -> Result<Option<EmailAddress>, TokenRefusal> {
    let Some(text) = claims.email.as_deref().filter(|email| !email.is_empty()) else { return Ok(None) };
    let email: EmailAddress = text
        .parse()
        .map_err(|error| TokenRefusal::new(TokenFault::EmailMalformed, format!("email={text:?}: {error}")))?;
    // The address becomes a name in the certificate, so it always decides something.
    let verified = claims.email_verified.as_ref().is_some_and(Flag::is_true);
    if !verified && !rules.accept_unverified_email {
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
