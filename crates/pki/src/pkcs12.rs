//! PKCS #12 files (RFC 7292): a key with its certificates, or certificates to trust, under a password.

mod ber;
mod kdf;
mod mac;
mod old;
mod read;
#[cfg(test)]
mod tests;
mod write;

use const_oid::ObjectIdentifier;

use crate::{Certificate, PrivateKey};

pub use write::Style;

/// What is in a PKCS #12 file.
#[derive(Debug, Default)]
pub struct Bundle {
    /// The key, if there is one.
    pub key: Option<PrivateKey>,
    /// The certificates; the one of the key first where there is one.
    pub certificates: Vec<Certificate>,
}

/// Why a file is no PKCS #12 file that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pkcs12Error {
    /// It is no PKCS #12 file, or damaged.
    #[error("it is no PKCS #12 file, or damaged: {0}")]
    Malformed(&'static str),
    /// The password is wrong, or the file was changed.
    #[error("the password is wrong, or the file was changed")]
    Password,
    /// It uses something that Rung does not know or does not do.
    #[error("PKCS #12 files with {0} are not supported")]
    Unsupported(String),
    /// There is no randomness to encrypt with.
    #[error("the system has no randomness")]
    Randomness,
}

/// The largest file that is read.
pub const MAX_LEN: usize = 16 << 20;
/// How many iterations of a key derivation are done at most; about a second.
const MAX_ITERATIONS: u32 = 5_000_000;

/// `data` (RFC 5652 §4).
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// `encryptedData` (RFC 5652 §8).
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
/// `x509Certificate` (RFC 7292 §4.2.3).
const X509: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
/// What Java marks certificates with that are to be trusted.
const JAVA_TRUSTED: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113894.746875.1.1");
