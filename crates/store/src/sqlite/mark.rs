//! How far the database had come, kept outside it: what tells a database from a backup.
//!
//! The file beside the database says which database it is and how many records of the audit it had, with the root of the
//! tree over them. It is written after the database, and before a revocation is acknowledged. So it is never ahead of a
//! database that nobody replaced, whatever ends when; and a database from a backup is behind it as soon as a revocation
//! is lost that somebody relies on.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rung_pki::{Random as _, SystemRandom, sha256, tlog::Hash};
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    audit::Head,
    open::{give, suffixed},
};

/// How far a database has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    /// Which database it is.
    id: [u8; 16],
    /// How many records the audit has.
    size: u64,
    /// The root of the tree over them.
    root: Hash,
    /// How many revocations there were.
    revocations: u64,
}

/// Why a database is not the one that was left here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// It is an earlier state of that database.
    #[error("it lacks {}", lacking(*records, *revocations))]
    Behind {
        /// So many records of the audit are missing.
        records: u64,
        /// So many revocations are.
        revocations: u64,
    },
    /// It went another way since a time before that.
    #[error("other decisions are recorded in it than those that were made here")]
    Diverged,
    /// It is another database.
    #[error("it is another database than the one that was here")]
    Replaced,
    /// The file beside it that says how far it had come is not there, or cannot be read.
    #[error("nothing here says how far it had come: it was moved without its file '-mark', or comes from a backup")]
    Unmarked,
}

fn lacking(records: u64, revocations: u64) -> String {
    let records = match records {
        1 => "the last record of what was decided".to_owned(),
        _ => format!("the last {records} records of what was decided"),
    };
    match revocations {
        0 => records,
        1 => format!("{records}, a revocation among them"),
        _ => format!("{records}, {revocations} revocations among them"),
    }
}

/// The file beside the database.
pub(super) struct Mark {
    file: File,
    sequence: u64,
    id: [u8; 16],
    /// When a gap was last confirmed, in seconds since 1970; 0 if none ever was.
    confirmed: u64,
}

/// What stands in it, twice: they are written in turn, so that one is whole when the power fails in the other.
const SLOT: u64 = 512;
const MAGIC: &[u8; 8] = b"RUNGMARK";
const LENGTH: usize = 8 + 8 + 16 + 8 + 32 + 8 + 8;

/// What the file says.
#[derive(Debug, Clone, Copy)]
struct Said {
    sequence: u64,
    position: Position,
    confirmed: u64,
}

impl Mark {
    /// Compare a database that was opened with the file beside it, and take the file over.
    ///
    /// `confirmed` says that a gap is known and meant; the database is taken as it is then.
    pub(super) fn open(database: &Path, connection: &Connection, confirmed: Confirmed) -> Result<Self, MarkError> {
        let path = suffixed(database, "-mark");
        let (said, id) = (read(&path)?, identity(connection)?);
        let end = Head::load(connection)?.size_and_root();
        let gap = compare(&said, id, connection, || Ok(end))?;
        let now = match (gap, confirmed) {
            (Some(gap), Confirmed::No) => return Err(MarkError::Gap(gap)),
            (Some(_), Confirmed::At(now)) => Some(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()),
            (None, _) => None,
        };
        let (sequence, before) = match &said {
            Found::Said(said) => (said.sequence, said.confirmed),
            Found::Nothing | Found::Rubbish => (0, 0),
        };
        let id = match (&said, id) {
            (_, Some(id)) => id,
            (Found::Said(said), None) if gap.is_none() => said.position.id,
            (_, None) => fresh_id()?,
        };
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        give(&file, database);
        let mut mark = Self { file, sequence, id, confirmed: now.unwrap_or(before) };
        if !matches!(said, Found::Said(_)) {
            // Before the database says which one it is: from then on it needs its mark.
            if gap.is_none() {
                mark.write(&position(connection, id, end)?)?;
            }
            File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()?;
        }
        if identity(connection)?.is_none() {
            connection.execute("INSERT INTO identity (id) VALUES (?1)", [id])?;
        }
        // A gap that is meant stays one until that is on record.
        if gap.is_none() {
            mark.write(&position(connection, id, end)?)?;
        }
        Ok(mark)
    }

    /// When it was last confirmed that the database lacks something: what was spent before is forgotten.
    pub(super) fn confirmed(&self) -> Option<SystemTime> {
        (self.confirmed > 0).then(|| UNIX_EPOCH + Duration::from_secs(self.confirmed))
    }

    /// Say how far the database has come, which ends with that record; returns when the disk has it.
    pub(super) fn note(&mut self, connection: &Connection, head: &Head) -> Result<(), MarkError> {
        let position = position(connection, self.id, head.size_and_root())?;
        Ok(self.write(&position)?)
    }

