//! Looking through the certificates on record: what is asked with, and how what is found is printed. The server's own
//! program and the client print the same.

use rung_pki::keyfile::{self, KeyFileError};
use rung_pki::{Certificate, hex, sha256};

pub mod print;

/// What the filter `key` says of the key in a file: SHA-256 of the public key info of a certificate, a public or a private
/// key, in hexadecimal digits.
///
/// # Errors
/// When there is no key in it.
pub fn key_digest(contents: &[u8]) -> Result<String, KeyFileError> {
    Ok(hex(&match Certificate::from_pem(contents) {
        Ok(certificate) => sha256(certificate.public_key_info()),
        Err(_) => sha256(keyfile::read_public_key(contents)?.spki()),
    }))
}

/// What a query of `GET /certificates` may say, each the flag of a command, too.
pub const FILTERS: [&str; 10] =
    ["after", "ends-after", "ends-before", "expires-within", "key", "limit", "name", "provisioner", "serial", "state"];

/// So many certificates are on a page at most.
pub const MOST: u32 = 1000;
/// So many are on it when nothing is said.
pub const USUAL: u32 = 100;
