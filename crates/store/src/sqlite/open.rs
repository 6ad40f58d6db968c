//! Opening a store: whose file it is, whether it is whole, and that nobody else has it.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
    time::Duration,
};

use rung_pki::sha256;
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::backup::{BackupError, Contents};

use super::{
    audit, checkpoint, inspect,
    mark::{self, Confirmed, Gap, Mark, MarkError},
    read::is_of_another_kind,
    schema,
};

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
    /// It is not the database that was left there: decisions that were acknowledged may be missing.
    #[error(
        "{} is not as it was left: {gap}. What was revoked since may be taken for good, and tokens may be used again. If it \
         was restored from a backup on purpose, say so with `rung-ca confirm-restore`, and revoke again what is missing",
        file.display()
    )]
    Gap {
        /// The file.
        file: PathBuf,
        /// What is not as it was.
        gap: Gap,
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

/// Files up to this size are looked through before they are used, larger ones while they are used already.
const SMALL: u64 = 8 << 20;
/// So many queries can be answered at once.
const READERS: usize = 2;
/// How long to wait for another program that is using the database.
const BUSY: Duration = Duration::from_secs(1);

/// How often, and how long after one another, it is tried to have the database alone.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// A file that was opened, with a connection for everyone who works with it.
pub(super) struct Opened {
    pub(super) file: PathBuf,
    /// Held for as long as anything works with the file, so that no other process opens it too.
    pub(super) lock: File,
    pub(super) mark: Mark,
    pub(super) writing: Connection,
    pub(super) checkpointing: Connection,
    pub(super) reading: Vec<Connection>,
    pub(super) indexing: Connection,
    /// For single certificates.
    pub(super) looking_up: Connection,
    /// There when the file is yet to be looked through.
    pub(super) inspecting: Option<Connection>,
}

/// Open the file, checked and with the present tables; make it if there is none.
pub(super) fn open(file: &Path, confirmed: Confirmed) -> Result<Opened, OpenError> {
    create_private(file).map_err(|error| unusable(file, &error))?;
    // By its one true name, so that it is locked once whatever it is called, and never mistaken for a URI.
    let file = &file.canonicalize().map_err(|error| unusable(file, &error))?;
    let lock = lock(file)?;
    let fresh = size(file) == 0;
    let interrupted = size(&suffixed(file, "-wal")) > 0;
    let mut writing = connect(file)?;
    let inner = |error: rusqlite::Error| translate(file, &error);
    check_owner(&writing, file, fresh)?;
    keep_private(file).map_err(|error| unusable(file, &error))?;
    let mode: String = writing.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(inner)?;
    if mode != "wal" {
        let reason = "its file system cannot hold a write-ahead log; name a file on a local disk".to_owned();
        return Err(OpenError::Unusable { file: file.clone(), reason });
    }
    let small = size(file) <= SMALL;
    if interrupted {
        // What the last process could not bring to the disk for certain is written anew before anything is added.
        checkpoint::truncate(&writing).map_err(inner)?;
    }
    if !fresh && small {
        check_whole(&writing, file)?;
    }
    schema::migrate(&mut writing).map_err(inner)?;
    if !schema::is_ours(&writing).map_err(inner)? {
        return Err(OpenError::Foreign { file: file.clone() });
    }
    let mark = Mark::open(file, &writing, confirmed).map_err(|error| translate_mark(file, error))?;
    Ok(Opened {
        lock,
        mark,
        writing,
        checkpointing: connect(file)?,
        reading: (0..READERS).map(|_| connect_read_only(file)).collect::<Result<_, _>>()?,
        indexing: connect_read_only(file)?,
        looking_up: connect_read_only(file)?,
        inspecting: if small { None } else { Some(connect_read_only(file)?) },
        file: file.clone(),
    })
}

/// Open a file for reading alone, which another process may be using.
pub(crate) fn open_to_read(file: &Path) -> Result<Connection, OpenError> {
    let missing = |error: io::Error| unusable(file, &error);
    let file = &file.canonicalize().map_err(missing)?;
    let connection = connect_read_only(file)?;
    check_owner(&connection, file, false)?;
    let inner = |error: rusqlite::Error| translate(file, &error);
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(inner)?;
    if found < schema::version() {
        let reason = format!(
            "it has schema version {found}, and this program knows {}: start the new rung-ca once",
            schema::version()
        );
        return Err(OpenError::Unusable { file: file.clone(), reason });
    }
    if !schema::is_ours(&connection).map_err(inner)? {
        return Err(OpenError::Foreign { file: file.clone() });
    }
    Ok(connection)
}

/// What a database lacks of what was there, by the file beside it.
pub(crate) fn gap_beside(file: &Path) -> Result<Option<Gap>, OpenError> {
    let connection = connect_read_only(file)?;
    mark::gap_beside(file, &connection).map_err(|error| translate_mark(file, error))
}

fn translate_mark(file: &Path, error: MarkError) -> OpenError {
    match error {
        MarkError::Database(error) => translate(file, &error),
        MarkError::File(error) => unusable(&suffixed(file, "-mark"), &error),
        MarkError::Gap(gap) => OpenError::Gap { file: file.to_owned(), gap },
    }
}

/// Look through a database that nobody writes to: every page, every certificate, and the chain of the audit record.
pub(crate) fn check_copy(connection: &Connection, file: &Path, size: u64) -> Result<Contents, BackupError> {
    defend(connection)?;
    check_owner(connection, file, false)?;
    check_whole(connection, file)?;
    let wrong = |reason: String| BackupError::Wrong { file: file.to_owned(), reason };
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version < schema::CHAINED {
        return Err(wrong(format!("it has schema version {version}: start the program on it once that made it")));
    }
    if schema::known(connection)?.is_none() {
        return Err(OpenError::Foreign { file: file.to_owned() }.into());
    }
    let mut certificates = 0;
    let mut statement = connection.prepare("SELECT id, der, fingerprint FROM certificates")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, fingerprint): (i64, [u8; 32]) = (row.get(0)?, row.get(2)?);
        if sha256(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?) != fingerprint {
            return Err(wrong(format!("certificate {id} is not the one that was recorded")));
        }
        certificates += 1;
    }
    let chain = audit::verify(connection)?.map_err(wrong)?;
    let revocations: i64 = connection.query_row("SELECT count(*) FROM revocations", [], |row| row.get(0))?;
    Ok(Contents {
        certificates,
        revocations: revocations.unsigned_abs(),
        records: chain.size,
        root: chain.root,
        last: chain.last,
        size,
    })
}

