//! Looking through the certificates on record: for administrators, beside a CA that may be running.
//!
//! A page is one query that reads and never writes, so the CA goes on meanwhile. Certificates come in the order of their
//! ends; a page goes on where the last one ended, whatever was issued between the two.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rung_authority::store::StoreError;
use rung_pki::{Certificate, SerialNumber, crl::Reason, sha256};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::OpenError;
use crate::sqlite::{milliseconds, open_to_read, translate};

/// The certificates of one store.
pub struct Inventory {
    connection: Connection,
    file: PathBuf,
}

/// Which certificates are wanted; everything that is given has to hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Octets that a certificate contains, such as a name or a public key. It narrows the search down; whether they
    /// stand in the right place is for the caller to see.
    pub containing: Vec<Vec<u8>>,
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
        let (query, values) = query(filter, after, limit, now);
        let mut statement = self.connection.prepare_cached(&query).map_err(translate)?;
        let rows = statement.query_map(params_from_iter(values), |row| {
            let cursor = Cursor { ends: row.get(1)?, id: row.get(0)? };
            let der = (row.get::<_, Vec<u8>>(2)?, row.get::<_, [u8; 32]>(3)?);
            Ok((
                cursor,
                der,
                (row.get(4)?, row.get(5)?),
                (row.get::<_, Option<i64>>(6)?, row.get::<_, Option<i64>>(7)?),
            ))
        });
        let mut entries = Vec::new();
        for row in rows.map_err(translate)? {
            let (cursor, (der, fingerprint), (provisioner, provisioner_kind), revoked) = row.map_err(translate)?;
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
            entries.push(Entry { certificate, provisioner, provisioner_kind, revoked, cursor });
        }
        Ok(entries)
    }
}

fn query(filter: &Filter, after: Option<Cursor>, limit: u32, now: SystemTime) -> (String, Vec<Value>) {
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    let mut holds = |condition: &str, more: &mut dyn Iterator<Item = Value>| {
        conditions.push(condition.to_owned());
        values.extend(more);
    };
    let mut one = |condition: &str, value: Value| holds(condition, &mut std::iter::once(value));
    if let Some(serial) = &filter.serial {
        one("c.serial = ?", Value::Blob(serial.as_bytes().to_vec()));
    }
    if let Some(name) = &filter.provisioner {
        one("c.provisioner IN (SELECT id FROM provisioners WHERE name = ?)", Value::Text(name.clone()));
    }
    if let Some(from) = filter.ends_from {
        one("c.not_after >= ?", Value::Integer(milliseconds(from)));
    }
    if let Some(before) = filter.ends_before {
        one("c.not_after < ?", Value::Integer(milliseconds(before)));
    }
    match filter.state {
        Some(State::Expired) => one("c.not_after < ? AND r.serial IS NULL", Value::Integer(milliseconds(now))),
        Some(State::Revoked) => one("r.serial IS NOT NULL AND ?", Value::Integer(1)),
        Some(State::Valid) => one("c.not_after >= ? AND r.serial IS NULL", Value::Integer(milliseconds(now))),
        None => {}
    }
    for octets in &filter.containing {
        one("instr(c.der, ?) > 0", Value::Blob(octets.clone()));
    }
    if let Some(Cursor { ends, id }) = after {
        holds("(c.not_after, c.id) > (?, ?)", &mut [Value::Integer(ends), Value::Integer(id)].into_iter());
    }
    // Few are revoked, so that they are the ones to begin with; otherwise everything goes along the ends.
    let tables = match filter.state {
        Some(State::Revoked) => "revocations r CROSS JOIN certificates c ON c.serial = r.serial",
        _ => "certificates c LEFT JOIN revocations r ON r.serial = c.serial",
    };
    let conditions = if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") };
    values.push(Value::Integer(limit.into()));
    let query = format!(
        "SELECT c.id, c.not_after, c.der, c.fingerprint, p.name, p.kind, r.at, r.reason FROM {tables}
         CROSS JOIN provisioners p ON p.id = c.provisioner
         WHERE {conditions} ORDER BY c.not_after, c.id LIMIT ?"
    );
    (query, values)
}
