//! Revocation while things break: clients that leave, races, kills, and a database from a backup.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use rung_authority::store::{AuditEntry, Revocation, Store};
use rung_pki::{Certificate, Crl, SerialNumber, crl::Reason, sha256};
use rung_store::SqliteStore;
use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{Answer, Client},
    revocation::{Scene, always},
};

/// A request to revoke, as octets.
fn request(body: &str) -> String {
    let length = body.len();
    format!("POST /revoke HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn number(crl: &Crl) -> u64 {
    crl.number().unwrap().iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

#[test]
fn i04_a_revocation_is_told_although_its_client_has_left() {
    let scene = Scene::new(&always());
    let leaves: Vec<Certificate> = (0..20).map(|_| scene.sign().certificate).collect();
    for leaf in &leaves {
        // The answer is ready from now on.
        assert!(scene.ocsp(leaf, &["-no_nonce"]).contains("leaf.crt: good"));
        let mut stream = scene.client.connect().unwrap();
        stream.write_all(request(&scene.revoke_body(leaf, &json!({}))).as_bytes()).unwrap();
        stream.flush().unwrap();
    }
    for leaf in &leaves {
        // Whether or not the first was read: whoever hears this may rely on it.
        let answer = scene.client.post("/revoke", &scene.revoke_body(leaf, &json!({})));
        assert!(answer.status == 200 || answer.message().contains("is already revoked"), "{answer:?}");
        let said = scene.ocsp(leaf, &["-no_nonce"]);
        assert!(said.contains("leaf.crt: revoked"), "{said}");
    }
}

#[test]
fn p07_no_renewal_that_starts_after_a_revocation_succeeds() {
    const RENEWALS: usize = 100;
    let scene = Scene::new(&always());
    let held = scene.sign();
    let (revoked, started) = (AtomicBool::new(false), AtomicUsize::new(0));
    let holders: Vec<Client> = (0..8).map(|_| scene.with(&held)).collect();
    let renew = |holder: &Client| {
        let mut outcomes = Vec::new();
        while started.fetch_add(1, Ordering::SeqCst) < RENEWALS {
            let was_revoked = revoked.load(Ordering::SeqCst);
            outcomes.push((was_revoked, holder.post("/renew", "").status));
        }
        outcomes
    };
    let outcomes: Vec<(bool, u16)> = thread::scope(|scope| {
        let renewals: Vec<_> = holders.iter().map(|holder| scope.spawn(|| renew(holder))).collect();
        while started.load(Ordering::SeqCst) < RENEWALS / 3 {
            thread::yield_now();
        }
        scene.revoke(&held.certificate);
        revoked.store(true, Ordering::SeqCst);
        renewals.into_iter().flat_map(|renewal| renewal.join().unwrap()).collect()
    });
    for (was_revoked, status) in &outcomes {
        assert!(*status == 401 || (*status == 201 && !was_revoked), "{status} after the revocation: {was_revoked}");
    }
    let renewed = outcomes.iter().filter(|(_, status)| *status == 201).count();
    assert!(renewed > 0 && renewed < RENEWALS, "there was no race: {renewed} were renewed");
    scene.close();
}

/// Revocations of certificates that were issued elsewhere.
fn fill(file: &std::path::Path, count: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open(file).unwrap());
        let mut committed = JoinSet::new();
        for serial in 0..count {
            let store = store.clone();
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
            let revocation = Revocation {
                serial: SerialNumber::from_bytes(&[&[7; 12], &serial.to_be_bytes()[..]].concat()).unwrap(),
                at,
                reason: Reason::Superseded,
                not_after: None,
                issuer: None,
                condemned_key: None,
                token: None,
                audit: AuditEntry { at, action: "revoked", request_id: String::new(), detail: "{}".to_owned() },
            };
            committed.spawn(async move { store.revoke(revocation).await.unwrap() });
            if serial % 1000 == 0 {
                // No more than the store lets wait.
                while committed.join_next().await.is_some() {}
            }
        }
        committed.join_all().await;
        store.close().await;
    });
}

/// Lists as they were handed out, by number, each with the digest of its octets.
type Seen = BTreeMap<u64, [u8; 32]>;

