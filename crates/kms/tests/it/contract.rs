//! What every signer does, wherever its key lives. A new key store is done when this passes on it.

use std::{sync::Arc, thread};

use rung_pki::{KeyAlgorithm, PublicKey, SignError, SignatureAlgorithm, Signer};

/// Check a signer whose key is of kind `expected`.
pub(crate) fn check(signer: Box<dyn Signer>, expected: KeyAlgorithm) {
    let public = signer.public_key().clone();
    assert_eq!(public.algorithm(), expected);
    assert_eq!(PublicKey::from_spki(public.spki()).as_ref(), Ok(&public));
    check_algorithms(&*signer);
    check_messages(&*signer);
    check_threads(signer);
}

/// A signer signs with the algorithms of its key, and refuses every other one.
fn check_algorithms(signer: &dyn Signer) {
    let public = signer.public_key();
    for algorithm in SignatureAlgorithm::ALL {
        let own = match public.algorithm() {
            KeyAlgorithm::Rsa { .. } => algorithm.to_string().contains("RSA"),
            other => other.default_signature() == algorithm,
        };
        match sign(signer, algorithm, b"message") {
            Ok(signature) => {
                assert!(own, "{algorithm}");
                assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()), "{algorithm}");
            }
            Err(error) => assert!(!own && matches!(error, SignError::Mismatch { .. }), "{algorithm}: {error}"),
        }
    }
}

/// A signature is over the whole message and over nothing else.
fn check_messages(signer: &dyn Signer) {
    let algorithm = signer.public_key().algorithm().default_signature();
    for message in [&b""[..], b"x", &[7; 100_000]] {
        let signature = sign(signer, algorithm, message).unwrap();
        assert_eq!(signer.public_key().verify(algorithm, message, &signature), Ok(()));
        let longer = [message, b"x"].concat();
        assert!(signer.public_key().verify(algorithm, &longer, &signature).is_err());
    }
}

/// A signer serves many threads at once.
fn check_threads(signer: Box<dyn Signer>) {
    let signer: Arc<dyn Signer> = signer.into();
    let threads: Vec<_> = (0..4)
        .map(|number: u8| {
            let signer = Arc::clone(&signer);
            thread::spawn(move || {
                let algorithm = signer.public_key().algorithm().default_signature();
                for round in 0..5 {
                    let message = [number, round];
                    let signature = sign(&*signer, algorithm, &message).unwrap();
                    assert_eq!(signer.public_key().verify(algorithm, &message, &signature), Ok(()));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn sign(signer: &dyn Signer, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(signer.sign(algorithm, message))
}
