//! A database that is not the one that was left.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rung_authority::store::{AuditEntry, Store};
use rung_store::{Gap, OpenError, SqliteStore};
use tempfile::TempDir;

use crate::samples::{issuance, monday, revocation_of};

/// A folder with a database, its copy from some time ago, and what happened since.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("db.sqlite")
    }

    fn mark(&self) -> PathBuf {
        self.folder.path().join("db.sqlite-mark")
    }

    /// Certificates with these numbers; those with an odd one are revoked.
    async fn record(&self, numbers: std::ops::Range<u32>) {
        let store = SqliteStore::open(&self.file()).unwrap();
        for number in numbers {
            store.commit(issuance(number)).await.unwrap();
            if number % 2 == 1 {
                store.revoke(revocation_of(&issuance(number), 1000 + number)).await.unwrap();
            }
        }
        store.close().await;
    }

    fn copy(&self) -> Vec<u8> {
        fs::read(self.file()).unwrap()
    }

    fn put(&self, copy: &[u8]) {
        for left in ["-wal", "-shm"] {
            let _ = fs::remove_file(self.folder.path().join(format!("db.sqlite{left}")));
        }
        fs::write(self.file(), copy).unwrap();
    }

    /// What is said of the database, each time it is opened.
    #[track_caller]
    fn check(&self, expected: Option<Gap>) {
        for _ in 0..2 {
            match (SqliteStore::open(&self.file()), expected) {
                (Ok(store), None) => drop(store),
                (Err(OpenError::Gap { gap, .. }), Some(expected)) => assert_eq!(gap, expected),
                (other, _) => panic!("{:?} instead of {expected:?}", other.err()),
            }
        }
    }

    /// When a gap was confirmed for the last time.
    fn restored(&self) -> Option<SystemTime> {
        SqliteStore::open(&self.file()).unwrap().restored()
    }

    async fn confirm(&self) {
        let entry = AuditEntry {
            at: monday(),
            action: "restore confirmed",
            request_id: String::new(),
            detail: "{}".to_owned(),
        };
        SqliteStore::confirm(&self.file(), entry).await.unwrap();
    }
}

fn confirmations(file: &Path) -> i64 {
    let query = "SELECT count(*) FROM audit WHERE action = 'restore confirmed'";
    rusqlite::Connection::open(file).unwrap().query_row(query, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn p04_a_database_from_a_backup_is_refused_until_that_is_confirmed() {
    let place = Place::new();
    place.record(0..4).await;
    let backup = place.copy();
    place.check(None);
    // Nothing happened since: it is what was left.
    place.put(&backup);
    place.check(None);
    assert_eq!(place.restored(), None);
    place.record(4..10).await;
    place.put(&backup);
    place.check(Some(Gap::Behind { records: 9, revocations: 3 }));
    place.confirm().await;
    place.check(None);
    assert_eq!(confirmations(&place.file()), 1);
    assert_eq!(place.restored(), Some(monday()));
    place.record(10..12).await;
    // The way that was left may have come further, and is not the one that was confirmed.
    place.put(&backup);
    place.check(Some(Gap::Behind { records: 4, revocations: 1 }));
}

#[tokio::test]
async fn p04_a_backup_that_went_another_way_is_told() {
    let (place, other) = (Place::new(), Place::new());
    place.record(0..2).await;
    let backup = place.copy();
    // The same database goes on elsewhere.
    other.put(&backup);
    other.check(Some(Gap::Unmarked));
    other.confirm().await;
    other.record(20..30).await;
    place.record(2..4).await;
    place.put(&other.copy());
    place.check(Some(Gap::Diverged));
    place.confirm().await;
    place.check(None);
}

#[tokio::test]
async fn p04_a_database_that_was_put_away_or_replaced_is_told() {
    let (place, other) = (Place::new(), Place::new());
    place.record(0..2).await;
    other.record(0..2).await;
    place.put(&other.copy());
    place.check(Some(Gap::Replaced));
    place.confirm().await;
    place.check(None);
    // A new one in the place of the old one knows of no revocation.
    fs::remove_file(place.file()).unwrap();
    place.check(Some(Gap::Replaced));
    place.confirm().await;
    place.check(None);
}

#[tokio::test]
async fn p04_a_mark_that_is_gone_or_damaged_is_told_and_half_of_one_is_enough() {
    let place = Place::new();
    place.record(0..3).await;
    let mark = fs::read(place.mark()).unwrap();
    assert_eq!(mark.len(), 1024);
    // Whichever half the power failed in, the other one stands, and is not ahead.
    for half in [0..512, 512..1024] {
        let mut torn = mark.clone();
        torn[half].fill(0xaa);
        fs::write(place.mark(), torn).unwrap();
        place.check(None);
        fs::write(place.mark(), &mark).unwrap();
    }
    fs::write(place.mark(), vec![0xaa; 1024]).unwrap();
    place.check(Some(Gap::Unmarked));
    fs::remove_file(place.mark()).unwrap();
    place.check(Some(Gap::Unmarked));
    place.confirm().await;
    place.check(None);
}

#[tokio::test]
async fn p04_a_database_of_an_older_version_and_an_interrupted_start_raise_no_alarm() {
    let place = Place::new();
    place.record(0..3).await;
    let edit = |edit: &str| rusqlite::Connection::open(place.file()).unwrap().execute(edit, []).unwrap();
    // As it was before there were marks.
    edit("DELETE FROM identity");
    fs::remove_file(place.mark()).unwrap();
    place.check(None);
    // The power failed when the file was made, and when its first half was written.
    for left in [Vec::new(), vec![0; 100]] {
        edit("DELETE FROM identity");
        fs::write(place.mark(), left).unwrap();
        let store = SqliteStore::open(&place.file()).unwrap();
        let written = fs::read(place.mark()).unwrap();
        assert_eq!(written[8..16], 2_u64.to_be_bytes(), "once before the database says which it is, once after");
        drop(store);
        place.check(None);
    }
    // It failed between the file and the database.
    let mut first = fs::read(place.mark()).unwrap()[..512].to_vec();
    first[8..16].copy_from_slice(&1_u64.to_be_bytes());
    let digest = rung_pki::sha256(&first[..88]);
    first[88..120].copy_from_slice(&digest);
    fs::write(place.mark(), [vec![0; 512], first].concat()).unwrap();
    edit("DELETE FROM identity");
    place.check(None);
}

#[tokio::test]
async fn p04_the_mark_is_written_before_a_revocation_is_acknowledged() {
    let place = Place::new();
    place.record(0..1).await;
    let store = SqliteStore::open(&place.file()).unwrap();
    let before = fs::read(place.mark()).unwrap();
    store.commit(issuance(1)).await.unwrap();
    assert_eq!(fs::read(place.mark()).unwrap(), before, "certificates are issued without it");
    store.revoke(revocation_of(&issuance(1), 1001)).await.unwrap();
    assert_ne!(fs::read(place.mark()).unwrap(), before);
    store.close().await;
}