/// Take the file for this process alone.
pub(crate) fn lock(file: &Path) -> Result<File, OpenError> {
    let unusable = |error: io::Error| unusable(file, &error);
    let beside = suffixed(file, "-lock");
    let lock =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&beside).map_err(unusable)?;
    give(&lock, file);
    for _ in 0..LOCK_TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            // A program that is being started has what this one had open for as long as it has not begun.
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
    }
    Err(OpenError::InUse { file: file.to_owned() })
}

fn connect(file: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| translate(file, &error))?;
    configure(&connection).map_err(|error| translate(file, &error))?;
    Ok(connection)
}

fn connect_read_only(file: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| translate(file, &error))?;
    defend(&connection).map_err(|error| translate(file, &error))?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    defend(connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Checkpoints are made by a thread of its own; and never by closing, which must not follow a failed `fsync`.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Trust nothing that is in the file.
fn defend(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    // Every statement here has one good plan. Without this, each is compiled anew for each value that it is given.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)
}

/// Let the file grow to that many pages and no further.
pub(super) fn limit(connection: &Connection, pages: u32) -> rusqlite::Result<()> {
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
}

/// Whether the file is one of ours, and one that this program knows how to use; nothing is changed in it.
fn check_owner(connection: &Connection, file: &Path, fresh: bool) -> Result<(), OpenError> {
    let inner = |error: rusqlite::Error| translate(file, &error);
    let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(inner);
    let ours = number("PRAGMA application_id")? == i64::from(schema::APPLICATION_ID);
    // A file without tables is what is left when the process was killed while it made the file.
    if !fresh && !ours && number("SELECT count(*) FROM sqlite_schema")? > 0 {
        return Err(OpenError::Foreign { file: file.to_owned() });
    }
    let found = number("PRAGMA user_version")?;
    if found > schema::version() {
        return Err(OpenError::Newer { file: file.to_owned(), found, known: schema::version() });
    }
    Ok(())
}

fn check_whole(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    match inspect::damage(connection).map_err(|error| translate(file, &error))? {
        None => Ok(()),
        Some(reason) => Err(OpenError::Damaged { file: file.to_owned(), reason }),
    }
}

/// Make the file if there is none, readable by its owner alone.
///
/// A file that exists is not opened: closing it again would drop the locks that SQLite has on it in this process.
fn create_private(file: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Give a file that was made beside the database to the owner of the folder: it may be root who puts a database back, and
/// somebody else who serves it.
pub(crate) fn give(made: &File, database: &Path) {
    let folder = fs::metadata(database.parent().unwrap_or(Path::new("/")));
    if let (Ok(folder), Ok(made_by)) = (folder, made.metadata())
        && folder.uid() != made_by.uid()
    {
        // Only root can, and not everywhere. Where it cannot be done, whoever cannot open the file will hear of it.
        let _ = fchown(made, Some(folder.uid()), Some(folder.gid()));
    }
}

/// Take the file from everybody but its owner. Only done to files that are ours.
fn keep_private(file: &Path) -> io::Result<()> {
    match fs::metadata(file)?.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => fs::set_permissions(file, Permissions::from_mode(0o600)),
    }
}

fn translate(file: &Path, error: &rusqlite::Error) -> OpenError {
    let (file, reason) = (file.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { file, reason },
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { file },
        None if is_of_another_kind(error) => OpenError::Damaged { file, reason },
        _ => OpenError::Unusable { file, reason },
    }
}

fn unusable(file: &Path, error: &io::Error) -> OpenError {
    OpenError::Unusable { file: file.to_owned(), reason: error.to_string() }
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

pub(crate) fn suffixed(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
