//! Writing files: every question about a file is settled before any work is done, and files that belong
//! together are replaced together.
//!
//! A [`Target`] is a path that may be written; only the checks make one. A [`Commit`] holds what goes where
//! and writes it: every file first goes to a temporary file beside its target, is flushed to disk, and only
//! when all of them are there do they take the places of the old ones. Nothing is changed when a disk is
//! full. Two renames are still two steps, so a commit of several files first leaves a [journal] beside the
//! first target: after a crash between the renames, the next command that wants to write the same file
//! finishes them. Whoever looks finds the old files or the new ones.

mod commit;
mod journal;
mod target;
#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, Metadata};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

pub(crate) use commit::Commit;
pub(crate) use journal::recover;
pub(crate) use target::{Existing, Target};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The owner alone.
    Private,
    /// Everybody.
    Readable,
    /// Whoever may read the file that is replaced, and nobody else; the owner alone when there is none. The new file
    /// belongs to the same user and group: a service must not lose its certificate when it is renewed.
    AsBefore,
    /// The same, but never everybody.
    AsBeforeSecret,
}

impl Mode {
    fn bits(self, before: Option<&Metadata>) -> u32 {
        let before = before.map_or(0o600, |before| before.mode() & 0o777);
        match self {
            Self::Private => 0o600,
            Self::Readable => 0o644,
            Self::AsBefore => before | 0o600,
            Self::AsBeforeSecret => before & 0o770 | 0o600,
        }
    }

    fn keeps_owner(self) -> bool {
        matches!(self, Self::AsBefore | Self::AsBeforeSecret)
    }
}

/// Make a folder for the owner alone, with the folders above it, unless it is there; note in `made` what was made.
pub(crate) fn make_folder(path: &Path, made: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => bail!("{} is in the way: it is not a folder", path.display()),
        Err(_) => {}
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above, made)?;
    }
    let done = DirBuilder::new().mode(0o700).create(path);
    done.with_context(|| format!("could not make the folder {}", path.display()))?;
    made.push(path.to_owned());
    Ok(())
}
