//! When to stop writing for good, and how every part of the store learns of it.

use std::{
    fmt,
    path::Path,
    sync::{Arc, OnceLock},
};

use rung_authority::store::StoreError;
use rusqlite::{Error, ErrorCode};

/// Why nothing is written any more.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// What is stored is damaged.
    Damaged(String),
    /// Nobody knows what the disk has.
    InDoubt(String),
}

/// Stops the store: pulled once, by whoever sees the trouble first, and never released.
///
/// After a failed `fsync` the system may forget what it could not write, so that the next `fsync` succeeds and means
/// nothing. Only opening the file again, which goes through the log from its start, ends the doubt.
#[derive(Debug, Clone, Default)]
pub(super) struct Brake(Arc<OnceLock<Trouble>>);

/// What an error of the database means for what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// What is stored is damaged.
    Damage,
    /// The disk cannot be relied on.
    Doubt,
    /// There is no room at the moment.
    Full,
    /// This attempt failed, the next may not.
    Passing,
}

impl Brake {
    /// Stop the store.
    pub(super) fn pull(&self, trouble: Trouble) {
        // The first trouble is the one to tell of; the later ones are likely its consequences.
        let _ = self.0.set(trouble);
    }

    /// What the trouble is, if there is any.
    pub(super) fn pulled(&self) -> Option<&Trouble> {
        self.0.get()
    }

    /// Read something, unless the store is damaged; what is damaged stops it.
    pub(super) fn guard<T>(&self, file: &Path, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        if let Some(trouble @ Trouble::Damaged(_)) = self.pulled() {
            return Err(trouble.to_store_error());
        }
        read().map_err(|error| match error {
            StoreError::Damaged(reason) => {
                // Where one thing is wrong, others may be: tokens that look unspent, for one.
                let trouble = Trouble::Damaged(format!("{}: {reason}; restore it from a backup", file.display()));
                self.pull(trouble.clone());
                trouble.to_store_error()
            }
            StoreError::Unavailable(_) => error,
        })
    }

    /// Stop the store if the error says that it must not go on.
    pub(super) fn mind(&self, error: &Error, file: &Path) -> Severity {
        let severity = Severity::of(error);
        let file = file.display();
        match severity {
            Severity::Damage => self.pull(Trouble::Damaged(format!("{file}: {error}; restore it from a backup"))),
            Severity::Doubt => self.pull(Trouble::InDoubt(format!(
                "writing to {file} failed ({error}), and nothing is written until the server is started again"
            ))),
            Severity::Full | Severity::Passing => {}
        }
        severity
    }
}

impl Severity {
    /// Everything that is not known to be harmless is doubtful.
    pub(super) fn of(error: &Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damage,
            // SQLite notices a full disk before the transaction's last frame is written, and takes all of it back.
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(
                ErrorCode::ConstraintViolation
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OperationInterrupted
                | ErrorCode::OutOfMemory
                | ErrorCode::TooBig,
            ) => Self::Passing,
            _ => Self::Doubt,
        }
    }
}

impl Trouble {
    /// The same as an answer to whoever asks something else than to commit.
    pub(super) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Damaged(reason) => StoreError::Damaged(reason.clone()),
            Self::InDoubt(reason) => StoreError::Unavailable(reason.clone().into()),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(reason) => write!(formatter, "the store is damaged: {reason}"),
            Self::InDoubt(reason) => formatter.write_str(reason),
        }
    }
}
