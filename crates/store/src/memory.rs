//! A store that forgets everything at the end: for tests, and for authorities without a database.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use rung_authority::audit::{BEGINNING, Said, record};
use rung_authority::store::{
    AuditEntry, AuditRecord, CertificateRecord, CommitError, Issuance, Revocation, RevocationRecord, Standing, Store,
    StoreError, StoreFuture, TokenUse,
};
use rung_authority::{division::Division, issuer::IssuerId};
use rung_pki::{
    SerialNumber,
    tlog::{Edge, Hash, leaf_hash},
};

/// A store in memory. Every token that is not expired is remembered, but of certificates and audit entries only the
/// latest ten thousand: a server without a database must not grow for ever.
#[derive(Default)]
pub struct MemoryStore {
    contents: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    tokens: HashMap<[u8; 32], SystemTime>,
    certificates: HashMap<Vec<u8>, CertificateRecord>,
    /// Serial numbers in the order of issuance.
    serials: VecDeque<Vec<u8>>,
    /// Revocations in the order in which they were recorded; they are never forgotten.
    revocations: Vec<RevocationRecord>,
    /// Their places by serial number.
    revoked: HashMap<Vec<u8>, usize>,
    condemned: HashSet<[u8; 32]>,
    crl_numbers: HashMap<Vec<u8>, u64>,
    divisions: HashMap<IssuerId, Vec<Division>>,
    audit: VecDeque<AuditRecord>,
    /// The tree over all audit entries that there ever were.
    edge: Edge,
    /// The leaf hash of the last of them.
    previous: Option<Hash>,
    checkpoint: Option<String>,
}

/// So many certificates and audit entries are kept.
const KEPT: usize = 10_000;

impl MemoryStore {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn commit(&self, issuance: Issuance) -> StoreFuture<'_, Result<(), CommitError>> {
        Box::pin(ready(self.contents().commit(issuance)))
    }

    fn revoke(&self, revocation: Revocation) -> StoreFuture<'_, Result<(), CommitError>> {
        Box::pin(ready(self.contents().revoke(revocation)))
    }

    fn standing<'a>(&'a self, serial: &'a SerialNumber) -> StoreFuture<'a, Result<Standing, StoreError>> {
        let contents = self.contents();
        let place = contents.revoked.get(serial.as_bytes());
        Box::pin(ready(Ok(Standing {
            certificate: contents.certificates.get(serial.as_bytes()).cloned(),
            revocation: place.map(|place| contents.revocations[*place].clone()),
        })))
    }

    fn revocations(&self, after: u64, limit: u32) -> StoreFuture<'_, Result<Vec<RevocationRecord>, StoreError>> {
        let contents = self.contents();
        let wanted = contents.revocations.iter().filter(|record| record.position > after).take(limit as usize);
        Box::pin(ready(Ok(wanted.cloned().collect())))
    }

    fn next_crl_number<'a>(&'a self, issuer: &'a [u8], at_least: u64) -> StoreFuture<'a, Result<u64, StoreError>> {
        let mut contents = self.contents();
        let number = contents.crl_numbers.entry(issuer.to_vec()).or_default();
        *number = (*number + 1).max(at_least);
        Box::pin(ready(Ok(*number)))
    }

    fn certificate<'a>(
        &'a self,
        serial: &'a SerialNumber,
    ) -> StoreFuture<'a, Result<Option<CertificateRecord>, StoreError>> {
        Box::pin(ready(Ok(self.contents().certificates.get(serial.as_bytes()).cloned())))
    }

    fn divisions(&self, issuer: IssuerId, new: Option<Division>) -> StoreFuture<'_, Result<Vec<Division>, StoreError>> {
        let mut contents = self.contents();
        let known = contents.divisions.entry(issuer).or_default();
        if let Some(new) = new.filter(|new| !known.contains(new)) {
            known.push(new);
        }
        Box::pin(ready(Ok(known.clone())))
    }

    fn count_certificates(&self) -> StoreFuture<'_, Result<u64, StoreError>> {
        Box::pin(ready(Ok(self.contents().certificates.len() as u64)))
    }

    fn append(&self, audit: AuditEntry) -> StoreFuture<'_, Result<(), CommitError>> {
        self.contents().append(audit);
        Box::pin(ready(Ok(())))
    }

    fn audit_head(&self) -> StoreFuture<'_, Result<(u64, Hash), StoreError>> {
        let contents = self.contents();
        Box::pin(ready(Ok((contents.edge.size(), contents.edge.root()))))
    }

    fn keep_checkpoint<'a>(&'a self, _: u64, note: &'a str) -> StoreFuture<'a, Result<(), StoreError>> {
        self.contents().checkpoint = Some(note.to_owned());
        Box::pin(ready(Ok(())))
    }

    fn checkpoint(&self) -> StoreFuture<'_, Result<Option<String>, StoreError>> {
        Box::pin(ready(Ok(self.contents().checkpoint.clone())))
    }

    fn audit(&self, from: u64, limit: u32) -> StoreFuture<'_, Result<Vec<AuditRecord>, StoreError>> {
        let contents = self.contents();
        let wanted = contents.audit.iter().filter(|record| record.position >= from).take(limit as usize);
        Box::pin(ready(Ok(wanted.cloned().collect())))
    }

    fn is_spent<'a>(&'a self, digest: &'a [u8; 32]) -> StoreFuture<'a, Result<bool, StoreError>> {
        Box::pin(ready(Ok(self.contents().tokens.contains_key(digest))))
    }

    fn purge_tokens(&self, now: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>> {
        let mut contents = self.contents();
        let expired = contents.tokens.iter().filter(|(_, expires)| **expires < now).map(|(digest, _)| *digest);
        let expired: Vec<_> = expired.take(limit as usize).collect();
        for digest in &expired {
            contents.tokens.remove(digest);
        }
        Box::pin(ready(Ok(u32::try_from(expired.len()).expect("no more than the limit were taken"))))
    }

    fn purge_certificates(&self, ended: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>> {
        let mut contents = self.contents();
        let contents = &mut *contents;
        let ended = contents
            .certificates
            .iter()
            .filter(|(serial, record)| {
                record.certificate.not_after() < ended && !contents.revoked.contains_key(*serial)
            })
            .map(|(serial, record)| (record.certificate.not_after(), serial.clone()));
        let mut ended: Vec<_> = ended.collect();
        ended.sort();
        ended.truncate(limit as usize);
        for (_, serial) in &ended {
            contents.certificates.remove(serial);
        }
        contents.serials.retain(|serial| contents.certificates.contains_key(serial));
        Box::pin(ready(Ok(u32::try_from(ended.len()).expect("no more than the limit were taken"))))
    }

    fn check(&self) -> StoreFuture<'_, Result<(), StoreError>> {
        Box::pin(ready(Ok(())))
    }
}

