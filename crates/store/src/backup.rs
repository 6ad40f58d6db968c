//! Copies of a database that is in use, and putting them back.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rung_pki::tlog::Hash;
use rusqlite::{Connection, OpenFlags, backup::Backup};

use crate::{
    OpenError,
    sqlite::{Gap, check_copy, gap_beside, give, lock, open_to_read, suffixed},
};

/// What a copy has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Certificates on record.
    pub certificates: u64,
    /// Revocations.
    pub revocations: u64,
    /// Records of the audit.
    pub records: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// When the last of them was made.
    pub last: Option<std::time::SystemTime>,
    /// Octets of the file.
    pub size: u64,
}

/// What was put back.
#[derive(Debug)]
pub struct Restored {
    /// What it has in it.
    pub contents: Contents,
    /// Where the database is that was there before.
    pub before: Option<PathBuf>,
    /// What it lacks of what was there.
    pub gap: Option<Gap>,
}

/// Why a copy could not be made or put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is there already.
    #[error("{} is there already: name another file", .0.display())]
    Exists(PathBuf),
    /// It is a file of another program.
    #[error("{} is not a database of Rung: name a file that `rung-ca backup` wrote", .0.display())]
    Foreign(PathBuf),
    /// The system does not let us.
    #[error("{} cannot be read or written", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// One of the databases cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database could not be read, or the copy not be written.
    #[error("the copy could not be made")]
    Sqlite(#[from] rusqlite::Error),
    /// What was copied is not what should be there.
    #[error("{} is damaged ({reason})", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What was found.
        reason: String,
    },
}

/// So many pages are copied between two looks at how far it is.
const STEP: i32 = 4096;

/// Copy a database, which an authority may be using, as it is at this moment; the copy is looked through before it gets
/// its name. `progress` is told how many of how many pages there are.
///
/// # Errors
/// When there is something of that name, or something is wrong with the database, the copy, or the disk.
pub fn copy(database: &Path, target: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Contents, BackupError> {
    if target.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let source = open_to_read(database)?;
    // One moment of the database, however long it takes and whatever is decided meanwhile.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let part = Part::new(target)?;
    let mut copied = Connection::open_with_flags(&part.file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    {
        let backup = Backup::new(&moment, &mut copied)?;
        while backup.step(STEP)? == rusqlite::backup::StepResult::More {
            let (left, all) = (backup.progress().remaining, backup.progress().pagecount);
            progress(u64::from((all - left).unsigned_abs()), u64::from(all.unsigned_abs()));
        }
    }
    drop(moment);
    // One file and no log beside it.
    copied.pragma_update(None, "journal_mode", "DELETE")?;
    copied.close().map_err(|(_, error)| error)?;
    let contents = look_through(&part.file)?;
    part.keep(target)?;
    Ok(contents)
}

/// Look through a copy: every page, every certificate, every record of the audit and the chain that they make.
///
/// # Errors
/// When something is wrong with it.
pub fn look_through(copy: &Path) -> Result<Contents, BackupError> {
    let size = fs::metadata(copy).map_err(|source| file_error(copy, source))?.len();
    let connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check_copy(&connection, copy, size).map_err(|error| match error {
        // What to do about a database is not what to do about a copy.
        BackupError::Open(OpenError::Damaged { file, reason }) => BackupError::Wrong { file, reason },
        BackupError::Open(OpenError::Foreign { file }) => BackupError::Foreign(file),
        other => other,
    })
}

/// Put a copy in the place of a database that nobody uses. What was there is moved aside, and the file that says how far
/// it had come stays: unless nothing is missing, the database is refused until that is confirmed.
///
/// # Errors
/// When the copy is damaged, the database is in use, or the disk does not let us.
pub fn restore(copy: &Path, database: &Path) -> Result<Restored, BackupError> {
    let contents = look_through(copy)?;
    let database = &absolute(database)?;
    let _lock = lock(database)?;
    let part = Part::new(database)?;
    let error = |source| file_error(&part.file, source);
    let mut from = File::open(copy).map_err(|source| file_error(copy, source))?;
    let mut to = OpenOptions::new().write(true).open(&part.file).map_err(error)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = from.read(&mut buffer).map_err(|source| file_error(copy, source))?;
        if count == 0 {
            break;
        }
        to.write_all(&buffer[..count]).map_err(error)?;
    }
    give(&to, database);
    let before = move_aside(database)?;
    part.keep(database)?;
    let gap = gap_beside(database)?;
    Ok(Restored { contents, before, gap })
}

/// What a database lacks of what was there, by the file beside it.
///
/// # Errors
/// When it cannot be read.
pub fn gap(database: &Path) -> Result<Option<Gap>, BackupError> {
    Ok(gap_beside(&absolute(database)?)?)
}

/// The database with its log, or what is left of it, under other names.
fn move_aside(database: &Path) -> Result<Option<PathBuf>, BackupError> {
    let parts = ["-wal", "-shm", ""];
    // A log that was left behind would be taken for that of the new database.
    if parts.iter().all(|part| suffixed(database, part).symlink_metadata().is_err()) {
        return Ok(None);
    }
    let names = (0_u32..).map(|number| match number {
        0 => suffixed(database, "-before-restore"),
        _ => suffixed(database, &format!("-before-restore-{number}")),
    });
    let is_free = |name: &PathBuf| parts.iter().all(|part| suffixed(name, part).symlink_metadata().is_err());
    let aside = names.into_iter().find(is_free).expect("numbers do not run out");
    // The log first: without the database it says nothing, and the new database must not find it.
    for part in parts {
        let (from, to) = (suffixed(database, part), suffixed(&aside, part));
        match fs::rename(&from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(&from, error)),
            _ => {}
        }
    }
    Ok(Some(aside))
}

/// A file that has not got its name yet; it is removed unless it gets it.
struct Part {
    file: PathBuf,
}

impl Part {
    fn new(target: &Path) -> Result<Self, BackupError> {
        let file = suffixed(target, ".part");
        // What an earlier try left, that was killed.
        let _ = fs::remove_file(&file);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)
            .map_err(|error| file_error(&file, error))?;
        Ok(Self { file })
    }

    fn keep(self, target: &Path) -> Result<(), BackupError> {
        let error = |source| file_error(target, source);
        File::open(&self.file).and_then(|file| file.sync_all()).map_err(error)?;
        fs::rename(&self.file, target).map_err(error)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(error)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It has its name already, or nobody needs it.
        let _ = fs::remove_file(&self.file);
    }
}

/// By its one true name, so that the same lock is taken as by whoever serves it; the database need not be there.
fn absolute(database: &Path) -> Result<PathBuf, BackupError> {
    let error = |source| file_error(database, source);
    if let Ok(found) = database.canonicalize() {
        return Ok(found);
    }
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = database.file_name().ok_or_else(|| error(io::ErrorKind::InvalidInput.into()))?;
    Ok(folder.canonicalize().map_err(error)?.join(name))
}

fn file_error(file: &Path, source: io::Error) -> BackupError {
    BackupError::File { file: file.to_owned(), source }
}
