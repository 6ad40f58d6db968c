//! Remembers what the authority decided.

pub mod backup;
pub mod inventory;
mod memory;
mod sqlite;

pub use memory::MemoryStore;
pub use sqlite::{AuditReader, ConfirmError, Gap, OpenError, SqliteStore};
