//! What is particular to a store in a file.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rung_authority::store::{CommitError, Store, StoreError};
use rung_store::{OpenError, SqliteStore};
use rusqlite::Connection;
use tokio::task::JoinSet;

use crate::samples::{certificate_until, issuance, monday, revocation_of};

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
    let other_name = folder.path().join("link.sqlite");
    symlink(&file, &other_name).unwrap();
    assert!(matches!(SqliteStore::open(&other_name), Err(OpenError::InUse { .. })));
    // Closing is enough, and so is dropping.
    store.close().await;
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.count_certificates().await, Err(StoreError::Unavailable(_))));
    assert!(!folder.path().join("db.sqlite-wal").exists(), "the log was not tidied up");
    drop(SqliteStore::open(&file).unwrap());
    drop(SqliteStore::open(&file).unwrap());
}

#[tokio::test]
async fn f03_a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 5).await;
    let pages: u32 = Connection::open(&file).unwrap().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
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
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let before = fs::read(&file).unwrap();
    check_refused(&file, |error| matches!(error, OpenError::Foreign { .. }));
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
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

#[tokio::test]
async fn f03_a_store_goes_on_by_itself_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled_at_once(&file, 3000).await;
    let pages: u32 = Connection::open(&file).unwrap().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let store = SqliteStore::open_with_page_limit(&file, pages).unwrap();
    store.check().await.unwrap();
    let mut number = 3000;
    while store.commit(issuance(number)).await.is_ok() {
        number += 1;
        assert!(number < 4000, "the limit has no effect");
    }
    let health = store.check().await;
    assert!(matches!(health, Err(StoreError::Unavailable(_))), "{health:?}");
    assert!(matches!(store.commit(issuance(number)).await, Err(CommitError::Unavailable(_))));
    // Forgetting makes room.
    assert_eq!(store.purge_tokens(monday() + Duration::from_secs(3000), 4000).await.unwrap(), 3000);
    store.check().await.unwrap();
    store.commit(issuance(number)).await.unwrap();
    assert_eq!(store.count_certificates().await.unwrap(), u64::from(number) + 1);
    store.close().await;
}

/// Closing waits for its turn in a full queue, and everybody who waited before gets an answer that is true.
#[tokio::test]
async fn closing_under_load_ends_and_tells_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let mut tries = JoinSet::new();
    for number in 0..6000 {
        let (store, issuance) = (store.clone(), issuance(number));
        tries.spawn(async move { store.commit(issuance).await.map_err(|error| error.to_string()).is_ok() });
    }
    // Lets all of them ask before anybody is answered: there is one thread, and each of them stops at its question.
    tokio::task::yield_now().await;
    store.close().await;
    let acknowledged = tries.join_all().await.into_iter().filter(|recorded| *recorded).count();
    assert!(acknowledged > 0);
    drop(store);
    let store = SqliteStore::open(&file).unwrap();
    assert_eq!(store.count_certificates().await.unwrap(), acknowledged as u64);
    store.close().await;
}

async fn filled_at_once(file: &Path, count: u32) {
    let store = Arc::new(SqliteStore::open(file).unwrap());
    let mut commits = JoinSet::new();
    for number in 0..count {
        let store = store.clone();
        commits.spawn(async move { store.commit(issuance(number)).await.unwrap() });
    }
    commits.join_all().await;
    store.close().await;
}

/// Flip a bit of the byte that follows the `nth` occurrence of `needle`.
fn flip_after(file: &Path, needle: &[u8], nth: usize) {
    let mut bytes = fs::read(file).unwrap();
    let places = bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle);
    let place = places.map(|(place, _)| place).nth(nth).unwrap() + needle.len();
    bytes[place] ^= 0x01;
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn f05_a_damaged_certificate_is_never_handed_out_and_stops_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 3).await;
    let damaged = issuance(1).certificate;
    // Its last digit makes the name `leaf 0`: as good a certificate as ever, but not the one that was issued.
    let name = damaged.tbs_der().windows(6).position(|window| window == b"leaf 1").unwrap();
    flip_after(&file, &damaged.tbs_der()[..name + 5], 0);
    let store = SqliteStore::open(&file).unwrap();
    let answer = store.certificate(damaged.serial()).await;
    let Err(StoreError::Damaged(reason)) = answer else { panic!("{answer:?}") };
    assert!(reason.contains(&file.display().to_string()), "{reason}");
    assert!(matches!(store.commit(issuance(9)).await, Err(CommitError::Unavailable(_))));
    assert!(matches!(store.check().await, Err(StoreError::Damaged(_))));
    assert!(matches!(store.certificate(issuance(2).certificate.serial()).await, Err(StoreError::Damaged(_))));
    store.close().await;
}

/// A token whose digest changed looks unspent: the index by expiry knows better.
#[tokio::test]
async fn f05_a_damaged_token_is_found_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 3).await;
    let digest = issuance(1).token.unwrap().digest;
    let whole = fs::read(&file).unwrap();
    let mut refused = 0;
    // Among the tokens, in the index by expiry, and as a note beside the certificate, which decides nothing.
    for copy in 0..3 {
        fs::write(&file, &whole).unwrap();
        flip_after(&file, &digest[..31], copy);
        if is_damaged(&file) {
            check_refused(&file, |error| matches!(error, OpenError::Damaged { .. }));
            refused += 1;
        }
    }
    assert_eq!(refused, 2);
}

