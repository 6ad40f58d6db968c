//! Prints how many decisions a second the store records, and what one costs.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use rung_authority::store::{AuditEntry, Issuance, ProvisionerRef, Store, TokenUse};
use rung_pki::{
    CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, SerialNumber, Signer, SystemRandom, sha256,
};
use rung_store::SqliteStore;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    println!("{:>8}{:>14}{:>18}", "at once", "decisions/s", "CPU per decision");
    for at_once in [1, 16, 64, 256] {
        runtime.block_on(measure(at_once))?;
    }
    Ok(())
}

async fn measure(at_once: u32) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(&folder.path().join("db.sqlite"))?);
    let count = if at_once == 1 { 3_000 } else { 40_000 };
    let issuances = Arc::new(issuances(count)?);
    let next = Arc::new(AtomicU32::new(0));
    let (start, before) = (Instant::now(), cpu()?);
    let workers: Vec<_> = (0..at_once)
        .map(|_| {
            let (store, issuances, next) = (store.clone(), issuances.clone(), next.clone());
            tokio::spawn(async move {
                while let Some(issuance) = issuances.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    store.commit(issuance.clone()).await.expect("nothing is wrong with the issuance");
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await?;
    }
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu()? - before);
    println!("{at_once:>8}{:>14.0}{:>15.1} µs", f64::from(count) / wall, cpu / f64::from(count) * 1e6);
    store.close().await;
    Ok(())
}

fn issuances(count: u32) -> Result<Vec<Issuance>, Box<dyn Error>> {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
    let name = DistinguishedName::new().with_common_name("A name of ordinary length")?;
    let algorithm = key.algorithm().default_signature();
    let provisioner = Arc::new(ProvisionerRef { id: "admin:kid".to_owned(), name: "admin".to_owned(), kind: "JWK" });
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_464_296);
    (0..count)
        .map(|number| {
            let content = CertificateContent {
                serial: SerialNumber::random(&SystemRandom)?,
                issuer_der: name.der().to_vec(),
                subject: name.clone(),
                not_before: now,
                not_after: now + Duration::from_secs(86_400),
                public_key: key.public_key().clone(),
                extensions: Vec::new(),
            };
            let tbs = content.to_tbs(algorithm);
            let certificate = CertificateContent::assemble(&tbs, algorithm, &key.sign_now(algorithm, &tbs)?)?;
            let token = TokenUse { digest: sha256(&number.to_be_bytes()), expires: now + Duration::from_secs(300) };
            let audit =
                AuditEntry { at: now, action: "issued", request_id: number.to_string(), detail: "x".repeat(300) };
            Ok(Issuance { certificate, provisioner: provisioner.clone(), token: Some(token), replaces: None, audit })
        })
        .collect()
}

/// Processor time of this process in seconds.
fn cpu() -> Result<f64, Box<dyn Error>> {
    let mut nanoseconds = 0_u64;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().ok_or("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(nanoseconds as f64 / 1e9)
}
