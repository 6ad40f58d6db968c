//! What lists of revoked certificates need to be remembered: their numbers, and how they were divided.

use rung_authority::{division::Division, issuer::IssuerId, store::StoreError};

use super::{
    super::read::{self, translate},
    Writer,
};

impl Writer {
    pub(super) fn crl_number(&mut self, issuer: &[u8], at_least: u64) -> Result<u64, StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        let query = "INSERT INTO crl_numbers (issuer, number) VALUES (?1, max(1, ?2))
                     ON CONFLICT DO UPDATE SET number = max(number + 1, ?2) RETURNING number";
        let at_least = i64::try_from(at_least).unwrap_or(i64::MAX);
        let taken = self.connection.prepare_cached(query).and_then(|mut take| {
            // All rows have to be asked for, or the statement has not ended and nothing is committed.
            let numbers =
                take.query_map((issuer, at_least), |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(numbers[0])
        });
        match taken {
            Ok(number) => {
                self.checkpointer.wrote(1, &self.connection);
                u64::try_from(number).map_err(|_| StoreError::Damaged("the number of a CRL is negative".to_owned()))
            }
            Err(error) => {
                self.failed(&error);
                Err(translate(error))
            }
        }
    }

    pub(super) fn divisions(&mut self, issuer: IssuerId, new: Option<&Division>) -> Result<Vec<Division>, StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        let known = read::divisions(&self.connection, issuer)?;
        let Some(new) = new.filter(|new| !known.contains(new)) else { return Ok(known) };
        let insert = "INSERT INTO crl_divisions (issuer, base, shards) VALUES (?1, ?2, ?3)";
        match self.connection.execute(insert, (issuer.as_bytes(), &new.base, new.shards)) {
            Ok(_) => {
                self.checkpointer.wrote(1, &self.connection);
                read::divisions(&self.connection, issuer)
            }
            Err(error) => {
                self.failed(&error);
                Err(translate(error))
            }
        }
    }
}
