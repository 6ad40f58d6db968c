//! Why a key was not opened.

use std::{io, path::PathBuf};

use rung_pki::keyfile::KeyFileError;

/// Why a key was not opened. The text names the key and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is there, but its key is cut short or damaged.
    #[error("the key file {} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no such file.
    #[error("the key file {} does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file holds something else, or more than one thing.
    #[error("the key file {} does not hold one private key: {problem}", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: KeyFileError,
    },
    /// The key is encrypted and no password was given.
    #[error("the key file {} is encrypted: give its password", path.display())]
    PasswordRequired {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("the key file {} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why the system did not let us read it.
        cause: io::Error,
    },
    /// The key is of a kind, or encrypted in a way, that is not supported.
    #[error("the key file {} cannot be used: {problem}", path.display())]
    UnsupportedKey {
        /// The file.
        path: PathBuf,
        /// What is not supported.
        problem: KeyFileError,
    },
    /// The location names a key store that this version does not have.
    #[error(
        "the key {location} is in a key store of type {scheme}, which is not supported yet: use the path of a key file"
    )]
    UnsupportedStore {
        /// The location, without what may be a PIN or a password.
        location: String,
        /// The type of key store.
        scheme: &'static str,
    },
    /// The password does not decrypt the key.
    #[error("the password does not decrypt the key file {}", path.display())]
    WrongPassword {
        /// The file.
        path: PathBuf,
    },
}