fn is_damaged(file: &Path) -> bool {
    let verdict: String =
        Connection::open(file).unwrap().query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).unwrap();
    verdict != "ok"
}

/// A large file is not kept from serving by looking through it first, but damage that is found later stops it.
#[tokio::test]
async fn f05_damage_in_a_large_file_stops_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 3).await;
    let filler = "INSERT INTO audit (at, action, request_id, detail, hash)
        VALUES (1, 'x', 'x', hex(zeroblob(5000000)), zeroblob(32))";
    Connection::open(&file).unwrap().execute(filler, []).unwrap();
    let digest = issuance(1).token.unwrap().digest;
    let whole = fs::read(&file).unwrap();
    let mut copy = 0;
    while !is_damaged(&file) {
        fs::write(&file, &whole).unwrap();
        flip_after(&file, &digest[..31], copy);
        copy += 1;
    }
    let store = SqliteStore::open(&file).unwrap();
    let found = async {
        loop {
            match store.check().await {
                Ok(()) => tokio::task::yield_now().await,
                Err(error) => break error,
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(60), found).await.unwrap();
    assert!(matches!(&found, StoreError::Damaged(reason) if reason.contains("db.sqlite")), "{found:?}");
    assert!(matches!(store.commit(issuance(9)).await, Err(CommitError::Unavailable(_))));
    store.close().await;
}

#[tokio::test]
async fn f11_rows_that_nobody_wrote_are_damage() {
    for edit in [
        "INSERT INTO audit VALUES (2, -1, 'x', 'x', 'x', zeroblob(32))",
        "INSERT INTO audit VALUES (2, 0, CAST (x'ff' AS TEXT), 'x', 'x', zeroblob(32))",
        "INSERT INTO audit VALUES (2, 0, 'x', 'x', 'x', x'00')",
        "UPDATE certificates SET token = x'00'",
        "UPDATE certificates SET fingerprint = x'00'",
        "UPDATE certificates SET der = x'', fingerprint = x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("db.sqlite");
        filled(&file, 1).await;
        Connection::open(&file).unwrap().execute(edit, []).unwrap();
        let store = match SqliteStore::open(&file) {
            Ok(store) => store,
            Err(error) => {
                assert!(matches!(error, OpenError::Damaged { .. }), "{edit}: {error}");
                continue;
            }
        };
        let answers = (store.audit(0, 10).await.err(), store.certificate(issuance(0).certificate.serial()).await.err());
        assert!(matches!(answers, (Some(StoreError::Damaged(_)), _) | (_, Some(StoreError::Damaged(_)))), "{edit}");
        store.close().await;
    }
}

#[tokio::test]
async fn the_audit_record_is_only_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    filled(&file, 2).await;
    let connection = Connection::open(&file).unwrap();
    for edit in ["DELETE FROM audit WHERE position = 2", "UPDATE audit SET detail = ''"] {
        let refused = connection.execute(edit, []).unwrap_err().to_string();
        assert!(refused.contains("only appended to"), "{edit}: {refused}");
    }
}

/// The years of an authority in a minute: each certificate lasts for some hundred others, and leaves soon after.
#[tokio::test]
async fn the_file_stops_growing_when_certificates_leave() {
    const LIVE: u32 = 300;
    let count: u32 = match std::env::var("RUNG_CERTIFICATES") {
        Ok(count) => count.parse().unwrap(),
        Err(_) => 10 * LIVE,
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let time = |number: u32| monday() + Duration::from_secs(u64::from(number));
    let mut sizes = Vec::new();
    for first in (0..count).step_by(LIVE as usize) {
        let mut tasks = JoinSet::new();
        for number in first..first + LIVE {
            let mut issuance = issuance(number);
            issuance.certificate = certificate_until(number, time(number + LIVE));
            // One that is revoked stays, as little as there is of it.
            let revocation = (number == 0).then(|| revocation_of(&issuance, count + number));
            let store = store.clone();
            tasks.spawn(async move {
                store.commit(issuance).await.unwrap();
                if let Some(revocation) = revocation {
                    store.revoke(revocation).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        let now = time(first + LIVE);
        while store.purge_certificates(now, 200).await.unwrap() == 200 {}
        while store.purge_tokens(now, 1000).await.unwrap() == 1000 {}
        let pages = |table: &str| {
            let query = format!("SELECT count(*) FROM {table}");
            Connection::open(&file).unwrap().query_row(&query, [], |row| row.get::<_, u32>(0)).unwrap()
        };
        sizes.push((pages("certificates"), pages("tokens"), used_pages(&file)));
    }
    let (certificates, tokens, _) = sizes.last().unwrap();
    assert!(*certificates <= LIVE + 2 && *tokens <= 2 * LIVE, "{sizes:?}");
    // Only the audit record grows: what it takes is known, and everything else has found its size.
    let growth: Vec<i64> = sizes.windows(2).map(|pair| pair[1].2 - pair[0].2).collect();
    let late = &growth[growth.len() / 2..];
    assert!(late.iter().sum::<i64>() / late.len() as i64 <= 2, "pages that each {LIVE} certificates add: {growth:?}");
    store.close().await;
}

/// Pages of the file that anything but the audit record uses, or could use.
fn used_pages(file: &Path) -> i64 {
    let connection = Connection::open(file).unwrap();
    let all: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let audit: i64 = connection
        .query_row("SELECT sum(length(request_id) + length(detail) + 20) / 4096 FROM audit", [], |row| row.get(0))
        .unwrap();
    all - audit
}
