//! What leaves when its time is over.

use std::time::SystemTime;

use rung_authority::store::StoreError;

use super::{
    super::read::{milliseconds, translate},
    Purge, Writer,
};

impl Writer {
    pub(super) fn purge(&mut self, what: Purge, before: SystemTime, limit: u32) -> Result<u32, StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        let forgotten = match what {
            Purge::Certificates => self.forget_certificates(before, limit),
            Purge::Tokens => self.forget_tokens(before, limit),
        };
        match forgotten {
            Ok(count) => {
                self.checkpointer.wrote(count, &self.connection);
                Ok(u32::try_from(count).unwrap_or(limit))
            }
            Err(error) => {
                self.failed(&error);
                Err(translate(error))
            }
        }
    }

    fn forget_tokens(&self, now: SystemTime, limit: u32) -> rusqlite::Result<usize> {
        let mut statement = self.connection.prepare_cached(
            "DELETE FROM tokens WHERE digest IN
             (SELECT digest FROM tokens WHERE expires < ?1 ORDER BY expires LIMIT ?2)",
        )?;
        statement.execute((milliseconds(now), limit))
    }

    fn forget_certificates(&mut self, ended: SystemTime, limit: u32) -> rusqlite::Result<usize> {
        let ended = milliseconds(ended);
        let mut find = self.connection.prepare_cached(
            "SELECT id, not_after FROM certificates WHERE not_after >= ?1 AND not_after < ?2
             AND NOT EXISTS (SELECT 1 FROM revocations WHERE revocations.serial = certificates.serial)
             ORDER BY not_after LIMIT ?3",
        )?;
        let found = find.query_map((self.purged, ended, limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: Vec<(i64, i64)> = found.collect::<Result<_, _>>()?;
        drop(find);
        if !found.is_empty() {
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
            let mut forget = self.connection.prepare_cached("DELETE FROM certificates WHERE id = ?1")?;
            for (id, _) in &found {
                forget.execute([id])?;
            }
            drop(forget);
            self.connection.execute_batch(FORGET_BLOCKS)?;
            self.connection.prepare_cached("COMMIT")?.execute(())?;
        }
        // What ended before and is still there was revoked, and need not be looked at again.
        self.purged = match found.last() {
            Some((_, not_after)) if found.len() == limit as usize => *not_after,
            _ => self.purged.max(ended),
        };
        Ok(found.len())
    }
}

/// Blocks without certificates; and those that tell of rows behind the last, which the next certificates will take.
const FORGET_BLOCKS: &str = "
    DELETE FROM certificate_terms WHERE last > (SELECT coalesce(max(id), 0) FROM certificates)
        OR NOT EXISTS (SELECT 1 FROM certificates WHERE id BETWEEN first AND last);
";
