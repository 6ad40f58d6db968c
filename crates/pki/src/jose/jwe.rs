//! Keys encrypted with a password (JWE, RFC 7516, with PBES2 of RFC 7518 §4.8).

mod content;
mod serialisation;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use aws_lc_rs::{
    key_wrap::{AES_128, AES_256, AesKek, KeyWrap},
    pbkdf2, rand,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use self::{content::ContentEncryption, serialisation::Parts};
use super::{base64url, json};

/// How many iterations of the key derivation are done for somebody else's text: four times what Rung and `step`
/// write, about a quarter of a second.
pub const MAX_ITERATIONS: u32 = 2_400_000;

/// How many iterations of the key derivation Rung writes.
pub const ITERATIONS: u32 = 600_000;

/// Why something was not decrypted or encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// The text is not a JWE.
    #[error("the encrypted key is malformed: {0}")]
    Malformed(&'static str),
    /// The header is not a proper JSON object.
    #[error("the encrypted key's header: {0}")]
    Json(#[from] json::JsonError),
    /// The key derivation would take too long.
    #[error("the encrypted key asks for {iterations} iterations of PBKDF2; at most {most} are allowed")]
    TooManyIterations {
        /// What the header says.
        iterations: u64,
        /// What the caller allows.
        most: u32,
    },
    /// A JWE, but of a kind that Rung does not use.
    #[error("the encrypted key uses {0}, which is not supported")]
    Unsupported(String),
    /// The password is wrong, or the text was tampered with: the two look the same.
    #[error("the password is wrong")]
    WrongPassword,
}

/// Decrypt a text in compact or flattened JSON serialisation.
///
/// # Errors
/// When it is not encrypted with a password, asks for more than `max_iterations`, or the password is wrong.
pub fn decrypt(text: &str, password: &[u8], max_iterations: u32) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let parts = Parts::parse(text)?;
    let header: Header = {
        let text =
            base64url::decode(&parts.protected).map_err(|_| JweError::Malformed("its header is not base64url"))?;
        json::check_object(&text)?;
        serde_json::from_slice(&text).map_err(|_| JweError::Malformed("`alg` and `enc` are missing or no strings"))?
    };
    // Decompression would let a short text grow without bound.
    if header.zip {
        return Err(JweError::Unsupported("compression (`zip`)".to_owned()));
    }
    if header.crit {
        return Err(JweError::Unsupported("extensions (`crit`)".to_owned()));
    }
    let wrap = Wrap::find(&header.alg)?;
    let content = ContentEncryption::find(&header.enc)?;
    let salt = header.p2s.and_then(|salt| base64url::decode(salt).ok());
    // RFC 7518 §4.8.1.1: at least eight octets.
    let salt = salt.filter(|salt| salt.len() >= 8).ok_or(JweError::Malformed("`p2s` is missing or too short"))?;
    let asked = header.p2c.unwrap_or(0);
    let iterations = u32::try_from(asked).ok().filter(|count| *count <= max_iterations);
    let iterations = iterations.ok_or(JweError::TooManyIterations { iterations: asked, most: max_iterations })?;
    let iterations = NonZeroU32::new(iterations).ok_or(JweError::Malformed("`p2c` is missing or zero"))?;

    let kek = wrap.derive(password, &salt, iterations);
    let key = wrap.unwrap(&kek, &parts.encrypted_key, content.key_len())?;
    content.decrypt(&key, &parts)
}

/// Encrypt with PBES2-HS256+A128KW and A256GCM in compact serialisation.
///
/// # Errors
/// When the system has no randomness.
pub fn encrypt_compact(plaintext: &[u8], password: &[u8], cty: Option<&str>) -> Result<String, JweError> {
    encrypt(plaintext, password, cty).map(|parts| parts.to_compact())
}

/// The same in flattened JSON serialisation, on several lines with two spaces of indent, without a final newline.
///
/// # Errors
/// When the system has no randomness.
pub fn encrypt_json(plaintext: &[u8], password: &[u8], cty: Option<&str>) -> Result<String, JweError> {
    encrypt(plaintext, password, cty).map(|parts| parts.to_json())
}

fn encrypt(plaintext: &[u8], password: &[u8], cty: Option<&str>) -> Result<Parts, JweError> {
    let mut salt = [0; 16];
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(&mut salt).and_then(|()| rand::fill(&mut *key)).map_err(|_| NO_RANDOMNESS)?;
    let mut header = format!("{{\"alg\":\"{}\"", Wrap::HS256.name);
    if let Some(cty) = cty {
        header.push_str(",\"cty\":");
        json::append_string(&mut header, cty);
    }
    let salt_text = base64url::encode(salt);
    header.push_str(&format!(",\"enc\":\"A256GCM\",\"p2c\":{ITERATIONS},\"p2s\":\"{salt_text}\"}}"));

    let iterations = NonZeroU32::new(ITERATIONS).expect("not zero");
    let kek = Wrap::HS256.derive(password, &salt, iterations);
    let encrypted_key = Wrap::HS256.wrap(&kek, &*key);
    content::encrypt_a256_gcm(&key, base64url::encode(header), encrypted_key, plaintext)
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    p2c: Option<u64>,
    p2s: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    zip: bool,
    #[serde(default, deserialize_with = "json::present")]
    crit: bool,
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
    const HS512: Self = Self { name: "PBES2-HS512+A256KW", hash: pbkdf2::PBKDF2_HMAC_SHA512, key_len: 32 };

    fn find(name: &str) -> Result<Self, JweError> {
        [Self::HS256, Self::HS512].into_iter().find(|wrap| wrap.name == name).ok_or_else(|| unsupported(name))
    }

    fn derive(self, password: &[u8], salt: &[u8], iterations: NonZeroU32) -> Zeroizing<Vec<u8>> {
        // RFC 7518 §4.8.1.1: the algorithm's name is part of the salt.
        let salt = [self.name.as_bytes(), &[0], salt].concat();
        let mut key = Zeroizing::new(vec![0; self.key_len]);
        pbkdf2::derive(self.hash, iterations, &salt, password, &mut key);
        key
    }

    fn unwrap(self, kek: &[u8], wrapped: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, JweError> {
        // RFC 3394 §2.2: wrapping adds eight octets.
        if wrapped.len() != len + 8 {
            return Err(JweError::Malformed("its encrypted key has the wrong length"));
        }
        let mut key = Zeroizing::new(vec![0; len]);
        self.kek(kek).unwrap(wrapped, &mut key).map_err(|_| JweError::WrongPassword)?;
        Ok(key)
    }

    fn wrap(self, kek: &[u8], key: &[u8]) -> Vec<u8> {
        let mut wrapped = vec![0; key.len() + 8];
        self.kek(kek).wrap(key, &mut wrapped).expect("the key is a multiple of eight octets");
        wrapped
    }

    fn kek(self, key: &[u8]) -> AesKek {
        let cipher = if self.key_len == 16 { &AES_128 } else { &AES_256 };
        AesKek::new(cipher, key).expect("the derived key has the length of the cipher")
    }
}

fn unsupported(name: &str) -> JweError {
    JweError::Unsupported(name.chars().take(40).collect())
}

const NO_RANDOMNESS: JweError = JweError::Malformed("the system has no randomness");
