//! Who an id token is about, and which names the CA will give them.

use std::time::SystemTime;

use anyhow::{Context as _, anyhow, bail};
use rung_api::body::OidcProvisioner;
use rung_pki::SubjectAltName;
use rung_pki::jose::UnverifiedJws;
use serde_json::{Map, Value};

use crate::clock::unix_seconds;

/// The claims of a token, which the CA verifies and we only read.
#[derive(Debug, Clone)]
pub(crate) struct UnverifiedClaims(Map<String, Value>);

impl UnverifiedClaims {
    /// Read the claims of a token in compact serialisation.
    pub(crate) fn of(token: &str) -> anyhow::Result<Self> {
        let parsed = UnverifiedJws::parse(token).map_err(|error| anyhow!("error parsing token: {error}"))?;
        let claims = serde_json::from_slice(parsed.unverified_payload()).context("error parsing token")?;
        Ok(Self(claims))
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A claim that is a list of texts, or a single one.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text],
            _ => Vec::new(),
        }
    }

    /// The claims for a person to read, without those that are there to be used once.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, String)> {
        let once = ["nonce", "jti", "at_hash", "c_hash", "s_hash"];
        self.0.iter().filter(move |(name, _)| !once.contains(&name.as_str())).map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.as_str(), text)
        })
    }

    /// Whether it was made for this CA by the holder of a provisioner's key, and not by an identity provider.
    pub(crate) fn names_its_certificate(&self) -> bool {
        self.0.contains_key("sha") || self.0.contains_key("sans")
    }

    /// Whether it is past its end by more than the minute that CAs allow.
    pub(crate) fn has_expired(&self, now: SystemTime) -> bool {
        let end = self.0.get("exp").and_then(Value::as_u64);
        end.is_some_and(|end| unix_seconds(now) > end.saturating_add(60))
    }
}

/// What a certificate will say about its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The common name.
    pub(crate) subject: String,
    /// All other names.
    pub(crate) names: Vec<SubjectAltName>,
    /// Whether the CA adds names by rules of its own.
    pub(crate) open: bool,
}

impl Identity {
    /// What was asked for: a subject, and names that replace it when there are any.
    pub(crate) fn asked(subject: &str, names: &[String]) -> anyhow::Result<Self> {
        let mut wanted: Vec<SubjectAltName> = Vec::new();
        let texts = if names.is_empty() { std::slice::from_ref(&subject.to_owned()).to_vec() } else { names.to_vec() };
        for text in texts {
            let name = SubjectAltName::classify(&text).map_err(|error| {
                let remedy =
                    if names.is_empty() { "; give the names with --san to keep it as the subject" } else { "" };
                anyhow!("'{text}' cannot be a name in a certificate: {error}{remedy}")
            })?;
            if !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        Ok(Self { subject: subject.to_owned(), names: wanted, open: false })
    }

    /// What the CA gives to the person who logged in, unless they are an admin.
    pub(crate) fn of_login(claims: &UnverifiedClaims) -> anyhow::Result<Self> {
        let subject = claims.text("sub").unwrap_or_default();
        let mut names = Vec::new();
        if let Some(email) = claims.text("email") {
            names.push(SubjectAltName::classify(email).with_context(|| {
                format!("the e-mail address '{email}' of your login cannot be put into a certificate")
            })?);
        }
        if let Some(issuer) = claims.text("iss") {
            let uri = if subject.is_empty() { issuer.to_owned() } else { format!("{issuer}#{}", fragment(subject)) };
            names.push(
                SubjectAltName::classify(&uri).with_context(|| {
                    format!("the subject '{subject}' of your login cannot be put into a certificate")
                })?,
            );
        }
        Ok(Self { subject: subject.to_owned(), names, open: false })
    }

    /// What was asked for of a provisioner whose rules decide: the subject need not be good for a name.
    pub(crate) fn by_rules(subject: &str, names: &[String]) -> anyhow::Result<Self> {
        let asked = match names {
            [] if SubjectAltName::classify(subject).is_err() => {
                Self { subject: subject.to_owned(), names: Vec::new(), open: false }
            }
            names => Self::asked(subject, names)?,
        };
        Ok(Self { open: true, ..asked })
    }
}

/// Find out which names the holder of an id token gets, when they ask for `subject` and `sans`.
pub(crate) fn for_login(
    claims: &UnverifiedClaims,
    provisioner: Option<&OidcProvisioner>,
    (subject, sans): (&str, &[String]),
) -> anyhow::Result<Identity> {
    if provisioner.is_some_and(|provisioner| provisioner.identity_by_rules) {
        return Identity::by_rules(subject, sans);
    }
    let own = Identity::of_login(claims)?;
    let is_own = |text: &str| {
        text == own.subject
            || claims.text("email").is_some_and(|email| email.eq_ignore_ascii_case(text))
            || own.names.iter().any(|name| name.to_string() == text)
    };
    if is_own(subject) && sans.iter().all(|name| is_own(name)) {
        return Ok(own);
    }
    if provisioner.is_some_and(|provisioner| is_admin(claims, provisioner)) {
        return Identity::asked(subject, sans);
    }
    let names: Vec<String> = own.names.iter().map(ToString::to_string).collect();
    let other =
        if is_own(subject) { sans.iter().find(|name| !is_own(name)).map_or("", String::as_str) } else { subject };
    bail!(
        "your login is good for your own names only ({}), and '{other}' is not one of them; ask for '{}' without --san, \
         log in with another account, or have the provisioner make you an admin",
        names.join(", "),
        claims.text("email").unwrap_or(&own.subject)
    )
}

/// Whether the provisioner's public lists make the holder an admin.
fn is_admin(claims: &UnverifiedClaims, provisioner: &OidcProvisioner) -> bool {
    let same = |one: &str, other: &str| match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((local, domain)), Some((other_local, other_domain))) => {
            local == other_local && domain.eq_ignore_ascii_case(other_domain)
        }
        _ => false,
    };
    let email = claims.text("email");
    let by_email = provisioner.admins.iter().any(|admin| email.is_some_and(|email| same(admin, email)));
    let groups = claims.texts("groups");
    let mut admin_groups = provisioner.admins.iter().chain(&provisioner.admin_groups);
    by_email || admin_groups.any(|admin| groups.contains(&admin.as_str()))
}

/// A text as the fragment of a URI, escaped as Go's `net/url` does it, which is what the CA's names follow.
fn fragment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(char::from(octet)),
            octet if b"-_.~$&+,/:;=?@!()*".contains(&octet) => escaped.push(char::from(octet)),
            octet => escaped.push_str(&format!("%{octet:02X}")),
        }
    }
    escaped
}
