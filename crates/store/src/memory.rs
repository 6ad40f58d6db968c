//! A store that forgets everything at the end: for tests, and for authorities without a database.

use std::{
    collections::{HashMap, VecDeque},
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use rung_authority::store::{AuditRecord, CertificateRecord, CommitError, Issuance, Store, StoreError, StoreFuture};
use rung_pki::SerialNumber;

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
    audit: VecDeque<AuditRecord>,
    /// How many audit entries there ever were.
    appended: u64,
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

    fn certificate<'a>(
        &'a self,
        serial: &'a SerialNumber,
    ) -> StoreFuture<'a, Result<Option<CertificateRecord>, StoreError>> {
        Box::pin(ready(Ok(self.contents().certificates.get(serial.as_bytes()).cloned())))
    }

    fn count_certificates(&self) -> StoreFuture<'_, Result<u64, StoreError>> {
        Box::pin(ready(Ok(self.contents().certificates.len() as u64)))
    }

    fn audit(&self, from: u64, limit: u32) -> StoreFuture<'_, Result<Vec<AuditRecord>, StoreError>> {
        let contents = self.contents();
        let wanted = contents.audit.iter().filter(|record| record.position >= from).take(limit as usize);
        Box::pin(ready(Ok(wanted.cloned().collect())))
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

    fn check(&self) -> StoreFuture<'_, Result<(), StoreError>> {
        Box::pin(ready(Ok(())))
    }
}

impl Contents {
    fn commit(&mut self, issuance: Issuance) -> Result<(), CommitError> {
        let serial = issuance.certificate.serial().as_bytes().to_vec();
        if self.tokens.contains_key(&issuance.token.digest) {
            return Err(CommitError::TokenSpent);
        }
        if self.certificates.contains_key(&serial) {
            return Err(CommitError::SerialTaken);
        }
        self.tokens.insert(issuance.token.digest, issuance.token.expires);
        let provisioner = &issuance.provisioner;
        let record = CertificateRecord {
            certificate: issuance.certificate,
            provisioner_id: provisioner.id.clone(),
            provisioner_name: provisioner.name.clone(),
            provisioner_kind: provisioner.kind.to_owned(),
            token_digest: issuance.token.digest,
        };
        self.certificates.insert(serial.clone(), record);
        self.serials.push_back(serial);
        if self.serials.len() > KEPT {
            let oldest = self.serials.pop_front();
            oldest.map(|serial| self.certificates.remove(&serial));
        }
        let audit = issuance.audit;
        self.appended += 1;
        if self.audit.len() == KEPT {
            self.audit.pop_front();
        }
        self.audit.push_back(AuditRecord {
            position: self.appended,
            at: audit.at,
            action: audit.action.to_owned(),
            request_id: audit.request_id,
            detail: audit.detail,
        });
        Ok(())
    }
}
