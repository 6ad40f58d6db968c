//! Public keys as OpenSSH has them in `authorized_keys` and in `.pub` files: type, base64, comment.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{KeyFileError, openssh};
use crate::{KeyAlgorithm, PublicKey};

/// Whether a text begins as such a line does.
pub(super) fn is_one(text: &[u8]) -> bool {
    let kind = text.split(|octet| octet.is_ascii_whitespace()).next().unwrap_or_default();
    KINDS.iter().any(|known| kind.starts_with(known.as_bytes()))
}

/// Read the one key of a line; options before the key are not taken.
pub(super) fn read(text: &str) -> Result<PublicKey, KeyFileError> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let line = lines.next().unwrap_or_default();
    if lines.next().is_some() {
        return Err(KeyFileError::Malformed("it has more than one line; a key is one line".to_owned()));
    }
    let mut words = line.split_ascii_whitespace();
    let (Some(kind), Some(encoded)) = (words.next(), words.next()) else { return Err(cut_short()) };
    let blob = STANDARD.decode(encoded).map_err(|_| KeyFileError::Malformed("it is not base64".to_owned()))?;
    let mut reader = openssh::Wire::of(&blob);
    let name = reader.string()?;
    if name != kind.as_bytes() {
        return Err(KeyFileError::Malformed("it names two types of key".to_owned()));
    }
    let key = match name {
        b"ssh-rsa" => {
            let (exponent, modulus) = (reader.mpint()?, reader.mpint()?);
            PublicKey::from_rsa(modulus, exponent)?
        }
        b"ssh-ed25519" => PublicKey::from_point(KeyAlgorithm::Ed25519, reader.string()?)?,
        b"ecdsa-sha2-nistp256" => point(KeyAlgorithm::EcP256, &mut reader)?,
        b"ecdsa-sha2-nistp384" => point(KeyAlgorithm::EcP384, &mut reader)?,
        b"ecdsa-sha2-nistp521" => point(KeyAlgorithm::EcP521, &mut reader)?,
        _ => {
            let name: String = kind.chars().take(60).collect();
            return Err(KeyFileError::Unsupported(format!("the type {name}")));
        }
    };
    // Also refuses numbers with zeros in front, which would be another key to those who compare the text.
    if openssh::public_blob(&key)? == blob { Ok(key) } else { Err(cut_short()) }
}

/// Type and base64.
pub(super) fn write(key: &PublicKey) -> Result<String, KeyFileError> {
    let blob = openssh::public_blob(key)?;
    Ok(format!("{} {}", openssh::name(key.algorithm())?, STANDARD.encode(blob)))
}

fn point(algorithm: KeyAlgorithm, reader: &mut openssh::Wire<'_>) -> Result<PublicKey, KeyFileError> {
    reader.string()?;
    Ok(PublicKey::from_point(algorithm, reader.string()?)?)
}

fn cut_short() -> KeyFileError {
    KeyFileError::Malformed("it is cut short, or something follows it".to_owned())
}

/// How the names of all types begin; certificates and keys on tokens are told what they are.
const KINDS: [&str; 3] = ["ssh-", "ecdsa-sha2-", "sk-"];
