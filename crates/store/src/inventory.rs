//! Looking through the certificates on record: for administrators, beside a CA that may be running.
//!
//! A page only reads, from one moment of the store, so the CA goes on meanwhile. Certificates come in the order of their
//! ends; a page goes on where the last one ended, whatever was issued between the two.

mod search;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rung_authority::store::StoreError;
use rung_pki::{Certificate, SerialNumber, crl::Reason, sha256};
use rusqlite::{Connection, Row};

use crate::OpenError;
use crate::sqlite::{open_to_read, terms, translate};

/// The certificates of one store.
pub struct Inventory {
    connection: Connection,
    file: PathBuf,
}

/// Which certificates are wanted; everything that is given has to hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Names that it has, as its common name or among its alternative names; letters of ASCII in either case.
    pub names: Vec<String>,
    /// SHA-256 of the subject public key info that it has.
    pub key: Option<[u8; 32]>,
    /// The name of the provisioner that granted it.
    pub provisioner: Option<String>,
    /// How it is.
    pub state: Option<State>,
    /// It ends at that instant or later.
    pub ends_from: Option<SystemTime>,
    /// It ends before that instant.
    pub ends_before: Option<SystemTime>,
    /// Its serial number.
    pub serial: Option<SerialNumber>,
}

/// How a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has ended, and was not revoked.
    Expired,
    /// It was revoked, whether it has ended or not.
    Revoked,
    /// It may be relied on, now or later.
    Valid,
}

/// One certificate on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The certificate.
    pub certificate: Certificate,
    /// The name of the provisioner that granted it.
    pub provisioner: String,
    /// The type of that provisioner.
    pub provisioner_kind: String,
    /// When it was revoked, and why.
    pub revoked: Option<(SystemTime, Reason)>,
    /// Where it stands.
    pub cursor: Cursor,
}

impl Entry {
    /// How it is at that instant.
    pub fn state(&self, now: SystemTime) -> State {
        match self.revoked {
            Some(_) => State::Revoked,
            None if self.certificate.not_after() < now => State::Expired,
            None => State::Valid,
        }
    }
}

/// A place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    ends: i64,
    id: i64,
}

/// As the number of milliseconds and the place among all certificates, `1795733631000-17`.
impl std::fmt::Display for Cursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}-{}", self.ends, self.id)
    }
}

/// A text that is not a place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is what the last page ended with, such as 1795733631000-17")]
pub struct CursorError;

impl std::str::FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (ends, id) = text.split_once('-').ok_or(CursorError)?;
        // Neither is ever negative, so that the dash between them is the only one.
        let number = |text: &str| text.parse::<u64>().ok().and_then(|number| i64::try_from(number).ok());
        Ok(Self { ends: number(ends).ok_or(CursorError)?, id: number(id).ok_or(CursorError)? })
    }
}

impl Filter {
    /// Whether it has the names and the key; the rest is seen by the query.
    fn fits(&self, certificate: &Certificate) -> bool {
        let has = terms::names(certificate);
        self.names.iter().all(|name| has.contains(&terms::folded(name)))
            && self.key.is_none_or(|key| sha256(certificate.public_key_info()) == key)
    }
}

impl Inventory {
    /// Open the store in that file for reading. A CA may be using it.
    ///
    /// # Errors
    /// When there is none, it is not one of Rung, or another version of this program wrote it.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        Ok(Self { connection: open_to_read(file)?, file: file.to_owned() })
    }

    /// The file that it reads.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The certificates that fit, at most `limit` of them, behind `after`.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        (limit, now): (u32, SystemTime),
    ) -> Result<Vec<Entry>, StoreError> {
        // One moment of the store for everything that makes a page.
        let moment = self.connection.unchecked_transaction().map_err(translate)?;
        search::page(&moment, filter, after, (limit as usize, now))
    }
}

/// What every query asks for, so that [`read`] can be given its rows.
const COLUMNS: &str = "c.id, c.not_after, c.der, c.fingerprint, p.name, p.kind, r.at, r.reason";

/// A row of [`COLUMNS`] before it is checked.
struct Raw {
    cursor: Cursor,
    der: Vec<u8>,
    fingerprint: [u8; 32],
    provisioner: (String, String),
    revoked: (Option<i64>, Option<i64>),
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        cursor: Cursor { id: row.get(0)?, ends: row.get(1)? },
        der: row.get(2)?,
        fingerprint: row.get(3)?,
        provisioner: (row.get(4)?, row.get(5)?),
        revoked: (row.get(6)?, row.get(7)?),
    })
}

impl Raw {
    fn check(self) -> Result<Entry, StoreError> {
        let Self { cursor, der, fingerprint, provisioner: (provisioner, provisioner_kind), revoked } = self;
        let damaged = |what: &str| StoreError::Damaged(format!("certificate {} {what}", cursor.id));
        if sha256(&der) != fingerprint {
            return Err(damaged("is not the one that was recorded"));
        }
        let certificate = Certificate::from_der(&der).map_err(|error| StoreError::Damaged(error.to_string()))?;
        let revoked = match revoked {
            (Some(at), Some(reason)) => {
                let at = u64::try_from(at).map_err(|_| damaged("was revoked before 1970"))?;
                let reason = Reason::try_from(reason).map_err(|_| damaged("was revoked for an unknown reason"))?;
                Some((UNIX_EPOCH + Duration::from_millis(at), reason))
            }
            _ => None,
        };
        Ok(Entry { certificate, provisioner, provisioner_kind, revoked, cursor })
    }
}
