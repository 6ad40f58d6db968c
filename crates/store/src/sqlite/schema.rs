//! The tables, and how older files come to have them.

use rung_pki::sha256;
use rusqlite::Connection;

use super::audit;

/// Marks files of Rung: "RUNG".
pub(super) const APPLICATION_ID: i32 = 0x5255_4e47;

/// What every version added, in order. A line that was ever released is never changed.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE provisioners (
        id INTEGER PRIMARY KEY,
        reference TEXT NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        UNIQUE (reference, name, kind)
    ) STRICT;
    -- In the order of issuance: inserting at the end is several times cheaper than inserting by random serial number.
    CREATE TABLE certificates (
        id INTEGER PRIMARY KEY,
        serial BLOB NOT NULL UNIQUE,
        provisioner INTEGER NOT NULL REFERENCES provisioners (id),
        not_after INTEGER NOT NULL,
        token BLOB NOT NULL,
        -- SHA-256 of the certificate, so that a damaged one is never taken for what was issued.
        fingerprint BLOB NOT NULL,
        der BLOB NOT NULL
    ) STRICT;
    -- Digests only: whoever reads the file learns no token.
    CREATE TABLE tokens (
        digest BLOB PRIMARY KEY,
        expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tokens_by_expiry ON tokens (expires);
    CREATE TABLE audit (
        position INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        action TEXT NOT NULL,
        request_id TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit record is only appended to'); END;
    CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit record is only appended to'); END;
    -- Empty but while it is tried whether there is room again.
    CREATE TABLE trial (id INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT;
",
    "
    -- In the order in which they were recorded, so that a CRL only has to read what is new.
    CREATE TABLE revocations (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        serial BLOB NOT NULL UNIQUE,
        at INTEGER NOT NULL,
        reason INTEGER NOT NULL,
        -- NULL for certificates that are not on record here.
        not_after INTEGER,
        -- SHA-256 of a key that must never be certified again.
        condemned_key BLOB
    ) STRICT;
    CREATE TABLE crl_numbers (
        issuer BLOB PRIMARY KEY,
        number INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE certificates ADD COLUMN replaces BLOB;
",
    "
    -- Certificates end about in the order in which they were issued, so that this grows at its end, too.
    CREATE INDEX certificates_by_end ON certificates (not_after);
",
    "
    -- The leaf hash of the record, which the next one repeats.
    DROP TRIGGER audit_is_not_changed;
    ALTER TABLE audit ADD COLUMN hash BLOB;
    -- Roots of complete subtrees of 256^level records, in their order.
    CREATE TABLE audit_nodes (
        level INTEGER NOT NULL,
        position INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (level, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit_checkpoints (
        size INTEGER PRIMARY KEY,
        note TEXT NOT NULL
    ) STRICT;
",
    "
    -- Who issued the certificate, so that each issuer's list has its own; NULL where that is not known.
    ALTER TABLE revocations ADD COLUMN issuer BLOB;
",
    "
    -- What certificates are looked for by, in blocks: from which row to which, and the terms of what lies there.
    CREATE TABLE certificate_terms (
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL,
        contents BLOB NOT NULL
    ) STRICT;
",
    "
    -- Which database this is, once the file beside it says how far it has come.
    CREATE TABLE identity (id BLOB NOT NULL) STRICT;
",
    "
    -- Into how many shards the CRL of an issuer was ever divided, and what their addresses began with: certificates say
    -- it, so that it stays as long as the issuer.
    CREATE TABLE crl_divisions (
        issuer BLOB NOT NULL,
        base TEXT NOT NULL,
        shards INTEGER NOT NULL,
        PRIMARY KEY (issuer, base, shards)
    ) STRICT, WITHOUT ROWID;
",
];

/// The version that chained the audit record.
pub(super) const CHAINED: i64 = 4;
/// What keeps the audit record as it is, once its rows have their hashes.
const SEAL: &str = "
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit record is only appended to'); END;
";

/// The version of files that this program writes.
pub(super) fn version() -> i64 {
    MIGRATIONS.len() as i64
}

/// Bring a file to the present version, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if from >= version() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, checksum BLOB NOT NULL) STRICT",
    )?;
    for (version, migration) in (1..).zip(MIGRATIONS).skip_while(|(version, _)| *version <= from) {
        transaction.execute_batch(migration)?;
        if version == CHAINED {
            audit::chain_old_records(&transaction)?;
            transaction.execute_batch(SEAL)?;
        }
        transaction.execute(
            "INSERT INTO migrations (version, checksum) VALUES (?1, ?2)",
            (version, sha256(migration.as_bytes())),
        )?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()
}

/// Whether the tables were made by the migrations that this program knows, all of them.
pub(super) fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(known(connection)? == Some(MIGRATIONS.len()))
}

/// How many of the migrations that this program knows made the tables; nothing when others had a part in it.
pub(super) fn known(connection: &Connection) -> rusqlite::Result<Option<usize>> {
    let mut statement = connection.prepare("SELECT checksum FROM migrations ORDER BY version")?;
    let recorded: Vec<Vec<u8>> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let same = recorded.len() <= MIGRATIONS.len()
        && recorded.iter().zip(MIGRATIONS).all(|(checksum, migration)| *checksum == sha256(migration.as_bytes()));
    Ok(same.then_some(recorded.len()))
}
