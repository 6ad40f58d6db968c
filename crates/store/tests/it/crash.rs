//! F1: the process is killed at any moment, and nothing that was acknowledged is lost.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use rung_authority::store::{CommitError, Store};
use rung_store::SqliteStore;

use crate::samples::{issuance, issuance_with};

/// Names the file for the process that is going to be killed.
const FILE: &str = "RUNG_CRASH_TEST_FILE";

/// The process that is going to be killed: it commits and says so, without end.
#[tokio::test]
async fn f01_writes_until_killed() {
    let Some(file) = env::var_os(FILE) else { return };
    let store = SqliteStore::open(file.as_ref()).unwrap();
    let first = u32::try_from(store.count_certificates().await.unwrap()).unwrap();
    for number in first.. {
        store.commit(issuance(number)).await.unwrap();
        let mut output = std::io::stderr().lock();
        writeln!(output, "acknowledged {number}").unwrap();
    }
}

#[tokio::test]
async fn f01_what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let mut acknowledged = 0;
    for round in 1..=5_u32 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "crash::f01_writes_until_killed", "--nocapture", "--test-threads=1"])
            .env(FILE, &file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Killed in the middle of its work: after a few acknowledgements, a different number each round.
        let mut seen = 0;
        for line in lines {
            let line = line.unwrap();
            let Some(number) = line.strip_prefix("acknowledged ") else { continue };
            acknowledged = number.parse::<u32>().unwrap() + 1;
            seen += 1;
            if seen == 20 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();

        let store = SqliteStore::open(&file).unwrap();
        let count = u32::try_from(store.count_certificates().await.unwrap()).unwrap();
        assert!(count >= acknowledged, "{acknowledged} acknowledged, {count} on record");
        for number in 0..count {
            let certificate = issuance(number).certificate;
            assert!(store.certificate(certificate.serial()).await.unwrap().is_some(), "{number}");
            let replayed = store.commit(issuance_with(u32::MAX - number, number)).await;
            assert!(matches!(replayed, Err(CommitError::TokenSpent)), "{number}: {replayed:?}");
        }
        assert_eq!(store.audit(1, count + 1).await.unwrap().len(), count as usize);
        store.close().await;
    }
}
