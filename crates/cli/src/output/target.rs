//! The checks that a path has to pass before it is written.

use std::fs::{self, Metadata};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::journal;
use crate::ui::{Question, Ui, shown};

/// A path that may be written. Made only by [`Target::claim`] and [`Target::claim_in_own_folder`].
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(super) path: PathBuf,
    pub(super) replaces: bool,
    pub(super) folder: Folder,
}

/// Whether the folder of a file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folder {
    /// It is, and may be written.
    Exists,
    /// It is made when the file is written.
    Missing,
}

/// What to do when the file exists.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Existing<'a> {
    /// Ask the person.
    Ask(&'a Ui),
    /// The person has said `--force`.
    Force,
    /// It is our own file.
    Replace,
}

impl<'a> Existing<'a> {
    /// What `--force`, on or off, means.
    pub(crate) fn forced(force: bool, ui: &'a Ui) -> Self {
        if force { Self::Force } else { Self::Ask(ui) }
    }
}

impl Target {
    /// Check that a file may be written at `path`, and ask when there is one already.
    ///
    /// Symbolic links, hard links, FIFOs, devices and folders are refused, and so are other people's files and
    /// folders: each of them would let somebody else decide where a key ends up.
    pub(crate) fn claim(path: &Path, existing: Existing<'_>) -> anyhow::Result<Self> {
        let name = shown(&path.to_string_lossy()).into_owned();
        let folder = folder_of(path);
        check_folder(folder, &name, existing)?;
        journal::recover(path)?;
        let found = match fs::symlink_metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self { path: path.to_owned(), replaces: false, folder: Folder::Exists });
            }
            Err(error) => return Err(anyhow::Error::new(error).context(format!("could not look at {name}"))),
        };
        check_file(&found, &name, existing)?;
        if let Existing::Ask(ui) = existing {
            let heading = format!("Would you like to overwrite {name}?");
            let remedy = format!("{name} exists; pass --force to overwrite it, or name another file");
            let question = Question { what: "leave to overwrite", remedy: &remedy, heading: &heading, label: "[y/n]" };
            if !ui.confirm(&question)? {
                bail!("{name}: file exists");
            }
        }
        Ok(Self { path: path.to_owned(), replaces: true, folder: Folder::Exists })
    }

    /// The same for a file in our own tree, whose folder is made when it is missing.
    pub(crate) fn claim_in_own_folder(path: &Path, existing: Existing<'_>) -> anyhow::Result<Self> {
        if fs::symlink_metadata(folder_of(path)).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return Ok(Self { path: path.to_owned(), replaces: false, folder: Folder::Missing });
        }
        Self::claim(path, existing)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Check that there is room for a key and a chain beside it, before somebody makes them for nothing.
    pub(crate) fn check_room(&self) -> anyhow::Result<()> {
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::Builder::new().prefix(".rung-").tempfile_in(folder_of(&self.path))?;
            file.write_all(&[0; ROOM])?;
            file.as_file().sync_all()
        };
        write().with_context(|| {
            format!("there is no room beside {}; nothing was asked of the CA", shown(&self.path.to_string_lossy()))
        })
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn check_folder(folder: &Path, name: &str, existing: Existing<'_>) -> anyhow::Result<()> {
    let missing = || format!("the folder of {name} cannot be used; make it, or name another file");
    let found = fs::metadata(folder).with_context(missing)?;
    if !found.is_dir() {
        bail!("the folder of {name} is not a folder; name another file");
    }
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
        .with_context(|| format!("the folder of {name} cannot be written; name another file"))?;
    if matches!(existing, Existing::Ask(_)) && found.uid() != 0 && found.uid() != own_id() {
        bail!(
            "the folder of {name} belongs to another user, who could exchange what is written there; use a folder of your own, or pass --force"
        );
    }
    Ok(())
}

fn check_file(found: &Metadata, name: &str, existing: Existing<'_>) -> anyhow::Result<()> {
    // The administrator renews for others; what is written then belongs to them again.
    let renews_for_others = matches!(existing, Existing::Replace) && own_id() == 0;
    let kind = found.file_type();
    let refused = if kind.is_symlink() {
        Some("a symbolic link")
    } else if kind.is_dir() {
        bail!("{name}: file is a directory; name a file in it")
    } else if kind.is_fifo() || kind.is_socket() {
        Some("a pipe or socket")
    } else if kind.is_block_device() || kind.is_char_device() {
        Some("a device")
    } else if found.nlink() > 1 {
        Some("a file with several names (hard links)")
    } else if found.uid() != own_id() && !renews_for_others {
        bail!("{name} belongs to another user; run the command as that user, or name another file")
    } else {
        None
    };
    match refused {
        Some(what) => bail!("{name} is {what} and is not overwritten; remove it or name another file"),
        None => Ok(()),
    }
}

pub(super) fn own_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// More than an RSA key and a chain of a few certificates take.
const ROOM: usize = 64 * 1024;
