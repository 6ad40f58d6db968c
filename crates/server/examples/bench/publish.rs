//! What making long lists of revoked certificates does to whoever wants a certificate meanwhile.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use rung_authority::store::{AuditEntry, Revocation, Store};
use rung_pki::{Crl, Random, SerialNumber, SystemRandom, crl::Reason};
use rung_store::SqliteStore;
use tokio::task::JoinSet;

use crate::{
    Outcome, count_of,
    load::{Load, Target},
    machine::{cpu_seconds, resident_mb},
    minter::Minter,
    setup::Stage,
};

/// So many certificates were revoked before.
const REVOKED: usize = 1_000_000;
/// So many clients ask for certificates.
const CLIENTS: usize = 16;
/// Each of them waits so long between two.
const PAUSE: Duration = Duration::from_millis(25);
/// So often is a certificate revoked, and a list made.
const BETWEEN: Duration = Duration::from_millis(1500);
/// So often is it measured without lists and with them.
const ROUNDS: usize = 3;

/// Measure it.
pub(crate) async fn run(stage: &Stage) -> Outcome<()> {
    let (revoked, requests) = (count_of(REVOKED), count_of(6000));
    fill(&stage.database(), revoked).await?;
    let start = Instant::now();
    let server = stage.start()?;
    let waited = start.elapsed().as_secs_f64() * 1e3;
    let target = Target::tls(&server, &stage.root, None)?;
    let plain = Target::plain(&server);
    println!(
        "start of the server with {revoked} revoked certificates: {waited:.0} ms, {:.1} MB",
        resident_mb(target.pid)?
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    let minter = Minter::jwk(stage);
    let mut lists = 0;
    println!("{:<28}{:>9}{:>12}{:>10}{:>10}{:>8}", "", "certs/s", "CPU each", "p50", "p99", "failed");
    let mut p99 = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (publishing, title) in ["no list is made", "lists are made"].into_iter().enumerate() {
            let load = Load {
                title,
                requests: minter.requests(requests)?,
                count: requests,
                clients: CLIENTS,
                pause: PAUSE,
                keep: true,
                status: 201,
            };
            let revocations = async {
                loop {
                    if publishing == 1 {
                        revoke(&minter, &target).await?;
                        lists += 1;
                    }
                    tokio::time::sleep(BETWEEN).await;
                }
            };
            let figures = tokio::select! {
                figures = target.drive(load) => figures?,
                failed = revocations => return failed,
            };
            p99[publishing].push(figures.millis_at(0.99));
            println!(
                "{title:<28}{:>9.0}{:>9.1} µs{:>7.2} ms{:>7.2} ms{:>8}",
                figures.rate,
                figures.cpu,
                figures.millis_at(0.5),
                figures.millis_at(0.99),
                figures.failed
            );
        }
    }
    let [without, with] = p99.map(median);
    println!("p99 while lists are made, by the medians: {:+.0} %", (with / without - 1.0) * 100.0);
    alone(&minter, &target, &plain, revoked + lists).await?;
    println!("memory of the server afterwards: {:.1} MB", resident_mb(target.pid)?);
    Ok(())
}

/// One list more, while nothing else is asked for.
async fn alone(minter: &Minter<'_>, target: &Target, plain: &Target, expected: usize) -> Outcome<()> {
    tokio::time::sleep(BETWEEN).await;
    let before = cpu_seconds(target.pid)?;
    revoke(minter, target).await?;
    tokio::time::sleep(BETWEEN).await;
    let cpu = (cpu_seconds(target.pid)? - before) * 1e3;
    let (_, der) = plain.ask(b"GET /crl HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    let size = der.len() as f64 / 1e6;
    let crl = Crl::from_der(der)?;
    if crl.len() != expected + 1 {
        return Err(format!("{} certificates are on the list, not {}", crl.len(), expected + 1).into());
    }
    println!("a list of {} certificates, {size:.1} MB, costs {cpu:.0} ms of processor time", crl.len());
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn revoke(minter: &Minter<'_>, target: &Target) -> Outcome<()> {
    let mut serial = [0; 8];
    SystemRandom.fill(&mut serial)?;
    let request = minter.revocation(u64::from_be_bytes(serial) | 1 << 63)?;
    match target.ask(&request).await? {
        (200, _) => Ok(()),
        (status, body) => Err(format!("not revoked: {status} {}", String::from_utf8_lossy(&body)).into()),
    }
}

/// Revocations of certificates that were issued elsewhere.
async fn fill(file: &Path, count: usize) -> Outcome<()> {
    let store = Arc::new(SqliteStore::open(file)?);
    let mut committed = JoinSet::new();
    let at = SystemTime::now();
    for number in 0..count {
        let store = store.clone();
        let revocation = Revocation {
            serial: SerialNumber::random(&SystemRandom)?,
            at,
            reason: Reason::KeyCompromise,
            not_after: None,
            issuer: None,
            condemned_key: None,
            token: None,
            audit: AuditEntry { at, action: "revoked", request_id: String::new(), detail: "{}".to_owned() },
        };
        committed.spawn(async move { store.revoke(revocation).await });
        if number % 1000 == 999 {
            // No more than the store lets wait.
            while let Some(done) = committed.join_next().await {
                done??;
            }
        }
    }
    while let Some(done) = committed.join_next().await {
        done??;
    }
    store.close().await;
    Ok(())
}
