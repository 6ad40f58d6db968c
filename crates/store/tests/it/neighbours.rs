//! Other programs may look at the file while the store is open.

use std::{fs, os::unix::fs::MetadataExt};

use rung_authority::store::Store;
use rung_store::SqliteStore;

use crate::samples::issuance;

/// Before version 3.51, SQLite's shell removed the log of a database that nobody else seems to have open, and with it
/// everything that the store was going to acknowledge. SQLite's lock on the file keeps it from that; closing any other
/// descriptor of the file drops that lock unnoticed.
#[tokio::test]
async fn other_programs_see_that_the_file_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    // The second time the file has something in it that is looked through.
    for number in 0..2 {
        let store = SqliteStore::open(&file).unwrap();
        store.commit(issuance(number)).await.unwrap();
        assert_eq!(store.count_certificates().await.unwrap(), u64::from(number) + 1);
        let (owner, inode) = (std::process::id().to_string(), fs::metadata(&file).unwrap().ino().to_string());
        let locks = fs::read_to_string("/proc/locks").unwrap();
        let mut locks = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let held = locks.any(|lock| {
            lock.contains(&"POSIX")
                && lock.contains(&owner.as_str())
                && lock.iter().any(|field| field.rsplit_once(':').is_some_and(|(_, found)| found == inode))
        });
        assert!(held, "SQLite has no lock on the file");
        store.close().await;
    }
}
