//! Measures making and reading a list of a million revoked certificates. `cargo xtask bench crl` runs it in release.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops at what does not work")]

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rung_pki::{
    Crl, DistinguishedName, KeyAlgorithm, PrivateKey, SerialNumber, SignatureAlgorithm, Signer, SystemRandom,
    crl::{CrlContent, CrlEntries, Reason, RevokedCertificate},
};

/// So many certificates are revoked.
const ENTRIES: usize = 1_000_000;

fn main() {
    let now: SystemTime = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let content = CrlContent {
        issuer_der: DistinguishedName::new().with_common_name("Bench").unwrap().der().to_vec(),
        authority_key_identifier: key.public_key().key_identifier().to_vec(),
        this_update: now,
        next_update: now + Duration::from_secs(86_400),
        number: 1,
        base_number: None,
        distribution_point: None,
        freshest: Vec::new(),
    };
    let start = Instant::now();
    let mut entries = CrlEntries::default();
    for _ in 0..ENTRIES {
        let serial = SerialNumber::random(&SystemRandom).unwrap();
        let reason = Reason::KeyCompromise;
        entries.push(&RevokedCertificate { serial, revoked_at: now, reason, invalid_since: None });
    }
    let pushed = start.elapsed();
    let start = Instant::now();
    let signed = pin!(content.sign(&entries, &key, SignatureAlgorithm::EcdsaSha256));
    let Poll::Ready(signed) = signed.poll(&mut Context::from_waker(Waker::noop())) else {
        unreachable!("it signs at once")
    };
    let der = signed.unwrap();
    let made = start.elapsed();
    let size = der.len();
    let peak = peak();
    let start = Instant::now();
    let read = Crl::from_der(der).unwrap();
    println!("a list of {} certificates: {:.1} MB", read.len(), size as f64 / 1e6);
    println!("appending them, with fresh serial numbers: {:.0} ms", pushed.as_secs_f64() * 1e3);
    println!("writing and signing the list: {:.0} ms", made.as_secs_f64() * 1e3);
    println!("reading it: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    println!("memory at most until it was made: {:.1} MB, {:.1} × the list", peak / 1e6, peak / size as f64);
}

/// The most memory that this process ever had.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or_default() * 1024.0
}
