//! Hashes of files and folders, as `step` defines them.
//!
//! A folder is the hash of its mode and, in the order of the names, of every entry: the mode and the hash of a file, the
//! hash of a folder, the mode of a symbolic link and the hash of what it leads to. Modes are the words of Go's
//! `os.FileMode`, little-endian. Names are not part of it, which is a weakness; but another definition would give other
//! hashes than everybody has on record.

use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use rung_pki::Hash;

/// The hash of a file or folder.
pub(super) fn digest(hash: Hash, path: &Path) -> anyhow::Result<Vec<u8>> {
    digest_at(hash, path, 0)
}

fn digest_at(hash: Hash, path: &Path, depth: usize) -> anyhow::Result<Vec<u8>> {
    // Links that lead in circles are ended by the system; this is for trees that somebody grew to break us.
    if depth > DEEPEST {
        bail!("{} is more than {DEEPEST} folders deep", path.display());
    }
    let found = fs::metadata(path).map_err(|error| missing(path, error))?;
    if found.is_dir() { of_folder(hash, path, &found, depth) } else { of_file(hash, path) }
}

fn of_folder(hash: Hash, path: &Path, found: &Metadata, depth: usize) -> anyhow::Result<Vec<u8>> {
    let mut hasher = hash.start();
    hasher.update(&mode(found));
    let entries = fs::read_dir(path).with_context(|| format!("could not look into {}", path.display()))?;
    let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    for name in names {
        let path = path.join(name);
        let found = fs::symlink_metadata(&path).map_err(|error| missing(&path, error))?;
        if !found.is_dir() {
            hasher.update(&mode(&found));
        }
        hasher.update(&digest_at(hash, &path, depth + 1)?);
    }
    Ok(hasher.finish())
}

fn of_file(hash: Hash, path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("could not read {}", path.display());
    let found = fs::metadata(path).with_context(failed)?;
    // Nobody may be writing into a pipe in a folder; one that is named, such as /dev/stdin, is meant.
    if !found.file_type().is_file() && !path.starts_with("/dev") && !path.starts_with("/proc") {
        bail!("{} is neither a file nor a folder", path.display());
    }
    let mut file = File::open(path).with_context(failed)?;
    let mut hasher = hash.start();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer).with_context(failed)? {
            0 => return Ok(hasher.finish()),
            len => hasher.update(&buffer[..len]),
        }
    }
}

/// Go's `os.FileMode`: its own places for what is not a permission.
fn mode(found: &Metadata) -> [u8; 4] {
    let bits = found.mode();
    let kind = found.file_type();
    let own = [
        (kind.is_dir(), 31),
        (kind.is_symlink(), 27),
        (bits & 0o4000 != 0, 23),
        (bits & 0o2000 != 0, 22),
        (bits & 0o1000 != 0, 20),
    ];
    let own = own.into_iter().filter(|(there, _)| *there).fold(0, |word, (_, place)| word | 1_u32 << place);
    (own | bits & 0o777).to_le_bytes()
}

fn missing(path: &Path, error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => anyhow!("stat {} failed: no such file or directory", path.display()),
        _ => anyhow::Error::new(error).context(format!("could not look at {}", path.display())),
    }
}

/// Deeper than any tree that somebody keeps.
const DEEPEST: usize = 200;