impl Contents {
    fn commit(&mut self, issuance: Issuance) -> Result<(), CommitError> {
        let certificate = &issuance.certificate;
        let serial = certificate.serial().as_bytes().to_vec();
        if issuance.replaces.is_some_and(|replaced| self.revoked.contains_key(replaced.as_bytes())) {
            return Err(CommitError::Revoked);
        }
        if certificate.public_key().is_ok_and(|key| self.condemned.contains(&key.fingerprint())) {
            return Err(CommitError::KeyRevoked);
        }
        self.check_unspent(issuance.token.as_ref())?;
        if self.certificates.contains_key(&serial) {
            return Err(CommitError::SerialTaken);
        }
        self.tokens.extend(issuance.token.map(|token| (token.digest, token.expires)));
        let provisioner = &issuance.provisioner;
        let record = CertificateRecord {
            certificate: issuance.certificate,
            provisioner_id: provisioner.id.clone(),
            provisioner_name: provisioner.name.clone(),
            provisioner_kind: provisioner.kind.to_owned(),
            token_digest: issuance.token.map(|token| token.digest),
        };
        self.certificates.insert(serial.clone(), record);
        self.serials.push_back(serial);
        if self.serials.len() > KEPT {
            let oldest = self.serials.pop_front();
            oldest.map(|serial| self.certificates.remove(&serial));
        }
        self.append(issuance.audit);
        Ok(())
    }

    fn revoke(&mut self, revocation: Revocation) -> Result<(), CommitError> {
        self.check_unspent(revocation.token.as_ref())?;
        let serial = revocation.serial.as_bytes().to_vec();
        if self.revoked.contains_key(&serial) {
            return Err(CommitError::Revoked);
        }
        self.tokens.extend(revocation.token.map(|token| (token.digest, token.expires)));
        self.revoked.insert(serial, self.revocations.len());
        self.revocations.push(RevocationRecord {
            position: self.revocations.len() as u64 + 1,
            serial: revocation.serial,
            at: revocation.at,
            reason: revocation.reason,
            not_after: revocation.not_after,
            issuer: revocation.issuer,
        });
        self.condemned.extend(revocation.condemned_key);
        self.append(revocation.audit);
        Ok(())
    }

    fn check_unspent(&self, token: Option<&TokenUse>) -> Result<(), CommitError> {
        match token {
            Some(token) if self.tokens.contains_key(&token.digest) => Err(CommitError::TokenSpent),
            _ => Ok(()),
        }
    }

    fn append(&mut self, audit: AuditEntry) {
        let position = self.edge.size() + 1;
        let said =
            Said { position, at: audit.at, action: audit.action, request_id: &audit.request_id, detail: &audit.detail };
        let hash = leaf_hash(&record(&said, &self.previous.unwrap_or(BEGINNING)));
        self.edge.push(hash);
        self.previous = Some(hash);
        if self.audit.len() == KEPT {
            self.audit.pop_front();
        }
        let AuditEntry { at, action, request_id, detail } = audit;
        self.audit.push_back(AuditRecord { position, at, action: action.to_owned(), request_id, detail, hash });
    }
}
