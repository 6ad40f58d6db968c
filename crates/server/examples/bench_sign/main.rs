//! Measures `POST /sign`: starts the real server on a SQLite database and drives it over loopback.
//!
//! `cargo xtask bench sign` builds both in release and runs this. Prints certificates per second, processor time of the
//! server per certificate, latencies, start time and memory, and beside them the cost of the bare cryptography of one
//! issuance on this machine, measured in the same run.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

mod setup;

use std::{
    error::Error,
    fs,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rung_pki::{
    KeyAlgorithm, PrivateKey, Random, RequestContent, SignatureAlgorithm, Signer, SystemRandom,
    jose::{self, SignHeader, base64url},
};
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The running server, and how to reach it.
struct Target {
    address: String,
    pid: u32,
    connector: TlsConnector,
}

/// Who signs the tokens of a run.
struct Minter {
    key: PrivateKey,
    key_id: String,
    issuer: String,
    audience: String,
    oidc: bool,
}

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Outcome<()> {
    let stage = setup::Stage::new().await?;
    println!(
        "start of the server until it serves (median of 9): {:.0} ms; with an encrypted key: {:.0} ms",
        stage.start_time(false)?,
        stage.start_time(true)?
    );
    let server = stage.start()?;
    let target = Arc::new(Target::new(&server, &stage)?);
    // Whoever starts fetches the keys of the identity provider first; that is not what is measured.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let jwk = Minter {
        key: stage.jwk,
        key_id: stage.jwk_id,
        issuer: "admin".to_owned(),
        audience: "https://localhost/1.0/sign".to_owned(),
        oidc: false,
    };
    let oidc =
        Minter { key: stage.rsa, key_id: stage.rsa_id, issuer: stage.issuer, audience: "bench".to_owned(), oidc: true };
    println!("memory of the server, idle: {:.1} MB", resident_mb(target.pid)?);
    let bare = bare_cryptography()?;
    println!(
        "bare cryptography of one issuance (verify token, verify request, sign): JWK {:.1} µs, OIDC (RS256) {:.1} µs",
        bare.0, bare.1
    );
    println!(
        "{:<24}{:>9}{:>12}{:>15}{:>10}{:>10}{:>8}",
        "", "certs/s", "CPU/cert", "of the crypto", "p50", "p99", "failed"
    );
    let quick = std::env::var_os("BENCH_QUICK").is_some();
    let count = |full: usize| if quick { full / 10 } else { full };
    let by_jwk = measure("JWK, kept connections", &target, &jwk, count(40_000), true, bare.0).await?;
    let by_oidc = measure("OIDC, kept connections", &target, &oidc, count(40_000), true, bare.1).await?;
    measure("JWK, new connections", &target, &jwk, count(10_000), false, bare.0).await?;
    measure("OIDC, new connections", &target, &oidc, count(10_000), false, bare.1).await?;
    println!("a certificate by OIDC costs {:.2} × one by JWK", by_oidc / by_jwk);
    println!("memory of the server after {} certificates: {:.1} MB", count(100_000), resident_mb(target.pid)?);
    Ok(())
}

/// Microseconds of the server's processor time that a certificate costs; prints that and more.
async fn measure(
    title: &str,
    target: &Arc<Target>,
    minter: &Minter,
    count: usize,
    keep: bool,
    bare: f64,
) -> Outcome<f64> {
    let requests = Arc::new(minter.requests(count)?);
    let next = Arc::new(AtomicUsize::new(0));
    let before = cpu_seconds(target.pid)?;
    let start = Instant::now();
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| tokio::spawn(client(target.clone(), requests.clone(), next.clone(), keep))).collect();
    let (mut latencies, mut failed) = (Vec::with_capacity(count), 0);
    for client in clients {
        let (mut of_client, failed_of_client) = client.await??;
        latencies.append(&mut of_client);
        failed += failed_of_client;
    }
    let wall = start.elapsed().as_secs_f64();
    let cpu = (cpu_seconds(target.pid)? - before) * 1e6 / count as f64;
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{title:<24}{:>9.0}{:>9.1} µs{:>12.2} ×{:>7.2} ms{:>7.2} ms{failed:>10}",
        count as f64 / wall,
        cpu,
        cpu / bare,
        at(0.5),
        at(0.99)
    );
    Ok(cpu)
}

async fn client(
    target: Arc<Target>,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    keep: bool,
) -> Outcome<(Vec<Duration>, usize)> {
    let (mut latencies, mut failed) = (Vec::new(), 0);
    let mut stream = None;
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let start = Instant::now();
        let mut open = match stream.take() {
            Some(open) => open,
            None => target.connect().await?,
        };
        let status = exchange(&mut open, request).await?;
        latencies.push(start.elapsed());
        failed += usize::from(status != 201);
        stream = keep.then_some(open);
    }
    Ok((latencies, failed))
}

