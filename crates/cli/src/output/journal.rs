//! Finishing the renames that a crash interrupted.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rung_spec::file;
use serde::{Deserialize, Serialize};

use super::target::{folder_of, own_id};

/// The renames that are about to happen, on disk beside the first target.
#[derive(Debug)]
pub(super) struct Journal {
    file: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rename {
    from: PathBuf,
    to: PathBuf,
}

impl Journal {
    /// Note the renames `(from, to)`, the first of which leads to `first`.
    pub(super) fn write<'a>(first: &Path, renames: impl Iterator<Item = (&'a Path, &'a Path)>) -> anyhow::Result<Self> {
        let file = place_of(first)?;
        let write = || -> anyhow::Result<()> {
            let renames: anyhow::Result<Vec<Rename>> =
                renames.map(|(from, to)| Ok(Rename { from: from.to_owned(), to: std::path::absolute(to)? })).collect();
            let mut temporary = tempfile::Builder::new().prefix(".rung-").tempfile_in(folder_of(&file))?;
            temporary.write_all(&serde_json::to_vec(&renames?)?)?;
            temporary.as_file().sync_all()?;
            temporary.persist(&file).map_err(|failure| failure.error)?;
            File::open(folder_of(&file))?.sync_all()?;
            Ok(())
        };
        write().with_context(|| format!("could not write beside {}; nothing was changed", first.display()))?;
        Ok(Self { file })
    }

    /// The renames are done, or undone.
    pub(super) fn remove(self) -> anyhow::Result<()> {
        fs::remove_file(&self.file).with_context(|| format!("could not remove {}", self.file.display()))
    }
}

/// Finish what an interrupted commit, whose first target was `first`, left to do.
pub(crate) fn recover(first: &Path) -> anyhow::Result<()> {
    let file = place_of(first)?;
    let found = match fs::symlink_metadata(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.with_context(|| format!("could not look at {}", file.display()))?,
    };
    // Anybody else's journal could name any of our files.
    let own = found.is_file() && found.uid() == own_id() && found.mode() & 0o077 == 0;
    let renames = if own { read(&file) } else { None };
    let renames = renames.with_context(|| {
        format!("{} is not a note that an interrupted command left; look at it and remove it", file.display())
    })?;
    for rename in renames {
        match fs::rename(&rename.from, &rename.to) {
            // It was renamed before the crash.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            done => done.with_context(|| format!("could not finish writing {}", rename.to.display()))?,
        }
    }
    Journal { file }.remove()
}

fn read(file: &Path) -> Option<Vec<Rename>> {
    serde_json::from_slice(&file::read(file).ok()?).ok()
}

fn place_of(first: &Path) -> anyhow::Result<PathBuf> {
    let name = first.file_name().with_context(|| format!("{} is not the name of a file", first.display()))?;
    let mut journal = std::ffi::OsString::from(".");
    journal.push(name);
    journal.push(".rung-journal");
    Ok(folder_of(first).join(journal))
}
