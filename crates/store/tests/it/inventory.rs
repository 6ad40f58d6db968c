//! Looking through a store that is in use.

use std::path::Path;
use std::time::Duration;

use rung_authority::store::{Store, StoreError};
use rung_pki::sha256;
use rung_store::inventory::{Cursor, CursorError, Filter, Inventory, State};
use rung_store::{OpenError, SqliteStore};
use rusqlite::Connection;

use crate::samples::{certificate_until, issuance, monday, revocation_of};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_while_certificates_come() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    for number in 0..25 {
        // Several end at the same moment.
        let mut issuance = issuance(number);
        issuance.certificate = certificate_until(number, monday() + HOUR * (1 + number / 4));
        store.commit(issuance).await.unwrap();
    }
    let inventory = Inventory::open(&file).unwrap();
    let page = |filter: &Filter, after| inventory.page(filter, after, (7, monday())).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let entries = page(&Filter::default(), after);
        let Some(last) = entries.last() else { break };
        // A cursor survives being printed.
        after = Some(last.cursor.to_string().parse::<Cursor>().unwrap());
        seen.extend(entries.iter().map(|entry| *entry.certificate.serial()));
        store.commit(issuance_again(100 + seen.len())).await.unwrap();
        if seen.len() > 60 {
            panic!("there is no end");
        }
    }
    let expected: Vec<_> = (0..25).map(|number| *certificate_until(number, monday()).serial()).collect();
    assert_eq!(seen[..25], expected[..]);
    assert_eq!("x".parse::<Cursor>(), Err(CursorError));
    assert_eq!("-1-2".parse::<Cursor>(), Err(CursorError));
    store.close().await;
}

fn issuance_again(number: usize) -> rung_authority::store::Issuance {
    let number = u32::try_from(number).unwrap();
    let mut again = issuance(number);
    // It ends before those that were seen already.
    again.certificate = certificate_until(number, monday() + Duration::from_secs(60));
    again
}

#[tokio::test]
async fn filters_find_what_fits_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    for number in 0..6 {
        let mut issuance = issuance(number);
        issuance.certificate = certificate_until(number, monday() + HOUR * number);
        store.commit(issuance.clone()).await.unwrap();
        if number == 4 {
            store.revoke(revocation_of(&issuance, 104)).await.unwrap();
        }
    }
    let inventory = Inventory::open(&file).unwrap();
    let now = monday() + HOUR * 2 + Duration::from_secs(1);
    #[track_caller]
    fn check(inventory: &Inventory, filter: Filter, now: std::time::SystemTime, expected: &[u32]) {
        let found = inventory.page(&filter, None, (100, now)).unwrap();
        let names: Vec<_> = found.iter().map(|entry| entry.certificate.subject().common_name().unwrap()).collect();
        let expected: Vec<_> = expected.iter().map(|number| format!("leaf {number}")).collect();
        assert_eq!(names, expected, "{filter:?}");
        for entry in found {
            assert!(filter.state.is_none_or(|state| state == entry.state(now)), "{entry:?}");
            assert_eq!((entry.provisioner.as_str(), entry.provisioner_kind.as_str()), ("admin", "JWK"));
        }
    }
    let state = |state| Filter { state: Some(state), ..Filter::default() };
    check(&inventory, Filter::default(), now, &[0, 1, 2, 3, 4, 5]);
    check(&inventory, state(State::Expired), now, &[0, 1, 2]);
    check(&inventory, state(State::Revoked), now, &[4]);
    check(&inventory, state(State::Valid), now, &[3, 5]);
    let ends = Filter { ends_from: Some(monday() + HOUR), ends_before: Some(monday() + HOUR * 3), ..Filter::default() };
    check(&inventory, ends, now, &[1, 2]);
    check(&inventory, named("leaf 3"), now, &[3]);
    check(&inventory, named("LEAF 3"), now, &[3]);
    check(&inventory, named("leaf"), now, &[]);
    check(&inventory, Filter { state: Some(State::Revoked), ..named("leaf 3") }, now, &[]);
    check(&inventory, Filter { state: Some(State::Revoked), ..named("leaf 4") }, now, &[4]);
    let key = Some(sha256(certificate_until(0, now).public_key_info()));
    check(&inventory, Filter { key, ..state(State::Valid) }, now, &[3, 5]);
    check(&inventory, Filter { key, ..named("leaf 5") }, now, &[5]);
    check(&inventory, Filter { key: Some([7; 32]), ..Filter::default() }, now, &[]);
    check(&inventory, Filter { provisioner: Some("admin".to_owned()), ..state(State::Revoked) }, now, &[4]);
    check(&inventory, Filter { provisioner: Some("other".to_owned()), ..Filter::default() }, now, &[]);
    let serial = Some(*certificate_until(5, now).serial());
    check(&inventory, Filter { serial, ..Filter::default() }, now, &[5]);
    store.close().await;
}

