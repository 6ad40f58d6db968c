//! What is remembered, and what a store in trouble means.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::SystemTime,
};

use rung_authority::store::{
    AuditEntry, AuditRecord, CertificateRecord, CommitError, Issuance, Revocation, RevocationRecord, Standing, Store,
    StoreError, StoreFuture,
};
use rung_authority::{division::Division, issuer::IssuerId};
use rung_pki::{SerialNumber, tlog::Hash};
use rung_store::MemoryStore;
use serde_json::{Value, json};

use crate::stage::{NOW, Setup, Stage, at, check, now, request};

/// A store that does as it is told.
#[derive(Default)]
struct Troubled {
    memory: MemoryStore,
    trouble: AtomicU8,
}

impl Store for Troubled {
    fn commit(&self, issuance: Issuance) -> StoreFuture<'_, Result<(), CommitError>> {
        match self.trouble.load(Ordering::Relaxed) {
            0 => self.memory.commit(issuance),
            1 => Box::pin(ready(Err(CommitError::Unavailable("no space left on device".into())))),
            2 => Box::pin(ready(Err(CommitError::InDoubt("the power went".into())))),
            _ => Box::pin(ready(Err(CommitError::SerialTaken))),
        }
    }

    fn revoke(&self, revocation: Revocation) -> StoreFuture<'_, Result<(), CommitError>> {
        match self.trouble.load(Ordering::Relaxed) {
            0 => self.memory.revoke(revocation),
            _ => Box::pin(ready(Err(CommitError::Unavailable("no space left on device".into())))),
        }
    }

    fn standing<'a>(&'a self, serial: &'a SerialNumber) -> StoreFuture<'a, Result<Standing, StoreError>> {
        self.memory.standing(serial)
    }

    fn revocations(&self, after: u64, limit: u32) -> StoreFuture<'_, Result<Vec<RevocationRecord>, StoreError>> {
        self.memory.revocations(after, limit)
    }

    fn next_crl_number<'a>(&'a self, issuer: &'a [u8], at_least: u64) -> StoreFuture<'a, Result<u64, StoreError>> {
        self.memory.next_crl_number(issuer, at_least)
    }

    fn certificate<'a>(
        &'a self,
        serial: &'a SerialNumber,
    ) -> StoreFuture<'a, Result<Option<CertificateRecord>, StoreError>> {
        self.memory.certificate(serial)
    }

    fn divisions(&self, issuer: IssuerId, new: Option<Division>) -> StoreFuture<'_, Result<Vec<Division>, StoreError>> {
        self.memory.divisions(issuer, new)
    }

    fn count_certificates(&self) -> StoreFuture<'_, Result<u64, StoreError>> {
        self.memory.count_certificates()
    }

    fn append(&self, audit: AuditEntry) -> StoreFuture<'_, Result<(), CommitError>> {
        self.memory.append(audit)
    }

    fn audit_head(&self) -> StoreFuture<'_, Result<(u64, Hash), StoreError>> {
        self.memory.audit_head()
    }

    fn keep_checkpoint<'a>(&'a self, size: u64, note: &'a str) -> StoreFuture<'a, Result<(), StoreError>> {
        self.memory.keep_checkpoint(size, note)
    }

    fn checkpoint(&self) -> StoreFuture<'_, Result<Option<String>, StoreError>> {
        self.memory.checkpoint()
    }

    fn audit(&self, from: u64, limit: u32) -> StoreFuture<'_, Result<Vec<AuditRecord>, StoreError>> {
        self.memory.audit(from, limit)
    }

    fn purge_certificates(&self, ended: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>> {
        self.memory.purge_certificates(ended, limit)
    }

    fn is_spent<'a>(&'a self, digest: &'a [u8; 32]) -> StoreFuture<'a, Result<bool, StoreError>> {
        self.memory.is_spent(digest)
    }

    fn purge_tokens(&self, now: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>> {
        self.memory.purge_tokens(now, limit)
    }

    fn check(&self) -> StoreFuture<'_, Result<(), StoreError>> {
        self.memory.check()
    }
}

#[test]
fn d10_a_store_in_trouble_leaves_the_token_usable_and_nothing_outside() {
    let store = Arc::new(Troubled::default());
    let stage = Stage::with(Setup { store: Some(store.clone()), ..Setup::default() });
    let token = stage.jwk(json!({}));
    for (trouble, expected) in [
        (1, "503 the certificate could not be recorded"),
        (2, "503 the certificate could not be recorded"),
        (3, "500 a serial number occurred twice"),
    ] {
        store.trouble.store(trouble, Ordering::Relaxed);
        check(&stage, expected, &token, &request(|_| {}), Err(expected));
    }
    store.trouble.store(0, Ordering::Relaxed);
    check(&stage, "well again", &token, &request(|_| {}), Ok("foo.example | foo.example"));
    check(&stage, "spent", &token, &request(|_| {}), Err("401 Spent"));
}

#[test]
fn the_audit_entry_says_what_was_decided_and_holds_no_token() {
    let stage = Stage::new();
    let token = stage.id_token(json!({"nonce": "canary-nonce"}));
    let certificate = stage.sign(&token, &request(|_| {}), ("", "")).unwrap();
    let entries = now(stage.store.audit(0, 10)).unwrap();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.position, entry.at, &*entry.action, &*entry.request_id), (1, at(NOW), "issued", "request-7"));
    let detail: Value = serde_json::from_str(&entry.detail).unwrap();
    let key: String =
        certificate.public_key().unwrap().fingerprint().iter().map(|octet| format!("{octet:02x}")).collect();
    let expected = json!({
        "provisioner": "sso", "type": "OIDC", "subject": "alice-1", "email": "alice@corp.example", "admin": false,
        "names": ["alice@corp.example", "https://idp.test/realms/x#alice-1"],
        "serial": certificate.serial().to_string(), "key": key,
    });
    assert_eq!(detail, expected);
    let shown = format!("{entries:?}");
    for part in token.split('.').chain(["canary-nonce"]) {
        assert!(!shown.contains(part), "{part} is in {shown}");
    }
}

#[test]
fn the_certificate_is_on_record_with_the_provisioner_that_granted_it() {
    let stage = Stage::new();
    let certificate = stage.sign(&stage.jwk(json!({})), &request(|_| {}), ("", "")).unwrap();
    let record = now(stage.store.certificate(certificate.serial())).unwrap().unwrap();
    assert_eq!(record.certificate, certificate);
    let provisioner = (&*record.provisioner_id, &*record.provisioner_name, &*record.provisioner_kind);
    assert_eq!(provisioner, ("admin:admin-key", "admin", "JWK"));
}

#[test]
fn a_spent_token_is_remembered_for_as_long_as_it_would_be_accepted() {
    let stage = Stage::new();
    let token = stage.jwk(json!({}));
    check(&stage, "first", &token, &request(|_| {}), Ok("foo.example | foo.example"));
    // It is accepted until a minute after its end, so it must not be forgotten by then.
    stage.clock.0.store(NOW + 360, Ordering::Relaxed);
    now(stage.store.purge_tokens(at(NOW + 360), 10)).unwrap();
    check(&stage, "late", &token, &request(|_| {}), Err("401 Spent"));
    assert_eq!(now(stage.store.purge_tokens(at(NOW + 1000), 10)).unwrap(), 1);
}
