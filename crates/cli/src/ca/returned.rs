//! Checking the certificate that a CA returned, before anything is written.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use rung_api::body::SignResponse;
use rung_pki::{Certificate, PublicKey, SubjectAltName, chain};

use super::identity::Identity;
use crate::ui::shown;

/// What the certificate has to be.
pub(crate) struct Expected<'a> {
    /// Whose key it is for.
    pub(crate) key: &'a PublicKey,
    /// Which names it has.
    pub(crate) identity: &'a Identity,
    /// What it leads to.
    pub(crate) roots: &'a [Certificate],
    /// When it is valid.
    pub(crate) at: SystemTime,
}

/// The certificate and its intermediates, if they are what was asked for.
pub(crate) fn check(response: &SignResponse<'_>, expected: &Expected<'_>) -> anyhow::Result<Vec<Certificate>> {
    let chain = read(response).context("the CA returned something that is not a certificate; nothing was written")?;
    let Some((leaf, intermediates)) = chain.split_first() else {
        bail!("the CA returned no certificate; nothing was written");
    };
    if let Err(problem) = judge(leaf, intermediates, expected) {
        bail!("the CA returned {problem}; nothing was written. Is this the right CA?");
    }
    Ok(chain)
}

/// What a certificate that takes the place of another has to be.
pub(crate) struct Successor<'a> {
    /// Whose key it is for.
    pub(crate) key: &'a PublicKey,
    /// The certificate that it replaces.
    pub(crate) old: &'a Certificate,
    /// What it leads to.
    pub(crate) roots: &'a [Certificate],
    /// The present time.
    pub(crate) now: SystemTime,
}

/// The certificate and its intermediates, if they can take the place of the old one.
pub(crate) fn check_successor(
    response: &SignResponse<'_>,
    expected: &Successor<'_>,
) -> anyhow::Result<Vec<Certificate>> {
    let chain = read(response).context("the CA returned something that is not a certificate; nothing was changed")?;
    let Some((leaf, intermediates)) = chain.split_first() else {
        bail!("the CA returned no certificate; nothing was changed");
    };
    if let Err(problem) = judge_successor(leaf, intermediates, expected) {
        bail!("the CA returned {problem}; nothing was changed. Is this the right CA?");
    }
    Ok(chain)
}

fn judge_successor(leaf: &Certificate, others: &[Certificate], expected: &Successor<'_>) -> Result<(), String> {
    let Successor { key, old, roots, now } = *expected;
    check_key(leaf, key)?;
    let names = |certificate: &Certificate| -> Vec<String> {
        let mut names: Vec<_> = certificate.general_names().iter().map(|name| format!("{name:?}")).collect();
        names.sort();
        names
    };
    if leaf.subject_der() != old.subject_der() || names(leaf) != names(old) {
        let all = |certificate: &Certificate| format!("{} {}", certificate.subject(), names(certificate).join(", "));
        let (found, wanted) = (all(leaf), all(old));
        return Err(format!("a certificate with other names ({}, not {})", shown(&found), shown(&wanted)));
    }
    if leaf.serial() == old.serial() || leaf.not_before() < old.not_before() {
        return Err("a certificate that is not newer than the one that it replaces".to_owned());
    }
    // A clock that is a little late is no reason to let a certificate run out.
    let at = if leaf.not_before() <= now + LATE { now.max(leaf.not_before()) } else { now };
    check_path(leaf, others, roots, at)
}

/// How far this machine's clock may lag behind the CA's.
const LATE: Duration = Duration::from_secs(300);

fn read(response: &SignResponse<'_>) -> anyhow::Result<Vec<Certificate>> {
    let texts: Vec<&str> = if response.cert_chain.is_empty() {
        std::iter::once(&*response.crt).chain(response.ca.as_deref()).collect()
    } else {
        response.cert_chain.iter().map(|text| &**text).collect()
    };
    let mut chain = Vec::new();
    for text in texts {
        chain.extend(Certificate::all_from_pem(text.as_bytes())?);
    }
    if Certificate::from_pem(response.crt.as_bytes())?.der() != chain.first().map_or(&[][..], Certificate::der) {
        bail!("its `crt` is not the first of its `certChain`");
    }
    Ok(chain)
}

