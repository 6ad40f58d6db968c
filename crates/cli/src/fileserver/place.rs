//! From the path of a request to a file, and never out of the folder.

use std::fs;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file.
    File(PathBuf),
    /// A folder.
    Folder(PathBuf),
}

/// What the path of a URL leads to below `root`, which is canonical.
///
/// Parent folders are refused, and whatever symbolic links lead to has to be below `root`, too. Devices, pipes and
/// sockets are nothing.
pub(super) fn resolve(root: &Path, path: &str) -> Option<Place> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let mut wanted = root.to_owned();
    for part in decoded.split('/').filter(|part| !part.is_empty()) {
        if matches!(part, "." | "..") || part.contains(['\0', '\\']) {
            return None;
        }
        wanted.push(part);
    }
    let found = fs::canonicalize(&wanted).ok().filter(|found| found.starts_with(root))?;
    let kind = fs::symlink_metadata(&found).ok()?;
    match (kind.is_dir(), kind.is_file()) {
        (true, _) => Some(Place::Folder(found)),
        // Nothing is below a file.
        (_, true) if !decoded.ends_with('/') => Some(Place::File(found)),
        _ => None,
    }
}
