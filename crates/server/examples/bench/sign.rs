//! `POST /sign`: certificates per second, processor time for each, latencies, start time and memory.

use std::{hint::black_box, time::Duration};

use rung_pki::{KeyAlgorithm, PrivateKey, SignatureAlgorithm, Signer};

use crate::{
    CLIENTS, Outcome, count_of,
    load::{Load, Target, heading},
    machine::{micros, resident_mb},
    minter::Minter,
    setup::Stage,
};

/// Measure it.
pub(crate) async fn run(stage: &Stage) -> Outcome<()> {
    println!(
        "start of the server until it serves (median of 9): {:.0} ms; with an encrypted key: {:.0} ms",
        stage.start_time(false)?,
        stage.start_time(true)?
    );
    let server = stage.start()?;
    let target = Target::tls(&server, &stage.root, None)?;
    // Whoever starts fetches the keys of the identity provider first; that is not what is measured.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (jwk, oidc) = (Minter::jwk(stage), Minter::oidc(stage));
    println!("memory of the server, idle: {:.1} MB", resident_mb(target.pid)?);
    let bare = bare_cryptography()?;
    println!(
        "bare cryptography of one issuance (verify token, verify request, sign): JWK {:.1} µs, OIDC (RS256) {:.1} µs",
        bare.0, bare.1
    );
    heading("certs");
    let load = |title, minter: &Minter<'_>, count, keep| {
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Load {
            title,
            requests: minter.requests(count)?,
            count,
            clients: CLIENTS,
            pause: Duration::ZERO,
            keep,
            status: 201,
        })
    };
    let (many, fewer) = (count_of(40_000), count_of(10_000));
    let by_jwk = target.measure(load("JWK, kept connections", &jwk, many, true)?, bare.0).await?;
    let by_oidc = target.measure(load("OIDC, kept connections", &oidc, many, true)?, bare.1).await?;
    target.measure(load("JWK, new connections", &jwk, fewer, false)?, bare.0).await?;
    target.measure(load("OIDC, new connections", &oidc, fewer, false)?, bare.1).await?;
    println!("a certificate by OIDC costs {:.2} × one by JWK", by_oidc / by_jwk);
    let all = 2 * (many + fewer);
    println!("memory of the server after {all} certificates: {:.1} MB", resident_mb(target.pid)?);
    Ok(())
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
