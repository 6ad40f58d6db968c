//! Looking through a store that is in use.

use std::time::Duration;

use rung_authority::store::Store;
use rung_store::inventory::{Cursor, CursorError, Filter, Inventory, State};
use rung_store::{OpenError, SqliteStore};

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
    check(&inventory, Filter { containing: vec![b"leaf 3".to_vec()], ..Filter::default() }, now, &[3]);
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