#[tokio::test]
async fn only_a_store_is_looked_through_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    assert!(matches!(Inventory::open(&file), Err(OpenError::Unusable { .. })));
    assert!(!file.exists());
    std::fs::write(&file, "not a database, but long enough to be taken for one".repeat(20)).unwrap();
    assert!(matches!(Inventory::open(&file), Err(OpenError::Foreign { .. })));
}

fn named(name: &str) -> Filter {
    Filter { names: vec![name.to_owned()], ..Filter::default() }
}

/// Record the certificates with those numbers, which end after so many hours.
async fn record(store: &SqliteStore, numbers: std::ops::Range<u32>, hours: u32) {
    for number in numbers {
        let mut issuance = issuance(number);
        issuance.certificate = certificate_until(number, monday() + HOUR * hours + Duration::from_secs(number.into()));
        store.commit(issuance).await.unwrap();
    }
}

/// Wait until so many blocks can be searched.
fn wait_for_blocks(file: &Path, expected: i64) {
    let connection = Connection::open(file).unwrap();
    for _ in 0..20_000 {
        let query = "SELECT count(*) FROM certificate_terms";
        if connection.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap() == expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the certificates are not gathered");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_found_in_blocks_and_behind_them_and_after_certificates_were_purged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    record(&store, 0..2100, 1).await;
    wait_for_blocks(&file, 2);
    let inventory = Inventory::open(&file).unwrap();
    let found = |filter: &Filter| -> Vec<String> {
        let entries = inventory.page(filter, None, (5000, monday())).unwrap();
        entries.iter().map(|entry| entry.certificate.subject().common_name().unwrap().to_owned()).collect()
    };
    // The first, the last and the middle of a block, and one that is in none.
    for number in [0, 1023, 1024, 1500, 2047, 2048, 2099] {
        assert_eq!(found(&named(&format!("leaf {number}"))), [format!("leaf {number}")]);
    }
    assert!(found(&named("leaf 2100")).is_empty());
    let granted = |name: &str| Filter { provisioner: Some(name.to_owned()), ..Filter::default() };
    assert_eq!(found(&granted("admin")).len(), 2100);
    assert!(found(&granted("other")).is_empty());
    let early = Filter { ends_before: Some(monday() + HOUR + Duration::from_secs(7)), ..granted("admin") };
    assert_eq!(found(&early).len(), 7);
    // Pages of what blocks and the rest have.
    let (mut count, mut after) = (0, None);
    loop {
        let entries = inventory.page(&granted("admin"), after, (999, monday())).unwrap();
        let Some(last) = entries.last() else { break };
        (count, after) = (count + entries.len(), Some(last.cursor));
    }
    assert_eq!(count, 2100);

    // When all have gone their rows are given to others.
    while store.purge_certificates(monday() + HOUR * 2, 500).await.unwrap() > 0 {}
    wait_for_blocks(&file, 0);
    assert!(found(&named("leaf 1500")).is_empty());
    record(&store, 3000..4400, 3).await;
    wait_for_blocks(&file, 1);
    for number in [3000, 3500, 4023, 4024, 4399] {
        assert_eq!(found(&named(&format!("leaf {number}"))), [format!("leaf {number}")]);
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_an_older_version_are_gathered_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    record(&store, 0..1300, 1).await;
    wait_for_blocks(&file, 1);
    store.close().await;
    Connection::open(&file).unwrap().execute("DELETE FROM certificate_terms", []).unwrap();
    let store = SqliteStore::open(&file).unwrap();
    wait_for_blocks(&file, 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f06_a_damaged_block_is_an_error_and_not_a_certificate_less() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db.sqlite");
    let store = SqliteStore::open(&file).unwrap();
    record(&store, 0..1280, 1).await;
    wait_for_blocks(&file, 1);
    store.close().await;
    let connection = Connection::open(&file).unwrap();
    let query = "SELECT contents FROM certificate_terms";
    let mut contents: Vec<u8> = connection.query_row(query, [], |row| row.get(0)).unwrap();
    *contents.last_mut().unwrap() ^= 1;
    connection.execute("UPDATE certificate_terms SET contents = ?1", [contents]).unwrap();
    let inventory = Inventory::open(&file).unwrap();
    let found = inventory.page(&named("leaf 3"), None, (10, monday()));
    assert!(matches!(found, Err(StoreError::Damaged(_))), "{found:?}");
}
