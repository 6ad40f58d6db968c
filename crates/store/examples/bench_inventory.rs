//! Prints how long pages of a large inventory take, each looked for in another way.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rung_authority::store::{AuditEntry, Issuance, ProvisionerRef, Revocation, Store, TokenUse};
use rung_pki::crl::Reason;
use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, SerialNumber, Signer, SubjectAltName,
    extension, sha256,
};
use rung_store::SqliteStore;
use rung_store::inventory::{Filter, Inventory, State};
use rusqlite::Connection;

/// Of so many certificates one is revoked.
const REVOKED: u32 = 100;
/// So many keys and provisioners are there.
const KEYS: usize = 16;
const PROVISIONERS: usize = 20;
/// So many certificates are on their way to the store at once.
const AT_ONCE: u32 = 256;
/// Each page is asked for so many times.
const TIMES: usize = 21;

fn main() -> Result<(), Box<dyn Error>> {
    let quick = std::env::var_os("BENCH_QUICK").is_some();
    let count: u32 = if quick { 100_000 } else { 1_000_000 };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("db.sqlite");
    let maker = Maker::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(fill(&file, &maker, count))?;
    let inventory = Inventory::open(&file)?;
    let now = start() + Duration::from_secs(count.into()) / 2;
    let named = |name: &str| Filter { names: vec![name.to_owned()], ..Filter::default() };
    let state = |state| Filter { state: Some(state), ..Filter::default() };
    let granted = |name: &str| Filter { provisioner: Some(name.to_owned()), ..Filter::default() };
    let middle = maker.certificate(count / 2)?;
    let key = Some(sha256(middle.public_key_info()));
    let window = Filter { ends_from: Some(now), ends_before: Some(now + Duration::from_secs(3600)), ..granted("p7") };
    let asks = [
        ("the first of all", Filter::default()),
        ("valid", state(State::Valid)),
        ("expired", state(State::Expired)),
        ("revoked", state(State::Revoked)),
        ("a serial number", Filter { serial: Some(*middle.serial()), ..Filter::default() }),
        ("a name", named(&format!("host-{}.example.com", count / 2))),
        ("a name of the newest", named(&format!("host-{}.example.com", count - 1))),
        ("a name that nobody has", named("nobody.example.com")),
        ("a key", Filter { key, ..Filter::default() }),
        ("a key, valid", Filter { key, ..state(State::Valid) }),
        ("a provisioner", granted("p7")),
        ("a provisioner, revoked", Filter { state: Some(State::Revoked), ..granted("p7") }),
        ("a provisioner, an hour", window),
        ("a provisioner that is not", granted("other")),
    ];
    println!("{:<28}{:>8}{:>12}{:>12}", "a page of 100 by", "found", "median", "slowest");
    for (what, filter) in asks {
        let mut times = Vec::with_capacity(TIMES);
        let mut found = 0;
        for _ in 0..TIMES {
            let begin = Instant::now();
            found = inventory.page(&filter, None, (100, now))?.len();
            times.push(begin.elapsed());
        }
        times.sort_unstable();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let (median, slowest) = (milliseconds(times[TIMES / 2]), milliseconds(times[TIMES - 1]));
        println!("{what:<28}{found:>8}{median:>9.2} ms{slowest:>9.2} ms");
    }
    Ok(())
}

/// Record so many certificates, and wait until they can be searched.
async fn fill(file: &Path, maker: &Maker, count: u32) -> Result<(), Box<dyn Error>> {
    let store = Arc::new(SqliteStore::open(file)?);
    let begin = Instant::now();
    for first in (0..count).step_by(AT_ONCE as usize) {
        let mut waiting = Vec::new();
        for number in first..count.min(first + AT_ONCE) {
            let (store, issuance) = (store.clone(), maker.issuance(number)?);
            waiting.push(tokio::spawn(async move { store.commit(issuance).await }));
        }
        for committed in waiting {
            committed.await??;
        }
    }
    for number in (0..count).step_by(REVOKED as usize) {
        store.revoke(maker.revocation(number)?).await?;
    }
    let recorded = begin.elapsed();
    let connection = Connection::open(file)?;
    let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0));
    let gathering = Instant::now();
    while i64::from(count) - number("SELECT coalesce(max(last), 0) FROM certificate_terms")? >= 2048 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let gathered = gathering.elapsed();
    let blocks = number("SELECT sum(length(contents)) FROM certificate_terms")?;
    store.close().await;
    let size = std::fs::metadata(file)?.len();
    println!("{count} certificates recorded in {:.1} s", recorded.as_secs_f64());
    println!("they can be searched {:.0} ms later", gathered.as_secs_f64() * 1e3);
    println!("database: {:.1} MB, of it to search: {:.1} MB\n", size as f64 / 1e6, blocks as f64 / 1e6);
    Ok(())
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_464_296)
}

/// Makes certificates that differ. Their signature is that of the first: nothing here verifies it.
struct Maker {
    keys: Vec<PrivateKey>,
    issuer: DistinguishedName,
    signature: Vec<u8>,
}

impl Maker {
    fn new() -> Result<Self, Box<dyn Error>> {
        let keys = (0..KEYS).map(|_| PrivateKey::generate(KeyAlgorithm::EcP256)).collect::<Result<Vec<_>, _>>()?;
        let issuer = DistinguishedName::new().with_common_name("Rung Intermediate CA")?;
        let signature = keys[0].sign_now(keys[0].algorithm().default_signature(), b"the first")?;
        Ok(Self { keys, issuer, signature })
    }

    fn certificate(&self, number: u32) -> Result<Certificate, Box<dyn Error>> {
        let name = format!("host-{number}.example.com");
        let names = [SubjectAltName::Dns(name.parse()?), SubjectAltName::Dns("service.example.com".parse()?)];
        let algorithm = self.keys[0].algorithm().default_signature();
        let content = CertificateContent {
            serial: SerialNumber::from_bytes(&[&[1; 8], &sha256(&number.to_be_bytes())[..8]].concat())?,
            issuer_der: self.issuer.der().to_vec(),
            subject: DistinguishedName::new().with_common_name(&name)?,
            not_before: start(),
            not_after: start() + Duration::from_secs(number.into()),
            public_key: self.keys[number as usize % KEYS].public_key().clone(),
            extensions: vec![extension::subject_alt_names(&names, false)],
        };
        Ok(CertificateContent::assemble(&content.to_tbs(algorithm), algorithm, &self.signature)?)
    }

    fn issuance(&self, number: u32) -> Result<Issuance, Box<dyn Error>> {
        let name = format!("p{}", number as usize % PROVISIONERS);
        let provisioner = Arc::new(ProvisionerRef { id: format!("{name}:kid"), name, kind: "JWK" });
        let token =
            Some(TokenUse { digest: sha256(&number.to_le_bytes()), expires: start() + Duration::from_secs(300) });
        let audit = entry("issued", number);
        Ok(Issuance { certificate: self.certificate(number)?, provisioner, token, replaces: None, audit })
    }

    fn revocation(&self, number: u32) -> Result<Revocation, Box<dyn Error>> {
        let certificate = self.certificate(number)?;
        Ok(Revocation {
            serial: *certificate.serial(),
            at: start(),
            reason: Reason::Superseded,
            not_after: Some(certificate.not_after()),
            issuer: None,
            condemned_key: None,
            token: None,
            audit: entry("revoked", number),
        })
    }
}

fn entry(action: &'static str, number: u32) -> AuditEntry {
    AuditEntry { at: start(), action, request_id: number.to_string(), detail: "x".repeat(300) }
}
