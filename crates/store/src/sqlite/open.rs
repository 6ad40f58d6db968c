//! Opening a store: whose file it is, whether it is whole, and that nobody else has it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is damaged.
    #[error("{} is damaged ({reason}): restore it from a backup", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file belongs to another program.
    #[error("{} is not a database of Rung: name another file in db.dataSource", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// Another process has it.
    #[error("{} is in use by another process: stop it first", file.display())]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// A later version of Rung wrote it.
    #[error("{} has schema version {found}, and this program knows {known}: use a newer rung-ca", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The version that this program knows.
        known: i64,
    },
    /// The system does not let us.
    #[error("{} cannot be used: {reason}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// Files up to this size are looked through at every start, larger ones after an end that was not clean.
const SMALL: u64 = 16 << 20;

/// Take the file for this process alone.
pub(super) fn lock(file: &Path) -> Result<File, OpenError> {
    let unusable = |error: io::Error| OpenError::Unusable { file: file.to_owned(), reason: error.to_string() };
    let beside = suffixed(file, "-lock");
    let lock =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&beside).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { file: file.to_owned() }),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// Open the file for writing, checked and with the present tables.
pub(super) fn connect(file: &Path) -> Result<Connection, OpenError> {
    let fresh = create_private(file)?;
    let unclean = suffixed(file, "-wal").exists();
    let translate = |error: rusqlite::Error| translate(file, &error);
    let mut connection = Connection::open(file).map_err(translate)?;
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (application, version) =
        (pragma("application_id").map_err(translate)?, pragma("user_version").map_err(translate)?);
    if !fresh && application != i64::from(schema::APPLICATION_ID) {
        let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        if tables.map_err(translate)? > 0 {
            return Err(OpenError::Foreign { file: file.to_owned() });
        }
    }
    if version > schema::version() {
        return Err(OpenError::Newer { file: file.to_owned(), found: version, known: schema::version() });
    }
    configure(&connection).map_err(translate)?;
    if !fresh && (unclean || size(file) <= SMALL) {
        check(&connection, file)?;
    }
    if version < schema::version() {
        schema::migrate(&mut connection, version).map_err(translate)?;
    }
    if !schema::is_ours(&connection).map_err(translate)? {
        return Err(OpenError::Foreign { file: file.to_owned() });
    }
    Ok(connection)
}

/// Open the file for reading.
pub(super) fn connect_read_only(file: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| translate(file, &error))?;
    connection.busy_timeout(BUSY).map_err(|error| translate(file, &error))?;
    Ok(connection)
}

/// Let the file grow to that many pages and no further.
pub(super) fn limit(connection: &Connection, file: &Path, pages: i64) -> Result<(), OpenError> {
    let limited = connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()));
    limited.map_err(|error| translate(file, &error))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Checkpoints are made by a thread of its own.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn check(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| translate(file, &error))?;
    if verdict == "ok" { Ok(()) } else { Err(OpenError::Damaged { file: file.to_owned(), reason: verdict }) }
}

/// Make the file if there is none, readable by its owner alone; says whether it is empty.
fn create_private(file: &Path) -> Result<bool, OpenError> {
    let unusable = |error: io::Error| OpenError::Unusable { file: file.to_owned(), reason: error.to_string() };
    let created = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(file)
        .map_err(unusable)?;
    let metadata = created.metadata().map_err(unusable)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        created.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(unusable)?;
    }
    Ok(metadata.len() == 0)
}

fn translate(file: &Path, error: &rusqlite::Error) -> OpenError {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { file: file.to_owned(), reason },
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { file: file.to_owned() },
        _ => OpenError::Unusable { file: file.to_owned(), reason },
    }
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

fn suffixed(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

const BUSY: std::time::Duration = std::time::Duration::from_secs(5);
