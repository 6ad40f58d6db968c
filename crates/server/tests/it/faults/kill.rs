//! F1: killed in the middle of everything. F20: stopped and continued.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rung_authority::store::{AuditEntry, Issuance, ProvisionerRef, Store, TokenUse};
use rung_pki::{
    Certificate, CertificateContent, Crl, DistinguishedName, SerialNumber, SignatureAlgorithm, Signer, sha256,
};
use rung_server::stopwatch::Stopwatch;
use rung_store::SqliteStore;
use rustix::process::{Pid, Signal, kill_process};
use rustls::version::TLS13;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{History, Outcome, alone, ask, belongings, is_long, measured, percentile, sign, soon};
use crate::{
    client::Client,
    revocation::always,
    server::Server,
    stage::{Stage, ec, request_of},
};

/// So many certificates are on record before.
const BEFORE: u32 = 100_000;

/// Put certificates on record that were issued before, as the store does it.
pub(super) fn fill(stage: &Stage, count: u32) {
    let start = std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    let signature = stage.key.sign_now(algorithm, b"anything").unwrap();
    let key = ec();
    let provisioner = Arc::new(ProvisionerRef { id: "old".to_owned(), name: "old".to_owned(), kind: "JWK" });
    let issuance = |number: u32| {
        let serial = [&[9; 12], &number.to_be_bytes()[..]].concat();
        let content = CertificateContent {
            serial: SerialNumber::from_bytes(&serial).unwrap(),
            issuer_der: stage.intermediate.subject_der().to_vec(),
            subject: DistinguishedName::new().with_common_name("old").unwrap(),
            not_before: start,
            not_after: start + Duration::from_secs(86_400),
            public_key: key.public_key().clone(),
            extensions: Vec::new(),
        };
        Issuance {
            certificate: CertificateContent::assemble(&content.to_tbs(algorithm), algorithm, &signature).unwrap(),
            provisioner: provisioner.clone(),
            token: Some(TokenUse {
                digest: sha256(&number.to_be_bytes()),
                expires: start + Duration::from_secs(10_000_000_000),
            }),
            replaces: None,
            audit: AuditEntry {
                at: start,
                action: "issued",
                request_id: format!("old-{number}"),
                detail: format!("{{\"serial\":\"{number}\"}}"),
            },
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open(&stage.path("db.sqlite")).unwrap());
        let mut committed = JoinSet::new();
        for number in 0..count {
            let (store, issuance) = (store.clone(), issuance(number));
            committed.spawn(async move { store.commit(issuance).await.unwrap() });
            if number % 2000 == 0 {
                // No more than the store lets wait.
                while committed.join_next().await.is_some() {}
            }
        }
        committed.join_all().await;
        store.close().await;
    });
}

