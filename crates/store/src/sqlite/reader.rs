//! Reading a store beside the process that writes it.

use std::path::Path;

use rung_authority::store::{AuditRecord, StoreError};
use rusqlite::Connection;

use super::{
    open::{self, OpenError},
    read,
};

/// The audit record of a store, also of one that a running authority writes to.
pub struct AuditReader {
    connection: Connection,
}

impl AuditReader {
    /// Open the store in that file for reading.
    ///
    /// # Errors
    /// When there is none, or it is not one of this version.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        Ok(Self { connection: open::open_to_read(file)? })
    }

    /// The latest signed checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        read::checkpoint(&self.connection)
    }

    /// The records from position `from` (the first has 1) on, at most `limit`, in order.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn records(&self, from: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        read::audit(&self.connection, from, limit)
    }
}
