//! Prints what it costs to look whether a key is weak, beside the verification of one signature by it.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use rung_pki::{KeyAlgorithm, PrivateKey, Signer};

/// Each is done so many times.
const TIMES: usize = 300;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<12}{:>12}{:>14}", "key", "weakness", "verification");
    let message = b"a request for a certificate";
    for (name, algorithm) in [
        ("P-256", KeyAlgorithm::EcP256),
        ("RSA 2048", KeyAlgorithm::Rsa { bits: 2048 }),
        ("RSA 3072", KeyAlgorithm::Rsa { bits: 3072 }),
        ("RSA 4096", KeyAlgorithm::Rsa { bits: 4096 }),
        ("RSA 8192", KeyAlgorithm::Rsa { bits: 8192 }),
    ] {
        let key = PrivateKey::generate(algorithm)?;
        let signing = key.algorithm().default_signature();
        let signature = key.sign_now(signing, message)?;
        let public = key.public_key();
        let weakness = median(|| black_box(public).check_strength().is_ok());
        let verification = median(|| black_box(public).verify(signing, message, &signature).is_ok());
        println!("{name:<12}{weakness:>9.1} µs{verification:>11.1} µs");
    }
    Ok(())
}

/// Microseconds of what must succeed.
fn median(mut work: impl FnMut() -> bool) -> f64 {
    let mut times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let begin = Instant::now();
            assert!(work(), "the key is a good one");
            begin.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[TIMES / 2]
}
