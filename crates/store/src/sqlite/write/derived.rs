//! What is made of what was recorded, and kept beside it: checkpoints of the audit, and blocks that are searched.

use rung_authority::store::StoreError;
use rung_pki::tlog::Hash;

use super::{
    super::{audit::Head, read::translate, terms::Block},
    Writer,
};

impl Writer {
    pub(super) fn audit_head(&mut self) -> Result<(u64, Hash), StoreError> {
        if self.head.is_none() {
            self.head = Some(Head::load(&self.connection).map_err(translate)?);
        }
        Ok(self.head.as_ref().expect("it was just read").size_and_root())
    }

    pub(super) fn keep_checkpoint(&mut self, size: u64, note: &str) -> Result<(), StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        let query = "INSERT INTO audit_checkpoints (size, note) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET note = ?2";
        match self.connection.execute(query, (size.cast_signed(), note)) {
            Ok(_) => {
                self.checkpointer.wrote(1, &self.connection);
                self.mark().map_err(|failure| StoreError::Unavailable(failure.to_commit_error().into()))
            }
            Err(error) => {
                self.failed(&error);
                Err(translate(error))
            }
        }
    }

    pub(super) fn keep_block(&mut self, block: &Block, serial: &[u8]) -> Result<bool, StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        // When the newest certificates were purged since, their rows have become those of others.
        let query = "INSERT INTO certificate_terms (first, last, contents) SELECT ?1, ?2, ?3
                     WHERE EXISTS (SELECT 1 FROM certificates WHERE id = ?2 AND serial = ?4) ON CONFLICT DO NOTHING";
        match self.connection.execute(query, (block.first, block.last, &block.contents, serial)) {
            Ok(rows) => {
                self.checkpointer.wrote(block.contents.len() / 4096, &self.connection);
                Ok(rows == 1)
            }
            Err(error) => {
                self.failed(&error);
                Err(translate(error))
            }
        }
    }
}
