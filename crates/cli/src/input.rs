//! Reading the files that a command is given.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use anyhow::{Context as _, bail};
use rung_spec::file;
use zeroize::Zeroizing;

/// Read a file, or standard input for `-`; `purpose` says in errors what it was for.
///
/// What is read may be a private key, so it is wiped afterwards.
pub(crate) fn read(purpose: &str, name: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let done = match name {
        "-" | "/dev/stdin" => file::read_all(io::stdin().lock()),
        path => file::read(Path::new(path)),
    };
    match done {
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            bail!("{purpose}, {}, is larger than {} MiB", self::name(name), file::LIMIT >> 20)
        }
        done => done.with_context(|| format!("could not read {purpose}, {}", self::name(name))),
    }
}

/// Read standard input, as a pipe or a file with something in it; without one, answer nothing, since a person is to be
/// asked.
pub(crate) fn piped(purpose: &str) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    let stdin = io::stdin();
    let is_nothing = match File::open("/dev/stdin").and_then(|file| file.metadata()) {
        Ok(found) if found.is_file() => found.len() == 0,
        // `/dev/null` is the only device that is nothing.
        Ok(found) => found.file_type().is_char_device() && found.rdev() == rustix::fs::makedev(1, 3),
        Err(_) => false,
    };
    if stdin.is_terminal() || is_nothing { Ok(None) } else { read(purpose, "-").map(Some) }
}

/// How errors call the file.
pub(crate) fn name(file: &str) -> &str {
    match file {
        "-" => "standard input",
        path => path,
    }
}
