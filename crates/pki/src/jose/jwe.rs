//! Encrypted content (JWE, RFC 7516), above all keys encrypted with a password (PBES2 of RFC 7518 §4.8).

mod content;
mod manage;
mod object;
mod serialisation;
#[cfg(test)]
mod tests;
mod wrap;

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

pub use self::{
    content::ContentEncryption,
    manage::{DecryptionKey, EncryptionKey},
    object::{EncryptedObject, Encryption},
};
use super::{KeyManagement, json};

/// How many iterations of the key derivation are done for somebody else's text: four times what Rung and `step`
/// write, about a quarter of a second.
pub const MAX_ITERATIONS: u32 = 2_400_000;

/// How many iterations of the key derivation Rung writes.
pub const ITERATIONS: u32 = 600_000;

/// Why something was not decrypted or encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// The header is not a proper JSON object.
    #[error("the header of the encrypted text: {0}")]
    Json(#[from] json::JsonError),
    /// The key is not one for this algorithm.
    #[error("the algorithm {algorithm} is not one of the key, whose type is {kty}")]
    Key {
        /// What was to be done.
        algorithm: KeyManagement,
        /// The type of the key.
        kty: &'static str,
    },
    /// The key's owner allows it for signatures alone.
    #[error("the key is not for encryption: its `use` says so")]
    KeyUse,
    /// The text is not a JWE.
    #[error("the encrypted text is malformed: {0}")]
    Malformed(&'static str),
    /// A shared secret is too long or too short.
    #[error("{algorithm} takes a secret of {needed} octets here, and this one has {len}")]
    SecretLength {
        /// What was to be done.
        algorithm: KeyManagement,
        /// How long it is.
        len: usize,
        /// How long it has to be.
        needed: usize,
    },
    /// The key derivation would take too long.
    #[error("the encrypted text asks for {iterations} iterations of PBKDF2; at most {most} are allowed")]
    TooManyIterations {
        /// What the header says.
        iterations: u64,
        /// What the caller allows.
        most: u32,
    },
    /// A JWE, but of a kind that Rung does not use.
    #[error("the encrypted text uses {0}, which is not supported")]
    Unsupported(String),
    /// The key does not decrypt it, or it was changed: the two look the same.
    #[error("the key does not decrypt it, or it was changed")]
    WrongKey,
    /// The password is wrong, or the text was tampered with: the two look the same.
    #[error("the password is wrong")]
    WrongPassword,
}

/// Decrypt a text that is encrypted with a password, in any serialisation with one recipient.
///
/// # Errors
/// When it is not encrypted with a password, asks for more than `max_iterations`, or the password is wrong.
pub fn decrypt(text: &str, password: &[u8], max_iterations: u32) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let object = EncryptedObject::parse(text)?;
    if object.recipients() != 1 {
        return Err(JweError::Unsupported("several recipients".to_owned()));
    }
    object.decrypt(0, DecryptionKey::Password { password, most_iterations: max_iterations })
}

/// Encrypt with PBES2-HS256+A128KW and A256GCM in compact serialisation.
///
/// # Errors
/// When the system has no randomness.
pub fn encrypt_compact(plaintext: &[u8], password: &[u8], cty: Option<&str>) -> Result<String, JweError> {
    Ok(encrypt(plaintext, password, cty)?.to_compact().expect("it was made with one recipient"))
}

/// The same in flattened JSON serialisation, on several lines with two spaces of indent, without a final newline.
///
/// # Errors
/// When the system has no randomness.
pub fn encrypt_json(plaintext: &[u8], password: &[u8], cty: Option<&str>) -> Result<String, JweError> {
    Ok(encrypt(plaintext, password, cty)?.to_pretty().expect("it was made with one recipient"))
}

fn encrypt(plaintext: &[u8], password: &[u8], cty: Option<&str>) -> Result<EncryptedObject, JweError> {
    let how = Encryption {
        algorithm: KeyManagement::Password(16),
        content: ContentEncryption::Gcm(32),
        to: EncryptionKey::Password(password),
        key_id: None,
        typ: None,
        cty,
    };
    EncryptedObject::encrypt(plaintext, &how)
}

/// A way to derive a key from a password and to wrap the content's key with it.
#[derive(Clone, Copy)]
struct Wrap {
    name: &'static str,
    hash: pbkdf2::Algorithm,
    key_len: usize,
}

impl Wrap {
    const HS256: Self = Self { name: "PBES2-HS256+A128KW", hash: pbkdf2::PBKDF2_HMAC_SHA256, key_len: 16 };
    const HS384: Self = Self { name: "PBES2-HS384+A192KW", hash: pbkdf2::PBKDF2_HMAC_SHA384, key_len: 24 };
    const HS512: Self = Self { name: "PBES2-HS512+A256KW", hash: pbkdf2::PBKDF2_HMAC_SHA512, key_len: 32 };

    fn find(name: &str) -> Result<Self, JweError> {
        let found = [Self::HS256, Self::HS384, Self::HS512].into_iter().find(|wrap| wrap.name == name);
        found.ok_or_else(|| unsupported(name))
    }

    fn derive(self, password: &[u8], salt: &[u8], iterations: NonZeroU32) -> Zeroizing<Vec<u8>> {
        // RFC 7518 §4.8.1.1: the algorithm's name is part of the salt.
        let salt = [self.name.as_bytes(), &[0], salt].concat();
        let mut key = Zeroizing::new(vec![0; self.key_len]);
        pbkdf2::derive(self.hash, iterations, &salt, password, &mut key);
        key
    }

    fn unwrap(self, kek: &[u8], wrapped: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, JweError> {
        if wrapped.len() != len + 8 {
            return Err(JweError::Malformed("its encrypted key has the wrong length"));
        }
        wrap::unwrap(kek, wrapped, len).map_err(|_| JweError::WrongPassword)
    }

    fn wrap(self, kek: &[u8], key: &[u8]) -> Vec<u8> {
        wrap::wrap(kek, key)
    }
}

fn unsupported(name: &str) -> JweError {
    JweError::Unsupported(name.chars().take(40).collect())
}

const NO_RANDOMNESS: JweError = JweError::Malformed("the system has no randomness");
