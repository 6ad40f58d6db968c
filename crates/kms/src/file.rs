//! Keys in files.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use rung_pki::{
    PrivateKey,
    keyfile::{self, KeyFileError},
};
use zeroize::Zeroizing;

use super::OpenError;

/// Read the key in the file at `path`.
pub(super) fn read(path: &Path, password: Option<&[u8]>) -> Result<PrivateKey, OpenError> {
    keyfile::read_private_key(&contents(path)?, password).map_err(|problem| explain(path, problem))
}

/// Whether the key in the file at `path` is encrypted.
pub(super) fn is_encrypted(path: &Path) -> Result<bool, OpenError> {
    contents(path).map(|contents| keyfile::is_encrypted(&contents))
}

fn contents(path: &Path) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let explain = |cause: io::Error| match cause.kind() {
        io::ErrorKind::NotFound => OpenError::Missing { path: path.to_owned() },
        _ => OpenError::Unreadable { path: path.to_owned(), cause },
    };
    let file = File::open(path).map_err(explain)?;
    // All at once, so that no copy of the key is left behind by growing.
    let mut contents = Zeroizing::new(Vec::with_capacity(MAX_LEN + 1));
    let len = file.take(MAX_LEN as u64 + 1).read_to_end(&mut contents).map_err(explain)?;
    if len > MAX_LEN {
        return Err(explain(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than any key (64 KiB)")));
    }
    Ok(contents)
}

fn explain(path: &Path, problem: KeyFileError) -> OpenError {
    let path = path.to_owned();
    match problem {
        KeyFileError::Malformed(problem) => OpenError::Damaged { path, problem },
        KeyFileError::NotAKey(_) | KeyFileError::SeveralKeys => OpenError::NotAKey { path, problem },
        KeyFileError::PasswordRequired => OpenError::PasswordRequired { path },
        KeyFileError::DoesNotSign(_) | KeyFileError::NoForm { .. } | KeyFileError::Unsupported(_) => {
            OpenError::UnsupportedKey { path, problem }
        }
        KeyFileError::WrongPassword => OpenError::WrongPassword { path },
    }
}

/// The largest key files (RSA with 8192 bits) have about 7 KiB.
const MAX_LEN: usize = 64 * 1024;