fn number(crl: &Crl) -> u64 {
    crl.number().unwrap().iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// Revoke a certificate, and write down what came of it.
pub(super) fn revoke(client: &Client, stage: &Stage, history: &History, pem: &str) -> Outcome {
    let serial = Certificate::from_pem(pem.as_bytes()).unwrap().serial().to_string();
    let token = stage.token(&json!({"aud": "https://localhost/1.0/revoke", "sub": serial}));
    // A reason that says nothing against the key, which goes on being certified.
    let body = json!({"serial": serial, "ott": token, "passive": true, "reasonCode": 4}).to_string();
    let about = json!({"op": "revoke", "serial": serial, "token": token});
    history.note(about, || match ask(client, "POST", "/revoke", &body) {
        Some(answer) if answer.status == 200 => (Outcome::Done, Value::Null, Outcome::Done),
        Some(answer) => (Outcome::Failed, json!({"status": answer.status}), Outcome::Failed),
        None => (Outcome::Unknown, Value::Null, Outcome::Unknown),
    })
}

/// What a client does until nobody answers: sign, renew, revoke and look, in turn.
pub(super) fn load(stage: &Stage, client: &Client, history: &History, seed: usize, done: &AtomicUsize) {
    let key = ec();
    let request = request_of(&key, &[]);
    let mut held: Vec<String> = Vec::new();
    for turn in seed.. {
        let outcome = match (turn % 20, held.last().cloned()) {
            (4 | 9 | 14 | 19, Some(pem)) => {
                let certificate = Certificate::from_pem(pem.as_bytes()).unwrap();
                let chain = [certificate.clone(), stage.intermediate.clone()];
                let holder = Client::with(&stage.root, client.address(), &[&TLS13], Some((&chain, &key)));
                let about = json!({"op": "renew", "serial": certificate.serial().to_string()});
                history.note(about, || match ask(&holder, "POST", "/renew", "") {
                    Some(answer) if answer.status == 201 => {
                        (Outcome::Done, json!({"certificate": answer.json()["crt"]}), Outcome::Done)
                    }
                    Some(answer) => (Outcome::Failed, json!({"status": answer.status}), Outcome::Failed),
                    None => (Outcome::Unknown, Value::Null, Outcome::Unknown),
                })
            }
            (7, Some(pem)) => {
                held.pop();
                revoke(client, stage, history, &pem)
            }
            (12, _) => history.note(json!({"op": "crl"}), || match ask(client, "GET", "/crl?pem", "") {
                Some(answer) if answer.status == 200 => {
                    let crl = Crl::from_pem_or_der(answer.body.as_bytes()).unwrap();
                    let digest: String = sha256(crl.der()).iter().map(|octet| format!("{octet:02x}")).collect();
                    (Outcome::Done, json!({"number": number(&crl), "digest": digest}), Outcome::Done)
                }
                Some(_) => (Outcome::Failed, Value::Null, Outcome::Failed),
                None => (Outcome::Unknown, Value::Null, Outcome::Unknown),
            }),
            _ => {
                let (outcome, certificate) = sign(client, stage, history, &request);
                held.extend(certificate);
                outcome
            }
        };
        if outcome == Outcome::Unknown {
            return;
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
}

/// An authority with lists of revoked certificates that takes tokens from before its start.
pub(super) fn stage() -> Stage {
    let stage = Stage::new();
    let mut config = stage.config();
    config["authority"]["disableIssuedAtCheck"] = true.into();
    config["crl"] = always();
    stage.configure(&config);
    stage
}

#[test]
fn f01_i01_to_i09_hold_when_it_is_killed_at_any_moment() {
    const CLIENTS: usize = 6;
    let rounds = if is_long() { 300 } else { 20 };
    let (_turn, stage) = (alone(), stage());
    fill(&stage, BEFORE);
    let history = History::begin(&stage.path(""));
    let (mut starts, mut answered) = (Vec::new(), 0);
    for round in 0..rounds {
        let start = Stopwatch::start();
        let server = stage.serve();
        let client = Client::new(&stage, &server.address);
        // Ready is who issues, not who says so.
        assert_eq!(sign(&client, &stage, &history, &request_of(&ec(), &[])).0, Outcome::Done);
        starts.push(start.elapsed());
        let done = AtomicUsize::new(0);
        thread::scope(|scope| {
            for at in 0..CLIENTS {
                let (stage, client, history, done) = (&stage, &client, &history, &done);
                scope.spawn(move || load(stage, client, history, at * 3 + round, done));
            }
            // Somewhere in the middle, somewhere else each time.
            soon("work", Duration::from_secs(60), || done.load(Ordering::SeqCst) > 5 + round % 20);
            thread::sleep(Duration::from_micros(700 * (round as u64 % 30)));
            server.signal(Signal::KILL);
        });
        answered += done.load(Ordering::SeqCst);
    }
    // The last one is started, looked at while it runs, and ended in good order.
    let server = stage.serve();
    assert!(server.stop().status.success());
    let verdict = history.judge(&stage, &stage.path("db.sqlite"));
    let slowest = *starts.iter().max().unwrap();
    let median = percentile(&mut starts, 50);
    measured(
        "F1",
        &format!(
            "{rounds} kills, {answered} requests answered; ready after {median:.0?}, {slowest:.0?} at most, with {BEFORE} certificates; {verdict}"
        ),
    );
    // Other work is on the machine of the tests; the bar is for the median.
    assert!(median < Duration::from_secs(2), "it took {median:?} to be ready");
}

#[test]
fn f20_whoever_was_stopped_goes_on() {
    let (_turn, stage) = (alone(), stage());
    let history = History::begin(&stage.path(""));
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let pause = Duration::from_secs(if is_long() { 30 } else { 3 });
    let (over, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let request = request_of(&ec(), &[]);
    thread::scope(|scope| {
        // Both processors have something else to do, too.
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::black_box(sha256(&[7; 4096]));
                }
            });
        }
        for _ in 0..6 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let (outcome, _) = sign(&client, &stage, &history, &request);
                    assert_eq!(outcome, Outcome::Done, "a stop fails no request that waits for it");
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        soon("work", Duration::from_secs(60), || done.load(Ordering::SeqCst) > 20);
        let process = Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
        kill_process(process, Signal::STOP).unwrap();
        thread::sleep(pause);
        let before = done.load(Ordering::SeqCst);
        kill_process(process, Signal::CONT).unwrap();
        let resumed = soon("work", Duration::from_secs(10), || done.load(Ordering::SeqCst) > before);
        over.store(true, Ordering::Relaxed);
        measured(
            "F20",
            &format!("0 failed requests, the first answered {resumed:.0?} after {pause:?} of standing still"),
        );
    });
    soon("closing", Duration::from_secs(60), || belongings(server.pid()).0 < 40);
    assert!(server.stop().status.success());
    history.judge(&stage, &stage.path("db.sqlite"));
}

#[test]
fn f20_i10_open_files_and_threads_return_to_the_baseline() {
    let stage = stage();
    let server: Server = stage.serve();
    let baseline = belongings(server.pid());
    let client = Client::new(&stage, &server.address);
    let held: Vec<_> = (0..200).filter_map(|_| client.connect().ok()).collect();
    soon("accepting", Duration::from_secs(60), || belongings(server.pid()).0 >= baseline.0 + 200);
    drop(held);
    let time = soon("the baseline", Duration::from_secs(60), || {
        let (files, threads) = belongings(server.pid());
        files <= baseline.0 + 2 && threads <= baseline.1 + 16
    });
    measured("I10", &format!("open files and threads are back at the baseline {time:.0?} after 200 connections"));
}
