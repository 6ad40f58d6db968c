//! Which certificates are wanted, as flags and queries say it, and what is told of those that are found.

use std::time::SystemTime;

use rung_api::body::{CertificatePage, ListedCertificate};
use rung_api::client::Fingerprint;
use rung_api::inventory::{MOST, USUAL};
use rung_authority::store::StoreError;
use rung_pki::{SerialNumber, hex};
use rung_spec::{GoDuration, TimeOrDuration};
use rung_store::inventory::{Cursor, Entry, Filter, Inventory, State};

use crate::log::rfc3339;

/// What is wanted, with every value read.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    filter: Filter,
    after: Option<Cursor>,
    /// So many at most.
    pub(crate) limit: u32,
}

/// Why a value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(pub(crate) String);

impl Default for Wanted {
    fn default() -> Self {
        Self { filter: Filter::default(), after: None, limit: USUAL }
    }
}

impl Wanted {
    /// Read what one of [`rung_api::inventory::FILTERS`] says; a key is named by SHA-256 of its public key info.
    ///
    /// # Errors
    /// When the value is none of its kind, or the name is none of them.
    pub(crate) fn set(&mut self, name: &str, value: &str, now: SystemTime) -> Result<(), Unreadable> {
        let filter = &mut self.filter;
        let because = |error: &dyn std::fmt::Display| Unreadable(error.to_string());
        let wrong = |text: &str| Unreadable(text.to_owned());
        match name {
            "after" => self.after = Some(value.parse().map_err(|error| because(&error))?),
            "ends-after" => filter.ends_from = Some(instant(value, now)?),
            "ends-before" => filter.ends_before = Some(instant(value, now)?),
            "expires-within" => {
                let duration = value.parse::<GoDuration>().map_err(|error| because(&error))?;
                let duration = duration.positive().ok_or_else(|| wrong("it is negative"))?;
                (filter.ends_from, filter.ends_before) = (Some(now), Some(now + duration));
            }
            "key" => {
                let digest = value.parse::<Fingerprint>();
                let digest = digest.map_err(|_| wrong("it is not SHA-256 as 64 hexadecimal digits"))?;
                filter.key = Some(*digest.as_bytes());
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                self.limit = limit.ok_or_else(|| Unreadable(format!("it is not a number from 1 to {MOST}")))?;
            }
            "name" => filter.names.push(value.to_owned()),
            "provisioner" => filter.provisioner = Some(value.to_owned()),
            "serial" => filter.serial = Some(value.parse::<SerialNumber>().map_err(|error| because(&error))?),
            "state" => {
                filter.state = Some(match value {
                    "expired" => State::Expired,
                    "revoked" => State::Revoked,
                    "valid" => State::Valid,
                    _ => return Err(wrong("options are expired, revoked, valid")),
                });
            }
            _ => return Err(wrong("there is no such filter")),
        }
        Ok(())
    }

    /// The certificates that are wanted, as many as fit on a page.
    ///
    /// # Errors
    /// When the store cannot be read or is damaged.
    pub(crate) fn page(&self, inventory: &Inventory, now: SystemTime) -> Result<CertificatePage, StoreError> {
        let found = inventory.page(&self.filter, self.after, (self.limit, now))?;
        let full = found.len() == self.limit as usize;
        let next = found.last().filter(|_| full).map(|entry| entry.cursor.to_string());
        Ok(CertificatePage { certificates: found.iter().map(|entry| listed(entry, now)).collect(), next })
    }
}

/// A point in time, or a duration from now.
fn instant(text: &str, now: SystemTime) -> Result<SystemTime, Unreadable> {
    let read = TimeOrDuration::parse(text).map_err(|error| Unreadable(error.to_string()))?;
    let when = read.ok_or_else(|| Unreadable("it is empty".to_owned()))?;
    when.resolve(now).ok_or_else(|| Unreadable("it is out of range".to_owned()))
}

fn listed(entry: &Entry, now: SystemTime) -> ListedCertificate {
    let certificate = &entry.certificate;
    let names = certificate.subject_alt_names().unwrap_or_default();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let common = certificate.subject().common_name().map(str::to_owned);
    ListedCertificate {
        serial: certificate.serial().to_string(),
        subject: certificate.subject().to_string(),
        name: common.or_else(|| names.first().cloned()).unwrap_or_default(),
        names,
        provisioner: entry.provisioner.clone(),
        provisioner_type: entry.provisioner_kind.clone(),
        state: word(entry.state(now)).to_owned(),
        not_before: rfc3339(certificate.not_before()),
        not_after: rfc3339(certificate.not_after()),
        revoked_at: entry.revoked.map(|(at, _)| rfc3339(at)),
        reason: entry.revoked.map(|(_, reason)| reason.name().to_owned()),
        fingerprint: hex(&certificate.fingerprint()),
        pem: certificate.to_pem(),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Expired => "expired",
        State::Revoked => "revoked",
        State::Valid => "valid",
    }
}
