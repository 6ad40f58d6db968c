//! Queries.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rung_authority::store::{AuditRecord, CertificateRecord, RevocationRecord, Standing, StoreError};
use rung_authority::{division::Division, issuer::IssuerId};
use rung_pki::{Certificate, SerialNumber, crl::Reason, sha256};
use rusqlite::{Connection, Error, OptionalExtension, Row};

use super::trouble::Severity;

/// What is on record about a certificate.
pub(super) fn standing(connection: &Connection, serial: &[u8]) -> Result<Standing, StoreError> {
    // The revocation second: of one that is recorded in between, the caller learns.
    let certificate = certificate(connection, serial)?;
    Ok(Standing { certificate, revocation: revocation(connection, serial)? })
}

fn certificate(connection: &Connection, serial: &[u8]) -> Result<Option<CertificateRecord>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT der, reference, name, kind, token, fingerprint FROM certificates
             JOIN provisioners ON provisioners.id = certificates.provisioner WHERE serial = ?1",
        )
        .map_err(translate)?;
    let row = statement
        .query_row([serial], |row| {
            let record = (row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, Vec<u8>>(4)?);
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, [u8; 32]>(5)?, record))
        })
        .optional()
        .map_err(translate)?;
    let Some((der, fingerprint, record)) = row else { return Ok(None) };
    if sha256(&der) != fingerprint {
        return Err(StoreError::Damaged("a certificate is not the one that was recorded".to_owned()));
    }
    let certificate = Certificate::from_der(&der).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let (provisioner_id, provisioner_name, provisioner_kind, token) = record;
    // No octets where a certificate paid for it.
    let token_digest = match token.len() {
        0 => None,
        _ => Some(token.try_into().map_err(|_| StoreError::Damaged("a token has no digest".to_owned()))?),
    };
    Ok(Some(CertificateRecord { certificate, provisioner_id, provisioner_name, provisioner_kind, token_digest }))
}

const REVOCATION: &str = "SELECT position, serial, at, reason, not_after, issuer FROM revocations";

fn revocation(connection: &Connection, serial: &[u8]) -> Result<Option<RevocationRecord>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{REVOCATION} WHERE serial = ?1")).map_err(translate)?;
    let row = statement.query_row([serial], raw_revocation).optional().map_err(translate)?;
    row.map(checked_revocation).transpose()
}

pub(super) fn revocations(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<RevocationRecord>, StoreError> {
    let query = format!("{REVOCATION} WHERE position > ?1 ORDER BY position LIMIT ?2");
    let mut statement = connection.prepare_cached(&query).map_err(translate)?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = statement.query_map((after, limit), raw_revocation).map_err(translate)?;
    rows.map(|row| checked_revocation(row.map_err(translate)?)).collect()
}

type RawRevocation = (u64, Vec<u8>, SystemTime, i64, Option<SystemTime>, Option<[u8; 16]>);

fn raw_revocation(row: &Row<'_>) -> rusqlite::Result<RawRevocation> {
    let time = |milliseconds: u64| UNIX_EPOCH + Duration::from_millis(milliseconds);
    let not_after = row.get::<_, Option<i64>>(4)?.map(|_| natural(row, 4)).transpose()?.map(time);
    Ok((natural(row, 0)?, row.get(1)?, time(natural(row, 2)?), row.get(3)?, not_after, row.get(5)?))
}

fn checked_revocation(row: RawRevocation) -> Result<RevocationRecord, StoreError> {
    let (position, serial, at, reason, not_after, issuer) = row;
    let damaged = |what: &str| StoreError::Damaged(format!("revocation {position} has {what}"));
    let serial = SerialNumber::from_bytes(&serial).map_err(|_| damaged("no serial number"))?;
    let reason = Reason::try_from(reason).map_err(|_| damaged("an unknown reason"))?;
    Ok(RevocationRecord { position, serial, at, reason, not_after, issuer: issuer.map(IssuerId::from) })
}

pub(super) fn is_spent(connection: &Connection, digest: &[u8; 32]) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM tokens WHERE digest = ?1").map_err(translate)?;
    statement.exists([digest]).map_err(translate)
}

pub(super) fn divisions(connection: &Connection, issuer: IssuerId) -> Result<Vec<Division>, StoreError> {
    let query = "SELECT base, shards FROM crl_divisions WHERE issuer = ?1";
    let mut statement = connection.prepare_cached(query).map_err(translate)?;
    let division = |row: &Row<'_>| Ok(Division { base: row.get(0)?, shards: row.get(1)? });
    let rows = statement.query_map([issuer.as_bytes()], division).map_err(translate)?;
    rows.collect::<Result<_, _>>().map_err(translate)
}

pub(super) fn count(connection: &Connection) -> Result<u64, StoreError> {
    let count: i64 =
        connection.query_row("SELECT count(*) FROM certificates", [], |row| row.get(0)).map_err(translate)?;
    u64::try_from(count).map_err(|_| StoreError::Damaged("a negative count".to_owned()))
}

pub(super) fn checkpoint(connection: &Connection) -> Result<Option<String>, StoreError> {
    let query = "SELECT note FROM audit_checkpoints ORDER BY size DESC LIMIT 1";
    connection.query_row(query, [], |row| row.get(0)).optional().map_err(translate)
}

pub(super) fn audit(connection: &Connection, from: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT position, at, action, request_id, detail, hash FROM audit WHERE position >= ?1 ORDER BY position LIMIT ?2",
        )
        .map_err(translate)?;
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let records = statement
        .query_map((from, limit), |row| {
            Ok(AuditRecord {
                position: natural(row, 0)?,
                at: UNIX_EPOCH + Duration::from_millis(natural(row, 1)?),
                action: row.get(2)?,
                request_id: row.get(3)?,
                detail: row.get(4)?,
                hash: row.get(5)?,
            })
        })
        .map_err(translate)?;
    records.collect::<Result<_, _>>().map_err(translate)
}

fn natural(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

/// An error of a query.
pub(crate) fn translate(error: rusqlite::Error) -> StoreError {
    if Severity::of(&error) == Severity::Damage || is_of_another_kind(&error) {
        return StoreError::Damaged(error.to_string());
    }
    StoreError::Unavailable(error.into())
}

/// Whether a value is of another kind or range than was written, which is damage.
pub(super) fn is_of_another_kind(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    )
}

/// Milliseconds since 1970, as times are stored.
pub(crate) fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
