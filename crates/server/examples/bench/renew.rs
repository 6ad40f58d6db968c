//! `POST /renew` by the certificate of the connection.

use std::{hint::black_box, time::Duration};

use rung_pki::{KeyAlgorithm, PrivateKey, SignatureAlgorithm, Signer};

use crate::{
    CLIENTS, Outcome, count_of,
    load::{Load, Target, heading},
    machine::{micros, resident_mb},
    minter::{Minter, post},
    setup::Stage,
};

/// Measure it.
pub(crate) async fn run(stage: &Stage) -> Outcome<()> {
    let server = stage.start()?;
    let stranger = Target::tls(&server, &stage.root, None)?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (certificate, key) = Minter::jwk(stage).certificate(&stranger).await?;
    let target = Target::tls(&server, &stage.root, Some((&[certificate, stage.intermediate.clone()], &key)))?;
    let bare = bare_cryptography()?;
    println!(
        "bare cryptography of one renewal: {:.1} µs to verify the old certificate, {:.1} µs to sign the new one; no \
         request is signed, and handshakes are not counted",
        bare.0, bare.1
    );
    heading("certs");
    let load = |title, count, keep| {
        let requests = vec![post("/1.0/renew", "application/json", b"")];
        Load { title, requests, count, clients: CLIENTS, pause: Duration::ZERO, keep, status: 201 }
    };
    let (many, fewer) = (count_of(40_000), count_of(10_000));
    let bare = bare.0 + bare.1;
    for title in ["kept connections", "kept connections, again"] {
        target.measure(load(title, many, true), bare).await?;
    }
    target.measure(load("new connections", fewer, false), bare).await?;
    let all = 2 * many + fewer;
    println!("memory of the server after {all} renewals: {:.1} MB", resident_mb(target.pid)?);
    Ok(())
}

/// Microseconds of what no CA can leave out: that the old certificate is its own, and the signature of the new one.
fn bare_cryptography() -> Outcome<(f64, f64)> {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
    let (algorithm, message) = (SignatureAlgorithm::EcdsaSha256, [7; 512]);
    let signature = key.sign_now(algorithm, &message)?;
    let verify = micros(|| _ = black_box(key.public_key().verify(algorithm, &message, &signature)))?;
    Ok((verify, micros(|| drop(black_box(key.sign_now(algorithm, &message))))?))
}
