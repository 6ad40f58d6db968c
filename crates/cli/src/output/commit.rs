//! Writing several files so that all of them change or none.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::{NamedTempFile, TempPath};
use zeroize::Zeroizing;

use super::journal::Journal;
use super::target::{Folder, folder_of};
use super::{Existing, Mode, Target, make_folder};

/// Files that are about to be written together.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    target: Target,
    mode: Mode,
    contents: Zeroizing<Vec<u8>>,
}

impl Commit {
    /// Check `path` and add it.
    pub(crate) fn add(
        &mut self,
        path: &Path,
        existing: Existing<'_>,
        mode: Mode,
        contents: Vec<u8>,
    ) -> anyhow::Result<()> {
        let target = Target::claim(path, existing)?;
        self.put(target, mode, contents);
        Ok(())
    }

    /// Add a target that was checked before.
    pub(crate) fn put(&mut self, target: Target, mode: Mode, contents: impl Into<Vec<u8>>) {
        self.entries.push(Entry { target, mode, contents: Zeroizing::new(contents.into()) });
    }

    /// Check a path in our own tree and add it; its folder is made when it is missing.
    pub(crate) fn add_in_own_folder(
        &mut self,
        path: &Path,
        existing: Existing<'_>,
        mode: Mode,
        contents: Vec<u8>,
    ) -> anyhow::Result<()> {
        let target = Target::claim_in_own_folder(path, existing)?;
        self.put(target, mode, contents);
        Ok(())
    }

    /// Write all files, or change none of them.
    pub(crate) fn write(self) -> anyhow::Result<()> {
        let mut made = Vec::new();
        let result = self.write_noting(&mut made);
        if result.is_err() {
            // Those that something else was put into meanwhile stay.
            made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        }
        result
    }

    fn write_noting(self, made: &mut Vec<PathBuf>) -> anyhow::Result<()> {
        for entry in self.entries.iter().filter(|entry| entry.target.folder == Folder::Missing) {
            make_folder(folder_of(&entry.target.path), made)?;
        }
        let mut staged = Vec::with_capacity(self.entries.len());
        for entry in self.entries {
            staged.push(Staged::stage(entry)?);
        }
        let journal = match &staged[..] {
            [] | [_] => None,
            [first, ..] => {
                let renames = staged.iter().map(|file| (&*file.temporary, &*file.target.path));
                Some(Journal::write(&first.target.path, renames)?)
            }
        };
        let result = place_all(staged);
        if let Some(journal) = journal {
            journal.remove()?;
        }
        result
    }
}

/// A file that is on disk, but not yet in its place.
struct Staged {
    target: Target,
    temporary: TempPath,
}

impl Staged {
    fn stage(entry: Entry) -> anyhow::Result<Self> {
        let Entry { target, mode, contents } = entry;
        let write = || -> std::io::Result<NamedTempFile> {
            let folder = fs::canonicalize(folder_of(&target.path))?;
            // Private from its first moment, whatever the umask is.
            let mut file = tempfile::Builder::new().prefix(".rung-").tempfile_in(folder)?;
            file.write_all(&contents)?;
            let before = if target.replaces { fs::symlink_metadata(&target.path).ok() } else { None };
            if let Some(before) = before.as_ref().filter(|_| mode.keeps_owner()) {
                keep_owner(file.as_file(), before)?;
            }
            file.as_file().set_permissions(Permissions::from_mode(mode.bits(before.as_ref())))?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        let written = write();
        let file = written.with_context(|| {
            format!("could not write {}; nothing was changed. Make room or name another file", target.path.display())
        })?;
        Ok(Self { target, temporary: file.into_temp_path() })
    }
}

/// Give a new file to the user and the group of the one that it replaces.
fn keep_owner(file: &File, before: &fs::Metadata) -> std::io::Result<()> {
    let made = file.metadata()?;
    if (made.uid(), made.gid()) == (before.uid(), before.gid()) {
        return Ok(());
    }
    // The group alone may be changed by anybody who is in it.
    let user = (made.uid() != before.uid()).then_some(before.uid());
    std::os::unix::fs::fchown(file, user, Some(before.gid()))
}

/// A file in its place, and how to undo that.
struct Placed {
    path: PathBuf,
    before: Option<TempPath>,
}

fn place_all(staged: Vec<Staged>) -> anyhow::Result<()> {
    let alone = staged.len() == 1;
    let mut placed: Vec<Placed> = Vec::new();
    for file in staged {
        match place(file, alone) {
            Ok(done) => placed.push(done),
            Err(error) => {
                placed.into_iter().rev().for_each(undo);
                return Err(error);
            }
        }
    }
    let mut folders: Vec<&Path> = placed.iter().map(|file| folder_of(&file.path)).collect();
    folders.dedup();
    for folder in folders {
        // The files are complete; a file system that cannot flush a folder does not make them less so.
        let _ = File::open(folder).and_then(|opened| opened.sync_all());
    }
    Ok(())
}

fn place(file: Staged, alone: bool) -> anyhow::Result<Placed> {
    let Staged { target, temporary } = file;
    let path = target.path;
    let failed = || format!("could not put {} in its place; nothing was changed", path.display());
    if !target.replaces {
        // Whatever came here since the check is not overwritten.
        temporary.persist_noclobber(&path).map_err(|failure| failure.error).with_context(failed)?;
        return Ok(Placed { path, before: None });
    }
    let before = if alone { None } else { keep(&path) };
    temporary.persist(&path).map_err(|failure| failure.error).with_context(failed)?;
    Ok(Placed { path, before })
}

/// A second name for the old file, to put it back if a later one fails; not every file system has them.
fn keep(path: &Path) -> Option<TempPath> {
    let folder = fs::canonicalize(folder_of(path)).ok()?;
    let free = tempfile::Builder::new().prefix(".rung-").tempfile_in(folder).ok()?.into_temp_path();
    fs::remove_file(&free).ok()?;
    fs::hard_link(path, &free).ok()?;
    Some(free)
}

fn undo(placed: Placed) {
    // The reason for undoing is what the person gets to read.
    let _ = match placed.before {
        Some(before) => before.persist(&placed.path).map_err(|error| error.error),
        None => fs::remove_file(&placed.path),
    };
}