fn judge(leaf: &Certificate, intermediates: &[Certificate], expected: &Expected<'_>) -> Result<(), String> {
    check_key(leaf, expected.key)?;
    check_names(leaf, expected.identity)?;
    check_path(leaf, intermediates, expected.roots, expected.at)
}

fn check_key(leaf: &Certificate, key: &PublicKey) -> Result<(), String> {
    if leaf.public_key_info() != key.spki() {
        return Err("a certificate for another key".to_owned());
    }
    if leaf.is_ca() {
        return Err("the certificate of a CA".to_owned());
    }
    Ok(())
}

fn check_path(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    at: SystemTime,
) -> Result<(), String> {
    let path = chain::verify(leaf, intermediates, roots, at, None)
        .map_err(|error| format!("a certificate that does not lead to the CA's root: {error}"))?;
    // Somebody else's root may have signed the same CA, too, for those who trust that one.
    let is_same_ca = |one: &Certificate, used: &Certificate| {
        one.der() == used.der()
            || (one.is_ca()
                && one.subject_der() == used.subject_der()
                && one.public_key_info() == used.public_key_info())
    };
    match intermediates.iter().find(|one| path.iter().all(|used| !is_same_ca(one, used))) {
        Some(extra) => {
            Err(format!("a certificate that does not belong to the chain ({})", shown(&extra.subject().to_string())))
        }
        None => Ok(()),
    }
}

fn check_names(leaf: &Certificate, identity: &Identity) -> Result<(), String> {
    let wrong = |what: &str| {
        let found: Vec<String> = leaf.general_names().iter().map(|name| format!("{name:?}")).collect();
        let wanted: Vec<String> = identity.names.iter().map(ToString::to_string).collect();
        let found = shown(&found.join(", ")).into_owned();
        format!("a certificate with {what} than asked for (asked for {}, got {found})", wanted.join(", "))
    };
    let found = leaf.subject_alt_names().map_err(|_| wrong("other names"))?;
    let same = |one: &SubjectAltName, other: &SubjectAltName| one == other || decoded(one) == decoded(other);
    let missing = identity.names.iter().any(|name| !found.iter().any(|other| same(name, other)));
    let extra = found.iter().any(|name| !identity.names.iter().any(|other| same(name, other)));
    if identity.open {
        return check_open(leaf, &found, identity, missing);
    }
    if missing || extra || leaf.general_names().len() != found.len() {
        return Err(wrong("other names"));
    }
    let common_name = leaf.subject().common_name();
    let known = |name: &str| name == identity.subject || identity.names.iter().any(|other| other.to_string() == name);
    if common_name.is_some_and(|name| !known(name)) {
        return Err(wrong("another common name"));
    }
    Ok(())
}

/// The CA may have added names, but the one that was asked for has to be among them: whoever logged in by mistake as
/// somebody else shall not find out from a server's log.
fn check_open(leaf: &Certificate, found: &[SubjectAltName], identity: &Identity, missing: bool) -> Result<(), String> {
    let common_name = leaf.subject().common_name();
    let is_subject = |name: &str| name.eq_ignore_ascii_case(&identity.subject);
    let has_subject = common_name.is_some_and(is_subject) || found.iter().any(|name| is_subject(&name.to_string()));
    if has_subject && !missing {
        return Ok(());
    }
    let names = found.iter().map(ToString::to_string);
    let names: Vec<String> = common_name.map(str::to_owned).into_iter().chain(names).collect();
    let wanted = identity.names.iter().map(ToString::to_string);
    let wanted: Vec<String> = std::iter::once(identity.subject.clone()).chain(wanted).collect();
    Err(format!(
        "a certificate for {}, and not for {}; ask for the names that the provisioner's rules give you",
        shown(&names.join(", ")),
        wanted.join(", ")
    ))
}

/// URIs may be escaped more or less than needed; other names stand for themselves.
fn decoded(name: &SubjectAltName) -> (&'static str, Vec<u8>) {
    let text = name.to_string();
    let octets = match name {
        SubjectAltName::Uri(_) => percent_encoding::percent_decode_str(&text).collect(),
        SubjectAltName::Dns(_) | SubjectAltName::Email(_) | SubjectAltName::Ip(_) => text.into_bytes(),
    };
    (name.kind(), octets)
}
