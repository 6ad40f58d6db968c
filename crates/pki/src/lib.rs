//! Certificates, certificate requests, keys and JOSE as typed values.
//!
//! Nothing here reads a file, a socket or the clock. What comes from outside is parsed into types
//! that cannot be wrong; what is dangerous takes a value that only the matching check can make.

pub mod jose;
pub mod key;
pub mod keyfile;
pub mod pem;

/// SHA-256 of `octets`.
pub fn sha256(octets: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets);
    digest.as_ref().try_into().expect("SHA-256 has 32 octets")
}

pub use key::{KeyAlgorithm, KeyError, PrivateKey, PublicKey, SignError, SignatureAlgorithm, SignatureError, Signer};
