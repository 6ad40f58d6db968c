//! `/ocsp` over plain HTTP: answers that are ready, and answers that are signed on demand.

use std::{hint::black_box, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rung_pki::{
    KeyAlgorithm, PrivateKey, Random, SignatureAlgorithm, SystemRandom,
    ocsp::{CertId, HashAlgorithm, IssuerHashes, RequestContent},
};

use crate::{
    Outcome, count_of,
    load::{Figures, Load, Target},
    machine::{micros, resident_mb},
    minter::{Minter, post},
    setup::Stage,
};

/// So many certificates are asked about.
const CERTIFICATES: usize = 500;
/// So many clients ask.
const CLIENTS: usize = 16;

/// Measure it.
pub(crate) async fn run(stage: &Stage) -> Outcome<()> {
    let server = stage.start()?;
    let issuer = Target::tls(&server, &stage.root, None)?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (minter, hashes) = (Minter::jwk(stage), IssuerHashes::of(&stage.intermediate)?);
    let mut ids = Vec::with_capacity(CERTIFICATES);
    for _ in 0..CERTIFICATES {
        let (certificate, _) = minter.certificate(&issuer).await?;
        ids.push(hashes.id(HashAlgorithm::Sha1, certificate.serial()));
    }
    let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
    let sign = micros(|| drop(black_box(key.sign_now(SignatureAlgorithm::EcdsaSha256, &[7; 512]))))?;
    println!("bare cryptography of an answer: none when it is ready, {sign:.1} µs when it is signed on demand");
    println!(
        "{:<28}{:>11}{:>12}{:>17}{:>10}{:>10}{:>8}",
        "", "answers/s", "CPU each", "/s of one core", "p50", "p99", "failed"
    );
    let target = Target::plain(&server);
    let (many, fewer) = (count_of(200_000), count_of(40_000));
    let load = |title, requests, count, keep| Load {
        title,
        requests,
        count,
        clients: CLIENTS,
        pause: Duration::ZERO,
        keep,
        status: 200,
    };
    let kept = |title, requests, count| load(title, requests, count, true);
    // The first answer about each is signed; afterwards it is ready.
    target.drive(kept("", posts(&ids, false)?, CERTIFICATES)).await?;
    for (title, requests) in [
        ("POST, ready", posts(&ids, false)?),
        ("GET, ready", gets(&ids)),
        ("POST, ready, again", posts(&ids, false)?),
        ("GET, ready, again", gets(&ids)),
    ] {
        print(title, &target.drive(kept(title, requests, many)).await?);
    }
    let title = "GET, ready, new connections";
    print(title, &target.drive(load(title, gets(&ids), fewer, false)).await?);
    let title = "POST, signed on demand";
    print(title, &target.drive(kept(title, posts(&ids, true)?, fewer)).await?);
    println!("memory of the server afterwards: {:.1} MB", resident_mb(target.pid)?);
    Ok(())
}

fn print(title: &str, figures: &Figures) {
    println!(
        "{title:<28}{:>11.0}{:>9.1} µs{:>17.0}{:>7.2} ms{:>7.2} ms{:>8}",
        figures.rate,
        figures.cpu,
        1e6 / figures.cpu,
        figures.millis_at(0.5),
        figures.millis_at(0.99),
        figures.failed
    );
}

/// Questions in bodies. Nobody else can be given the answer to a question with a nonce.
fn posts(ids: &[CertId], nonce: bool) -> Outcome<Vec<Vec<u8>>> {
    let mut fresh = [0; 32];
    let mut make = |id: &CertId| {
        SystemRandom.fill(&mut fresh)?;
        let question = RequestContent { questions: std::slice::from_ref(id), nonce: nonce.then_some(&fresh) };
        Ok(post("/ocsp", "application/ocsp-request", &question.to_der()))
    };
    ids.iter().map(&mut make).collect()
}

/// Questions in paths.
fn gets(ids: &[CertId]) -> Vec<Vec<u8>> {
    let make = |id: &CertId| {
        let question = RequestContent { questions: std::slice::from_ref(id), nonce: None }.to_der();
        let encoded = STANDARD.encode(question);
        let path = utf8_percent_encode(&encoded, NON_ALPHANUMERIC);
        format!("GET /ocsp/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
    };
    ids.iter().map(make).collect()
}
