//! What every store promises.

use std::{sync::Arc, time::Duration};

use rung_authority::{
    audit::{self, BEGINNING, Said},
    division::Division,
    issuer::IssuerId,
    store::{CommitError, Issuance, Revocation, Store},
};
use rung_pki::tlog::{Edge, leaf_hash};
use rung_store::{MemoryStore, SqliteStore};
use tokio::task::JoinSet;

use crate::samples::{certificate_until, issuance, issuance_with, monday, revocation_of};

/// Run a check on every store there is.
async fn on_each<F: Future<Output = ()>>(check: impl Fn(Arc<dyn Store>) -> F) {
    check(Arc::new(MemoryStore::default())).await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("db.sqlite")).unwrap());
    check(store.clone()).await;
    store.close().await;
}

#[tokio::test]
async fn what_is_committed_is_found() {
    on_each(async |store| {
        let wanted = issuance(1);
        store.commit(wanted.clone()).await.unwrap();
        let found = store.certificate(wanted.certificate.serial()).await.unwrap().unwrap();
        assert_eq!(found.certificate.der(), wanted.certificate.der());
        assert_eq!(found.provisioner_name, "admin");
        assert_eq!(found.provisioner_id, "admin:kid");
        assert_eq!(found.provisioner_kind, "JWK");
        assert_eq!(found.token_digest, wanted.token.map(|token| token.digest));
        assert!(store.certificate(issuance(2).certificate.serial()).await.unwrap().is_none());
        store.check().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn t02_a_token_is_spent_once_however_many_try() {
    on_each(async |store| {
        let mut tries = JoinSet::new();
        for serial in 0..50 {
            let store = store.clone();
            tries.spawn(async move { store.commit(issuance_with(serial, 7)).await });
        }
        let outcomes = tries.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let spent = outcomes.iter().filter(|outcome| matches!(outcome, Err(CommitError::TokenSpent))).count();
        assert_eq!(spent, 49);
        assert_eq!(store.count_certificates().await.unwrap(), 1);
        assert_eq!(store.audit(1, 100).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn c30_a_serial_number_occurs_once_and_the_token_stays_usable() {
    on_each(async |store| {
        store.commit(issuance_with(1, 1)).await.unwrap();
        let refused = store.commit(issuance_with(1, 2)).await;
        assert!(matches!(refused, Err(CommitError::SerialTaken)), "{refused:?}");
        store.commit(issuance_with(2, 2)).await.unwrap();
        assert_eq!(store.count_certificates().await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_audit_record_has_no_gaps_and_keeps_its_order() {
    on_each(async |store| {
        for number in 0..20 {
            store.commit(issuance(number)).await.unwrap();
            let again = store.commit(issuance(number)).await;
            assert!(matches!(again, Err(CommitError::TokenSpent)));
        }
        let all = store.audit(1, 100).await.unwrap();
        assert_eq!(all.iter().map(|record| record.position).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
        assert_eq!(all[4].request_id, "request-4");
        assert_eq!(all[4].at, monday());
        let some = store.audit(5, 2).await.unwrap();
        assert_eq!(some, all[4..6]);
    })
    .await;
}

#[tokio::test]
async fn only_expired_tokens_are_forgotten_and_never_too_many_at_once() {
    on_each(async |store| {
        for number in 0..10 {
            store.commit(issuance(number)).await.unwrap();
        }
        let now = monday() + Duration::from_secs(5);
        let digest = |number: u32| issuance(number).token.unwrap().digest;
        for (number, expected) in [(0, true), (9, true), (10, false)] {
            assert_eq!(store.is_spent(&digest(number)).await.unwrap(), expected);
        }
        assert_eq!(store.purge_tokens(now, 3).await.unwrap(), 3);
        let mut remembered = 0;
        for number in 0..5 {
            remembered += u32::from(store.is_spent(&digest(number)).await.unwrap());
        }
        assert_eq!(remembered, 2, "which of them is forgotten first is not said");
        assert_eq!(store.purge_tokens(now, 3).await.unwrap(), 2);
        assert_eq!(store.purge_tokens(now, 3).await.unwrap(), 0);
        assert!(matches!(store.commit(issuance_with(100, 5)).await, Err(CommitError::TokenSpent)));
        store.commit(issuance_with(101, 4)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_certificate_is_revoked_once_and_the_token_of_the_second_try_stays_usable() {
    on_each(async |store| {
        store.commit(issuance(1)).await.unwrap();
        let wanted = revocation_of(&issuance(1), 100);
        assert_eq!(store.standing(&wanted.serial).await.unwrap().revocation, None);
        store.revoke(wanted.clone()).await.unwrap();
        let found = store.standing(&wanted.serial).await.unwrap().revocation.unwrap();
        assert_eq!(
            (found.position, found.serial, found.at, found.reason),
            (1, wanted.serial, wanted.at, wanted.reason)
        );
        assert_eq!((found.not_after, found.issuer), (wanted.not_after, wanted.issuer));
        let again = store.revoke(revocation_of(&issuance(1), 101)).await;
        assert!(matches!(again, Err(CommitError::Revoked)), "{again:?}");
        let spent = store.revoke(revocation_of(&issuance(2), 100)).await;
        assert!(matches!(spent, Err(CommitError::TokenSpent)), "{spent:?}");
        store.revoke(Revocation { not_after: None, issuer: None, ..revocation_of(&issuance(2), 101) }).await.unwrap();
        let all = store.revocations(0, 10).await.unwrap();
        assert_eq!(all.iter().map(|record| record.serial).collect::<Vec<_>>().len(), 2);
        assert_eq!((all[1].not_after, all[1].issuer), (None, None));
        assert_eq!(store.revocations(all[0].position, 10).await.unwrap(), all[1..]);
        assert_eq!(store.revocations(0, 1).await.unwrap(), all[..1]);
        let audit = store.audit(1, 10).await.unwrap();
        assert_eq!(
            audit.iter().map(|record| record.action.as_str()).collect::<Vec<_>>(),
            ["issued", "revoked", "revoked"]
        );
    })
    .await;
}

#[tokio::test]
async fn c21_nothing_takes_the_place_of_a_revoked_certificate() {
    on_each(async |store| {
        store.commit(issuance(1)).await.unwrap();
        let renewal =
            |number| Issuance { token: None, replaces: Some(*issuance(1).certificate.serial()), ..issuance(number) };
        store.commit(renewal(2)).await.unwrap();
        let found = store.certificate(issuance(2).certificate.serial()).await.unwrap().unwrap();
        assert_eq!(found.token_digest, None);
        store.revoke(revocation_of(&issuance(1), 100)).await.unwrap();
        let refused = store.commit(renewal(3)).await;
        assert!(matches!(refused, Err(CommitError::Revoked)), "{refused:?}");
        // What came before the revocation can itself be renewed.
        let next = Issuance { replaces: Some(*issuance(2).certificate.serial()), ..renewal(4) };
        store.commit(next).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn c06_no_certificate_is_for_a_condemned_key() {
    on_each(async |store| {
        store.commit(issuance(1)).await.unwrap();
        let key = issuance(1).certificate.public_key().unwrap().fingerprint();
        store.revoke(Revocation { condemned_key: Some(key), ..revocation_of(&issuance(1), 100) }).await.unwrap();
        // All certificates of these tests are for one key.
        let refused = store.commit(issuance(2)).await;
        assert!(matches!(refused, Err(CommitError::KeyRevoked)), "{refused:?}");
        assert_eq!(store.count_certificates().await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn p07_after_a_revocation_no_renewal_succeeds() {
    on_each(async |store| {
        store.commit(issuance(1)).await.unwrap();
        let mut tries = JoinSet::new();
        for number in 2..102 {
            let store = store.clone();
            tries.spawn(async move {
                let renewal =
                    Issuance { token: None, replaces: Some(*issuance(1).certificate.serial()), ..issuance(number) };
                store.commit(renewal).await.is_ok()
            });
        }
        store.revoke(revocation_of(&issuance(1), 1000)).await.unwrap();
        let before = tries.join_all().await.into_iter().filter(|renewed| *renewed).count();
        let late = Issuance { replaces: Some(*issuance(1).certificate.serial()), ..issuance(2000) };
        assert!(matches!(store.commit(late).await, Err(CommitError::Revoked)));
        let actions: Vec<String> =
            store.audit(1, 1000).await.unwrap().into_iter().map(|record| record.action).collect();
        let place = actions.iter().position(|action| action == "revoked").unwrap();
        assert_eq!(place, actions.len() - 1, "something was issued after the revocation");
        assert_eq!(actions.len(), before + 2);
    })
    .await;
}

#[tokio::test]
async fn certificates_are_forgotten_when_they_ended_unless_they_were_revoked() {
    on_each(async |store| {
        for number in 0..8 {
            store.commit(issuance(number)).await.unwrap();
        }
        store.revoke(revocation_of(&issuance(2), 100)).await.unwrap();
        let end = issuance(0).certificate.not_after();
        assert_eq!(store.purge_certificates(end, 10).await.unwrap(), 0, "they end with this moment, not before");
        let later = end + Duration::from_millis(1);
        assert_eq!(store.purge_certificates(later, 3).await.unwrap(), 3);
        // A longer one, and one more that has ended.
        let mut long = issuance(9);
        long.certificate = certificate_until(9, end + Duration::from_secs(5));
        store.commit(long).await.unwrap();
        store.commit(issuance(8)).await.unwrap();
        assert_eq!(store.purge_certificates(later, 3).await.unwrap(), 3);
        assert_eq!(store.purge_certificates(later, 3).await.unwrap(), 2);
        assert_eq!(store.purge_certificates(later, 3).await.unwrap(), 0);
        assert_eq!(store.count_certificates().await.unwrap(), 2);
        for kept in [2, 9] {
            assert!(store.certificate(issuance(kept).certificate.serial()).await.unwrap().is_some(), "{kept}");
        }
        assert!(store.standing(issuance(2).certificate.serial()).await.unwrap().revocation.is_some());
        assert_eq!(store.purge_certificates(end + Duration::from_secs(6), 3).await.unwrap(), 1);
        // The audit record still has them, and so have the tokens.
        assert_eq!(store.audit(1, 100).await.unwrap().len(), 11);
        assert!(matches!(store.commit(issuance(1)).await, Err(CommitError::TokenSpent)));
    })
    .await;
}

#[tokio::test]
async fn r02_numbers_of_crls_only_grow() {
    on_each(async |store| {
        let mut numbers = Vec::new();
        for _ in 0..3 {
            numbers.push(store.next_crl_number(b"one", 0).await.unwrap());
        }
        for at_least in [3, 1000, 7, u64::from(u32::MAX)] {
            numbers.push(store.next_crl_number(b"one", at_least).await.unwrap());
        }
        assert_eq!(numbers, [1, 2, 3, 4, 1000, 1001, u64::from(u32::MAX)]);
        assert_eq!(store.next_crl_number(b"other", 0).await.unwrap(), 1);
        assert_eq!(store.next_crl_number(b"third", 9).await.unwrap(), 9);
    })
    .await;
}

#[tokio::test]
async fn divisions_of_lists_are_remembered_for_each_issuer() {
    on_each(async |store| {
        let (one, other) = (IssuerId::from([1; 16]), IssuerId::from([2; 16]));
        let division = |base: &str, shards| Division { base: base.to_owned(), shards };
        let (first, second) = (division("http://pki.example/crl/1", 4), division("http://pki.example/crl/1", 16));
        assert_eq!(store.divisions(one, None).await.unwrap(), []);
        for _ in 0..2 {
            assert_eq!(store.divisions(one, Some(first.clone())).await.unwrap(), std::slice::from_ref(&first));
        }
        let mut known = store.divisions(one, Some(second.clone())).await.unwrap();
        known.sort();
        assert_eq!(known, [first, second]);
        assert_eq!(store.divisions(one, None).await.unwrap().len(), 2);
        assert_eq!(store.divisions(other, None).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn d10_the_audit_record_is_a_chain_and_a_tree() {
    on_each(async |store| {
        let (mut previous, mut edge) = (BEGINNING, Edge::default());
        assert_eq!(store.audit_head().await.unwrap(), (0, edge.root()));
        for number in 0..300 {
            match number % 3 {
                0 => store.append(issuance(number).audit).await.unwrap(),
                1 => store.commit(issuance(number)).await.unwrap(),
                _ => store.revoke(revocation_of(&issuance(number), number)).await.unwrap(),
            }
        }
        let records = store.audit(1, 1000).await.unwrap();
        assert_eq!(records.len(), 300);
        for record in &records {
            let said = Said {
                position: record.position,
                at: record.at,
                action: &record.action,
                request_id: &record.request_id,
                detail: &record.detail,
            };
            let octets = audit::record(&said, &previous);
            assert_eq!(record.hash, leaf_hash(&octets), "{}", record.position);
            assert!(serde_json::from_slice::<serde_json::Value>(&octets).unwrap().is_object());
            edge.push(record.hash);
            previous = record.hash;
        }
        assert_eq!(store.audit_head().await.unwrap(), (300, edge.root()));
        assert_eq!(store.checkpoint().await.unwrap(), None);
        store.keep_checkpoint(7, "seven").await.unwrap();
        store.keep_checkpoint(300, "all").await.unwrap();
        assert_eq!(store.checkpoint().await.unwrap().as_deref(), Some("all"));
    })
    .await;
}

#[tokio::test]
async fn the_audit_record_goes_on_after_a_restart_and_after_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let mut edge = Edge::default();
    for round in 0..4 {
        let store = SqliteStore::open(&file).unwrap();
        for number in 0..200 {
            store.commit(issuance(round * 200 + number)).await.unwrap();
            // It leaves nothing, in the middle of a batch or not.
            assert!(store.commit(issuance(round * 200 + number)).await.is_err());
        }
        for record in store.audit(u64::from(round) * 200 + 1, 1000).await.unwrap() {
            edge.push(record.hash);
        }
        assert_eq!(store.audit_head().await.unwrap(), (edge.size(), edge.root()));
        store.close().await;
    }
    assert_eq!(edge.size(), 800);
}

#[tokio::test]
async fn memory_does_not_grow_for_ever() {
    let store = MemoryStore::default();
    for number in 0..10_003 {
        store.commit(issuance(number)).await.unwrap();
    }
    assert_eq!(store.count_certificates().await.unwrap(), 10_000);
    assert!(store.certificate(issuance(2).certificate.serial()).await.unwrap().is_none());
    assert!(store.certificate(issuance(3).certificate.serial()).await.unwrap().is_some());
    let oldest = store.audit(1, 1).await.unwrap();
    assert_eq!((oldest[0].position, oldest[0].request_id.as_str()), (4, "request-3"));
    // The token of a forgotten certificate stays spent.
    assert!(matches!(store.commit(issuance_with(20_000, 0)).await, Err(CommitError::TokenSpent)));
}