/// Ask for the list until nobody answers.
fn watch(client: &Client, seen: &mut Seen) {
    let request = "GET /crl?pem HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut last = 0;
    while let Ok(answer) = client.exchange(request.as_bytes()) {
        let answer = Answer::parse(&answer);
        let whole = answer.header("content-length") == Some(answer.body.len().to_string().as_str());
        if !whole {
            // The kill came in the middle of an answer, which says how long it was going to be.
            break;
        }
        let crl = Crl::from_pem_or_der(answer.body.as_bytes()).expect("a list is complete whenever it is asked for");
        let number = number(&crl);
        assert!(number >= last, "r02: {number} came after {last}");
        last = number;
        let digest = sha256(crl.der());
        assert_eq!(*seen.entry(number).or_insert(digest), digest, "i05: two lists have the number {number}");
    }
}

#[test]
fn f01_f27_a_kill_loses_no_acknowledged_revocation_and_repeats_no_number() {
    const EACH: usize = 10;
    let rounds = if std::env::var_os("SLOW_TESTS").is_some() { 50 } else { 5 };
    let mut scene = Scene::new(&always());
    scene.server.signal(Signal::TERM);
    std::mem::replace(&mut scene.server, crate::server::Server::spawn(&mut Command::new("true"))).wait();
    // Enough that a list takes a moment to make.
    fill(&scene.stage.path("db.sqlite"), 5000);
    scene.restart(Signal::KILL);
    let mut seen = Seen::new();
    for round in 0..rounds {
        let serial = |at: usize| (1_000_000 + round * EACH + at).to_string();
        let bodies = (0..EACH).map(|at| {
            let serial = serial(at);
            let token = scene.stage.token(&json!({"aud": "https://localhost/1.0/revoke", "sub": serial}));
            json!({"serial": serial, "ott": token, "passive": true}).to_string()
        });
        let bodies: Vec<String> = bodies.collect();
        let (process, client) = (scene.server.pid(), scene.client.clone());
        let acknowledged: Vec<usize> = thread::scope(|scope| {
            scope.spawn(|| watch(&client, &mut seen));
            scope.spawn(|| {
                // Somewhere among revocations and lists, another place each time.
                thread::sleep(Duration::from_millis(5 + 7 * (round % 10) as u64));
                let process = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
                rustix::process::kill_process(process, Signal::KILL).unwrap();
            });
            let answered = |body: &String| {
                client.exchange(request(body).as_bytes()).is_ok_and(|answer| answer.contains("{\"status\":\"ok\"}"))
            };
            bodies.iter().enumerate().filter(|(_, body)| answered(body)).map(|(at, _)| at).collect()
        });
        scene.restart(Signal::KILL);
        let crl = scene.crl();
        for at in acknowledged {
            let serial: SerialNumber = serial(at).parse().unwrap();
            assert!(crl.find(&serial).is_some(), "round {round}: {serial} was acknowledged");
        }
        let (number, digest) = (number(&crl), sha256(crl.der()));
        assert!(seen.keys().all(|before| *before <= number), "i05, round {round}");
        assert_eq!(*seen.entry(number).or_insert(digest), digest, "i05, round {round}");
    }
}

#[test]
fn f31_a_database_from_a_backup_repeats_no_number() {
    let mut scene = Scene::new(&always());
    let database = scene.stage.path("db.sqlite");
    let (first, second) = (scene.sign().certificate, scene.sign().certificate);
    scene.revoke(&first);
    scene.server.signal(Signal::TERM);
    std::mem::replace(&mut scene.server, crate::server::Server::spawn(&mut Command::new("true"))).wait();
    let backup = fs::read(&database).unwrap();
    scene.restart(Signal::KILL);
    scene.revoke(&second);
    while scene.crl().len() < 2 {
        thread::yield_now();
    }
    let latest = number(&scene.crl());
    scene.server.signal(Signal::TERM);
    std::mem::replace(&mut scene.server, crate::server::Server::spawn(&mut Command::new("true"))).wait();
    fs::write(&database, backup).unwrap();
    scene.stage.does(&["confirm-restore", "ca.json"]);
    scene.restart(Signal::KILL);
    let crl = scene.crl();
    assert_eq!(crl.len(), 1, "the backup is from before the second revocation");
    assert!(number(&crl) > latest, "whoever has the list of before must not take the new one for an older one");
}
