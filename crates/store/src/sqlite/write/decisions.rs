//! What a decision writes, in the transaction of its batch.

use std::collections::HashSet;

use rung_authority::{
    issuer::IssuerId,
    store::{AuditEntry, CommitError, Issuance, ProvisionerRef, Revocation, TokenUse},
};

use super::{
    super::{audit::Head, read::milliseconds},
    Writer,
};

impl Writer {
    /// Spend the token, record the certificate, append the audit entry; the inner result says why this one is refused.
    pub(super) fn issue(&mut self, issuance: &Issuance) -> rusqlite::Result<Result<(), CommitError>> {
        let certificate = &issuance.certificate;
        if let Some(replaced) = &issuance.replaces
            && self.is_revoked(replaced.as_bytes())?
        {
            return Ok(Err(CommitError::Revoked));
        }
        let condemned = self.condemned()?;
        if !condemned.is_empty() && certificate.public_key().is_ok_and(|key| condemned.contains(&key.fingerprint())) {
            return Ok(Err(CommitError::KeyRevoked));
        }
        if let Some(token) = &issuance.token
            && !self.spend(token)?
        {
            return Ok(Err(CommitError::TokenSpent));
        }
        let provisioner = self.provisioner(&issuance.provisioner)?;
        let token = issuance.token.as_ref().map_or(&[][..], |token| &token.digest);
        let replaces = issuance.replaces.as_ref().map(rung_pki::SerialNumber::as_bytes);
        let mut record = self.connection.prepare_cached(
            "INSERT INTO certificates (serial, provisioner, not_after, token, fingerprint, der, replaces)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?;
        let not_after = milliseconds(certificate.not_after());
        let (serial, fingerprint) = (certificate.serial().as_bytes(), certificate.fingerprint());
        let row = (serial, provisioner, not_after, token, fingerprint, certificate.der(), replaces);
        if record.execute(row)? == 0 {
            drop(record);
            self.unspend(issuance.token.as_ref())?;
            return Ok(Err(CommitError::SerialTaken));
        }
        drop(record);
        self.append(&issuance.audit)?;
        Ok(Ok(()))
    }

    /// Spend the token, record the revocation, append the audit entry; the inner result says why this one is refused.
    pub(super) fn revoke(&mut self, revocation: &Revocation) -> rusqlite::Result<Result<(), CommitError>> {
        if let Some(token) = &revocation.token
            && !self.spend(token)?
        {
            return Ok(Err(CommitError::TokenSpent));
        }
        let mut record = self.connection.prepare_cached(
            "INSERT INTO revocations (serial, at, reason, not_after, condemned_key, issuer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?;
        let (at, not_after) = (milliseconds(revocation.at), revocation.not_after.map(milliseconds));
        let serial = revocation.serial.as_bytes();
        let issuer = revocation.issuer.as_ref().map(IssuerId::as_bytes);
        let row = (serial, at, revocation.reason.code(), not_after, revocation.condemned_key, issuer);
        if record.execute(row)? == 0 {
            drop(record);
            self.unspend(revocation.token.as_ref())?;
            return Ok(Err(CommitError::Revoked));
        }
        drop(record);
        if let Some(key) = revocation.condemned_key {
            self.condemned()?;
            self.condemned.as_mut().expect("it was just read").insert(key);
        }
        self.append(&revocation.audit)?;
        Ok(Ok(()))
    }

    /// Remember a token; false when it was spent before.
    fn spend(&self, token: &TokenUse) -> rusqlite::Result<bool> {
        let mut spend = self
            .connection
            .prepare_cached("INSERT INTO tokens (digest, expires) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        Ok(spend.execute((&token.digest, milliseconds(token.expires)))? == 1)
    }

    /// Leave a token usable after all.
    fn unspend(&self, token: Option<&TokenUse>) -> rusqlite::Result<()> {
        let Some(token) = token else { return Ok(()) };
        self.connection.prepare_cached("DELETE FROM tokens WHERE digest = ?1")?.execute([&token.digest])?;
        Ok(())
    }

    pub(super) fn append(&mut self, audit: &AuditEntry) -> rusqlite::Result<()> {
        let mut head = match self.head.take() {
            Some(head) => head,
            None => Head::load(&self.connection)?,
        };
        // What fails is taken back as a whole, and then the head is read again.
        head.append(&self.connection, audit)?;
        self.head = Some(head);
        Ok(())
    }

    fn is_revoked(&self, serial: &[u8]) -> rusqlite::Result<bool> {
        self.connection.prepare_cached("SELECT 1 FROM revocations WHERE serial = ?1")?.exists([serial])
    }

    /// The keys that must not be certified. They are kept in memory: each issuance asks for them.
    fn condemned(&mut self) -> rusqlite::Result<&HashSet<[u8; 32]>> {
        if self.condemned.is_none() {
            let query = "SELECT condemned_key FROM revocations WHERE condemned_key IS NOT NULL";
            let mut statement = self.connection.prepare(query)?;
            let keys = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            self.condemned = Some(keys);
        }
        Ok(self.condemned.as_ref().expect("they were just read"))
    }

    fn provisioner(&mut self, provisioner: &ProvisionerRef) -> rusqlite::Result<i64> {
        // Id, name and kind together: each of them can change while the others stay.
        let key = format!("{}\0{}\0{}", provisioner.id, provisioner.name, provisioner.kind);
        if let Some(row) = self.provisioners.get(key.as_str()) {
            return Ok(*row);
        }
        let values = (&provisioner.id, &provisioner.name, provisioner.kind);
        self.connection.execute(
            "INSERT INTO provisioners (reference, name, kind) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            values,
        )?;
        let row = self.connection.query_row(
            "SELECT id FROM provisioners WHERE reference = ?1 AND name = ?2 AND kind = ?3",
            values,
            |row| row.get(0),
        )?;
        self.provisioners.insert(key.into(), row);
        Ok(row)
    }
}
