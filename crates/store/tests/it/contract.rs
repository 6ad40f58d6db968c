//! What every store promises.

use std::{sync::Arc, time::Duration};

use rung_authority::store::{CommitError, Store};
use rung_store::{MemoryStore, SqliteStore};
use tokio::task::JoinSet;

use crate::samples::{issuance, issuance_with, monday};

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
        assert_eq!(found.token_digest, wanted.token.digest);
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
        assert_eq!(store.purge_tokens(now, 3).await.unwrap(), 3);
        assert_eq!(store.purge_tokens(now, 3).await.unwrap(), 2);
        assert_eq!(store.purge_tokens(now, 3).await.unwrap(), 0);
        assert!(matches!(store.commit(issuance_with(100, 5)).await, Err(CommitError::TokenSpent)));
        store.commit(issuance_with(101, 4)).await.unwrap();
    })
    .await;
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
