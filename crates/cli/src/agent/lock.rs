//! One agent for one list: a lock that the system releases however the process ends.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context as _, bail};
use rung_spec::file;
use rustix::fs::{FlockOperation, flock};

use crate::output::make_folder;

/// The lock of a running agent, held until it is dropped.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Take the lock in the folder of the notes.
    pub(crate) fn take(folder: &Path) -> anyhow::Result<Self> {
        make_folder(folder, &mut Vec::new())?;
        let path = folder.join(NAME);
        let open = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = open.with_context(|| format!("could not open {}", path.display()))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!("another agent takes care of these certificates already; '{}' is locked", path.display());
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }

    /// The number of the process that holds the lock, if there is one.
    pub(crate) fn holder(folder: &Path) -> Option<String> {
        let path = folder.join(NAME);
        let file = File::open(&path).ok()?;
        let free = flock(&file, FlockOperation::NonBlockingLockShared).is_ok();
        if free { None } else { file::read_text(&path).ok().map(|text| text.trim().to_owned()) }
    }
}

const NAME: &str = "lock";