    fn write(&mut self, position: &Position) -> io::Result<()> {
        let sequence = self.sequence + 1;
        let mut text = Vec::with_capacity(LENGTH + 32);
        text.extend(MAGIC);
        text.extend(sequence.to_be_bytes());
        text.extend(position.id);
        text.extend(position.size.to_be_bytes());
        text.extend(position.root);
        text.extend(position.revocations.to_be_bytes());
        text.extend(self.confirmed.to_be_bytes());
        text.extend(sha256(&text));
        // As long as a slot, so that the file never grows again and a full disk does not matter.
        text.resize(SLOT as usize, 0);
        self.file.write_all_at(&text, sequence % 2 * SLOT)?;
        self.file.sync_data()?;
        self.sequence = sequence;
        Ok(())
    }
}

/// What a database lacks of what was there.
pub(super) fn gap_beside(database: &Path, connection: &Connection) -> Result<Option<Gap>, MarkError> {
    let end = || Ok(Head::load(connection)?.size_and_root());
    Ok(compare(&read(&suffixed(database, "-mark"))?, identity(connection)?, connection, end)?)
}

/// What a database of that identity lacks; `end` says how many records of the audit it has, and the root over them.
fn compare(
    said: &Found,
    id: Option<[u8; 16]>,
    connection: &Connection,
    end: impl FnOnce() -> rusqlite::Result<(u64, Hash)>,
) -> rusqlite::Result<Option<Gap>> {
    Ok(match (id, said) {
        // What is no mark beside what was never marked is what was left when the power failed in the first writing.
        (None, Found::Nothing | Found::Rubbish) => None,
        // It is said here first, then there: this is from in between.
        (None, Found::Said(said)) if said.sequence == 1 => None,
        (None, Found::Said(_)) => Some(Gap::Replaced),
        (Some(_), Found::Nothing | Found::Rubbish) => Some(Gap::Unmarked),
        (Some(id), Found::Said(said)) if said.position.id != id => Some(Gap::Replaced),
        (Some(_), Found::Said(said)) => gap(connection, &said.position, end()?)?,
    })
}

/// Whether somebody has said that a gap is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Confirmed {
    At(SystemTime),
    No,
}

/// Why a mark cannot be taken over or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum MarkError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Gap(Gap),
}

/// How far a database has come.
fn position(connection: &Connection, id: [u8; 16], (size, root): (u64, Hash)) -> rusqlite::Result<Position> {
    let query = "SELECT coalesce(max(position), 0) FROM revocations";
    let revocations: i64 = connection.prepare_cached(query)?.query_row([], |row| row.get(0))?;
    Ok(Position { id, size, root, revocations: revocations.unsigned_abs() })
}

/// Which database it is; none that was never marked, as in older versions.
fn identity(connection: &Connection) -> rusqlite::Result<Option<[u8; 16]>> {
    if !connection.table_exists(None, "identity")? {
        return Ok(None);
    }
    connection.query_row("SELECT id FROM identity", [], |row| row.get(0)).optional()
}

/// What the database lacks that the file says.
fn gap(connection: &Connection, said: &Position, end: (u64, Hash)) -> rusqlite::Result<Option<Gap>> {
    let now = position(connection, said.id, end)?;
    if now.size < said.size {
        let revocations = said.revocations.saturating_sub(now.revocations);
        return Ok(Some(Gap::Behind { records: said.size - now.size, revocations }));
    }
    let then = if said.size == now.size { end } else { Head::load_at(connection, said.size)?.size_and_root() };
    Ok((then != (said.size, said.root)).then_some(Gap::Diverged))
}

enum Found {
    Nothing,
    Rubbish,
    Said(Said),
}

fn read(path: &Path) -> io::Result<Found> {
    let mut contents = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
        Ok(file) => file.take(2 * SLOT).read_to_end(&mut contents)?,
    };
    // An empty file is what is left when it was made and the power failed.
    if contents.is_empty() {
        return Ok(Found::Nothing);
    }
    let slots = contents.chunks(SLOT as usize).filter_map(parse);
    Ok(slots.max_by_key(|said| said.sequence).map_or(Found::Rubbish, Found::Said))
}

fn parse(slot: &[u8]) -> Option<Said> {
    let (text, rest) = slot.split_at_checked(LENGTH)?;
    if rest.get(..32)? != sha256(text) {
        return None;
    }
    let (magic, text) = text.split_first_chunk::<8>()?;
    let (sequence, text) = text.split_first_chunk::<8>()?;
    let (id, text) = text.split_first_chunk::<16>()?;
    let (size, text) = text.split_first_chunk::<8>()?;
    let (root, text) = text.split_first_chunk::<32>()?;
    let (revocations, text) = text.split_first_chunk::<8>()?;
    let (confirmed, _) = text.split_first_chunk::<8>()?;
    (magic == MAGIC).then_some(Said {
        sequence: u64::from_be_bytes(*sequence),
        position: Position {
            id: *id,
            size: u64::from_be_bytes(*size),
            root: *root,
            revocations: u64::from_be_bytes(*revocations),
        },
        confirmed: u64::from_be_bytes(*confirmed),
    })
}

fn fresh_id() -> io::Result<[u8; 16]> {
    let mut id = [0; 16];
    SystemRandom.fill(&mut id).map_err(io::Error::other)?;
    Ok(id)
}