async fn exchange(stream: &mut TlsStream<TcpStream>, request: &[u8]) -> Outcome<u16> {
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(8192);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end])?;
        let length: usize = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
            .ok_or("the answer has no length")?
            .parse()?;
        while answer.len() < end + 4 + length {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the answer is cut".into());
            }
        }
        return Ok(std::str::from_utf8(&answer[9..12])?.parse()?);
    }
}

impl Target {
    fn new(server: &setup::Server, stage: &setup::Stage) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(stage.root.der().to_vec()))?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A new connection shall be a new connection.
        config.resumption = Resumption::disabled();
        Ok(Self { address: server.address.clone(), pid: server.pid(), connector: TlsConnector::from(Arc::new(config)) })
    }

    async fn connect(&self) -> Outcome<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        Ok(self.connector.connect(ServerName::try_from("localhost")?, stream).await?)
    }
}

impl Minter {
    fn token(&self, now: u64) -> Outcome<String> {
        let mut id = [0; 32];
        SystemRandom.fill(&mut id)?;
        let id = base64url(id);
        let claims = if self.oidc {
            serde_json::json!({
                "iss": self.issuer, "sub": "00u1abcd2EFGHijkl345", "aud": self.audience, "iat": now, "exp": now + 3600,
                "nonce": id, "email": "person@bench.test", "email_verified": true, "name": "A Person",
            })
        } else {
            serde_json::json!({
                "iss": self.issuer, "sub": "svc.bench.test", "aud": self.audience, "iat": now, "nbf": now, "exp": now + 300,
                "jti": id, "sans": ["svc.bench.test"], "sha": "0".repeat(64),
            })
        };
        let header = SignHeader { key_id: Some(&self.key_id), typ: Some("JWT"), ..SignHeader::default() };
        Ok(jose::sign_compact(&header, claims.to_string().as_bytes(), &self.key)?)
    }

    /// Whole HTTP requests, each with its own token; the certificate request is the same in all of them.
    fn requests(&self, count: usize) -> Outcome<Vec<Vec<u8>>> {
        let csr = certificate_request()?.1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        (0..count)
            .map(|_| {
                let body = serde_json::json!({ "csr": csr, "ott": self.token(now)? }).to_string();
                let head = format!("POST /1.0/sign HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
                Ok([head.into_bytes(), body.into_bytes()].concat())
            })
            .collect()
    }
}

fn certificate_request() -> Outcome<(PrivateKey, String)> {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
    let content = RequestContent {
        subject: rung_pki::DistinguishedName::new().with_common_name("svc.bench.test")?,
        names: vec!["svc.bench.test".parse().map(rung_pki::SubjectAltName::Dns)?],
        extensions: Vec::new(),
    };
    let request = content.sign(&key)?;
    Ok((key, request.to_pem()))
}

/// Microseconds of what no CA can leave out: two verifications and a signature.
fn bare_cryptography() -> Outcome<(f64, f64)> {
    let p256 = PrivateKey::generate(KeyAlgorithm::EcP256)?;
    let rsa = PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 })?;
    let message = [7; 512];
    let (ecdsa, pkcs1) = (SignatureAlgorithm::EcdsaSha256, SignatureAlgorithm::RsaPkcs1Sha256);
    let p256_signature = p256.sign_now(ecdsa, &message)?;
    let rsa_signature = rsa.sign_now(pkcs1, &message)?;
    let sign = micros(|| drop(black_box(p256.sign_now(ecdsa, &message))))?;
    let verify = micros(|| _ = black_box(p256.public_key().verify(ecdsa, &message, &p256_signature)))?;
    let verify_rsa = micros(|| _ = black_box(rsa.public_key().verify(pkcs1, &message, &rsa_signature)))?;
    Ok((2.0 * verify + sign, verify + verify_rsa + sign))
}

/// Microseconds of processor time that an operation takes: the median of several windows.
///
/// Processor time, as for the server, so that a busy machine does not flatter the comparison; and on all processors at
/// once, as while the server is measured, since they share caches, memory and power.
fn micros(operation: impl Fn() + Sync) -> Outcome<f64> {
    let processors = std::thread::available_parallelism()?.get();
    let windows = || (0..9).map(|_| window(&operation)).collect::<Vec<_>>();
    let mut windows: Vec<f64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(windows)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("cryptography does not panic")).collect()
    });
    windows.sort_by(f64::total_cmp);
    Ok(windows[windows.len() / 2])
}

fn window(operation: &impl Fn()) -> f64 {
    let before = thread_seconds();
    (0..1000).for_each(|_| operation());
    (thread_seconds() - before) * 1e3
}

/// Processor time of this thread.
fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Processor time of a process, user and system together.
fn cpu_seconds(pid: u32) -> Outcome<f64> {
    // Nanosecond accounting, one file a thread.
    let mut nanoseconds = 0_u64;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().ok_or("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(nanoseconds as f64 / 1e9)
}

fn resident_mb(pid: u32) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes / 1024.0)
}

const CLIENTS: usize = 32;
