//! The encryption of old PEM files (RFC 1421 §4.6.1, with OpenSSL's key derivation). Only read, never written.

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{KeyFileError, cbc::Cipher};
use crate::pem::Block;

/// Whether a block says that it is encrypted.
pub(super) fn is_encrypted(block: &Block) -> bool {
    header(block, "Proc-Type").is_some_and(|value| value.ends_with("ENCRYPTED")) || header(block, "DEK-Info").is_some()
}

/// Decrypt the content of an encrypted block.
pub(super) fn decrypt(block: &Block, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let malformed = || KeyFileError::Malformed("the header DEK-Info is missing or malformed".to_owned());
    let (name, iv) = header(block, "DEK-Info").and_then(|value| value.split_once(',')).ok_or_else(malformed)?;
    let cipher = Cipher::from_dek_info(name.trim())
        .ok_or_else(|| KeyFileError::Unsupported(format!("the encryption {}", name.trim())))?;
    let iv = hex(iv.trim()).filter(|iv| iv.len() == cipher.block_len()).ok_or_else(malformed)?;
    if block.contents.is_empty() || !block.contents.len().is_multiple_of(cipher.block_len()) {
        return Err(KeyFileError::Malformed("the encrypted part is not a whole number of blocks".to_owned()));
    }
    let key = derive(password, &iv[..8], cipher.key_len());
    cipher.decrypt(&key, &iv, &block.contents).map_err(|_| KeyFileError::WrongPassword)
}

fn header<'a>(block: &'a Block, name: &str) -> Option<&'a str> {
    block.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round.
fn derive(password: &[u8], salt: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(len + 16));
    let mut previous = Zeroizing::new(Vec::new());
    while key.len() < len {
        let digest = Md5::new().chain_update(&*previous).chain_update(password).chain_update(salt).finalize();
        previous = Zeroizing::new(digest.to_vec());
        key.extend_from_slice(&previous);
    }
    key.truncate(len);
    key
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|place| u8::from_str_radix(&text[place..place + 2], 16).ok()).collect()
}
