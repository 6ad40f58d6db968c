//! What is particular to a store in a file.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use rung_authority::store::{CommitError, Store};
use rung_store::{OpenError, SqliteStore};
use rusqlite::Connection;

use crate::samples::issuance;

async fn filled(file: &Path, count: u32) {
    let store = SqliteStore::open(file).unwrap();
    for number in 0..count {
        store.commit(issuance(number)).await.unwrap();
    }
    store.close().await;
}

#[tokio::test]
async fn a_store_that_was_closed_opens_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 10).await;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let store = SqliteStore::open(&file).unwrap();
    assert_eq!(store.count_certificates().await.unwrap(), 10);
    assert!(matches!(store.commit(issuance(3)).await, Err(CommitError::TokenSpent)));
    store.commit(issuance(10)).await.unwrap();
    assert_eq!(store.audit(11, 10).await.unwrap().len(), 1);
    store.close().await;
}

#[tokio::test]
async fn two_processes_do_not_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    assert!(matches!(SqliteStore::open(&file), Err(OpenError::InUse { .. })));
    store.close().await;
    drop(store);
    SqliteStore::open(&file).unwrap().close().await;
}

#[tokio::test]
async fn f03_a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 5).await;
    let pages: i64 = Connection::open(&file).unwrap().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let store = SqliteStore::open_with_page_limit(&file, pages + 1).unwrap();
    let mut number = 5;
    let refused = loop {
        match store.commit(issuance(number)).await {
            Ok(()) => number += 1,
            Err(error) => break error,
        }
        assert!(number < 1000, "the limit has no effect");
    };
    assert!(matches!(refused, CommitError::Unavailable(_)), "{refused:?}");
    assert_eq!(store.count_certificates().await.unwrap(), u64::from(number));
    store.close().await;
    drop(store);
    // There is room again: what was refused was not spent.
    let store = SqliteStore::open(&file).unwrap();
    store.commit(issuance(number)).await.unwrap();
    assert_eq!(store.count_certificates().await.unwrap(), u64::from(number) + 1);
    store.close().await;
}

#[track_caller]
fn check_refused(file: &Path, expected: fn(&OpenError) -> bool) {
    match SqliteStore::open(file) {
        Ok(_) => panic!("the file was opened"),
        Err(error) => {
            assert!(expected(&error), "{error:?}");
            assert!(error.to_string().contains(&file.display().to_string()), "{error}");
        }
    }
}

#[tokio::test]
async fn p05_a_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 1).await;
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    check_refused(&file, |error| matches!(error, OpenError::Newer { found: 99, .. }));
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.sqlite");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = fs::read(&file).unwrap();
    check_refused(&file, |error| matches!(error, OpenError::Foreign { .. }));
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::write(&file, "not a database at all, but long enough to be looked at").unwrap();
    check_refused(&file, |error| matches!(error, OpenError::Foreign { .. }));
}

#[tokio::test]
async fn f05_a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 200).await;
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    check_refused(&file, |error| matches!(error, OpenError::Damaged { .. }));
    // The header of a table page, where its kind stands.
    let mut flipped = whole.clone();
    let page = 4096 * 3;
    flipped[page] ^= 0xff;
    fs::write(&file, &flipped).unwrap();
    check_refused(&file, |error| matches!(error, OpenError::Damaged { .. }));
}
