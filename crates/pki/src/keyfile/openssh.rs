//! OpenSSH private keys (the format `openssh-key-v1`, described in OpenSSH's PROTOCOL.key).

mod numbers;
mod write;

use aws_lc_rs::cipher::{self, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

pub(super) use self::write::{name, public_blob, write};
use super::KeyFileError;
use crate::{KeyAlgorithm, PrivateKey};

/// Whether a password is needed to read the key.
pub(super) fn is_encrypted(contents: &[u8]) -> bool {
    Envelope::parse(contents).is_ok_and(|envelope| envelope.cipher != b"none")
}

/// Decrypt and read the one key, and its comment.
pub(super) fn read(contents: &[u8], password: Option<&[u8]>) -> Result<(PrivateKey, String), KeyFileError> {
    let envelope = Envelope::parse(contents)?;
    if envelope.cipher == b"none" {
        envelope.check_end()?;
        return read_section(envelope.section, malformed("the check numbers differ"));
    }
    let section = envelope.decrypt(password)?;
    // With a wrong password the two check numbers differ, but for one time in 2^32.
    read_section(&section, KeyFileError::WrongPassword)
}

/// What surrounds the private section.
struct Envelope<'a> {
    cipher: &'a [u8],
    kdf: &'a [u8],
    kdf_options: &'a [u8],
    section: &'a [u8],
    /// What follows; ciphers that authenticate put their tag there.
    rest: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn parse(contents: &'a [u8]) -> Result<Self, KeyFileError> {
        let rest = contents.strip_prefix(MAGIC).ok_or_else(|| malformed("it is not of version 1"))?;
        let mut reader = Wire(rest);
        let (cipher, kdf, kdf_options) = (reader.string()?, reader.string()?, reader.string()?);
        if reader.number()? != 1 {
            return Err(KeyFileError::SeveralKeys);
        }
        reader.string()?;
        let section = reader.string()?;
        Ok(Self { cipher, kdf, kdf_options, section, rest: reader.0 })
    }

    fn check_end(&self) -> Result<(), KeyFileError> {
        if self.rest.is_empty() { Ok(()) } else { Err(malformed("something follows the key")) }
    }

    fn decrypt(&self, password: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let unsupported = |name: &[u8]| {
            let name: String = String::from_utf8_lossy(name).chars().take(40).collect();
            KeyFileError::Unsupported(format!("the encryption {name}"))
        };
        let (algorithm, mode, key_len): (_, fn(_) -> _, _) = match self.cipher {
            b"aes128-cbc" => (&cipher::AES_128, DecryptingKey::cbc as fn(_) -> _, 16),
            b"aes192-cbc" => (&cipher::AES_192, DecryptingKey::cbc, 24),
            b"aes256-cbc" => (&cipher::AES_256, DecryptingKey::cbc, 32),
            b"aes128-ctr" => (&cipher::AES_128, DecryptingKey::ctr, 16),
            b"aes192-ctr" => (&cipher::AES_192, DecryptingKey::ctr, 24),
            b"aes256-ctr" => (&cipher::AES_256, DecryptingKey::ctr, 32),
            other => return Err(unsupported(other)),
        };
        self.check_end()?;
        if self.kdf != b"bcrypt" {
            return Err(unsupported(self.kdf));
        }
        if self.section.is_empty() || !self.section.len().is_multiple_of(16) {
            return Err(malformed("the encrypted part is not a whole number of blocks"));
        }
        let derived = self.derive(password.ok_or(KeyFileError::PasswordRequired)?, key_len + 16)?;
        let (key, iv) = derived.split_at(key_len);
        let iv: [u8; 16] = iv.try_into().expect("a vector of 16 octets was derived");
        let key = UnboundCipherKey::new(algorithm, key).and_then(mode).expect("the key has the length of the cipher");
        let mut section = Zeroizing::new(self.section.to_vec());
        key.decrypt(&mut section, DecryptionContext::Iv128(FixedLength::from(iv)))
            .expect("the data is a whole number of blocks");
        Ok(section)
    }

    fn derive(&self, password: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let mut reader = Wire(self.kdf_options);
        let (salt, rounds) = (reader.string()?, reader.number()?);
        // Otherwise a file could keep this program busy for hours.
        if rounds > MAX_ROUNDS {
            return Err(KeyFileError::Unsupported(format!("{rounds} rounds of bcrypt (at most {MAX_ROUNDS})")));
        }
        if password.is_empty() {
            return Err(KeyFileError::WrongPassword);
        }
        let mut derived = Zeroizing::new(vec![0; len]);
        bcrypt_pbkdf::bcrypt_pbkdf(password, salt, rounds, &mut derived)
            .map_err(|_| malformed("the salt is empty or there are no rounds"))?;
        Ok(derived)
    }
}

/// Read the private section; `differ` is the answer when its two check numbers differ.
fn read_section(section: &[u8], differ: KeyFileError) -> Result<(PrivateKey, String), KeyFileError> {
    let mut reader = Wire(section);
    if reader.number()? != reader.number()? {
        return Err(differ);
    }
    let key = match reader.string()? {
        b"ssh-ed25519" => {
            let (public, pair) = (reader.string()?, reader.string()?);
            let seed = pair.strip_suffix(public).ok_or_else(|| malformed("the halves of the key differ"))?;
            let key = PrivateKey::from_ed25519_seed(seed)?;
            if crate::Signer::public_key(&key).bits() != public {
                return Err(malformed("the halves of the key differ"));
            }
            key
        }
        b"ecdsa-sha2-nistp256" => read_ec(KeyAlgorithm::EcP256, &mut reader)?,
        b"ecdsa-sha2-nistp384" => read_ec(KeyAlgorithm::EcP384, &mut reader)?,
        b"ecdsa-sha2-nistp521" => read_ec(KeyAlgorithm::EcP521, &mut reader)?,
        b"ssh-rsa" => {
            let (n, e, d) = (reader.mpint()?, reader.mpint()?, reader.mpint()?);
            let (qi, p, q) = (reader.mpint()?, reader.mpint()?, reader.mpint()?);
            numbers::rsa_key([n, e, d, p, q, qi])?
        }
        other => {
            let name: String = String::from_utf8_lossy(other).chars().take(40).collect();
            return Err(KeyFileError::Unsupported(format!("the type {name}")));
        }
    };
    let comment = String::from_utf8_lossy(reader.string()?).into_owned();
    let padded = reader.0.iter().zip(1..).all(|(octet, expected)| *octet == expected);
    if padded { Ok((key, comment)) } else { Err(malformed("the padding is wrong")) }
}

fn read_ec(algorithm: KeyAlgorithm, reader: &mut Wire<'_>) -> Result<PrivateKey, KeyFileError> {
    reader.string()?;
    let (point, number) = (reader.string()?, reader.mpint()?);
    let len = algorithm.coordinate_len().expect("an elliptic curve has coordinates");
    let missing = len.checked_sub(number.len()).ok_or_else(|| malformed("the private number is too long"))?;
    let mut padded = Zeroizing::new(vec![0; len]);
    padded[missing..].copy_from_slice(number);
    Ok(PrivateKey::from_ec_numbers(algorithm, &padded, point)?)
}

/// A reader of the encodings of RFC 4251 §5.
pub(super) struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    pub(super) fn of(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    fn number(&mut self) -> Result<u32, KeyFileError> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    pub(super) fn string(&mut self) -> Result<&'a [u8], KeyFileError> {
        let len = usize::try_from(self.number()?).map_err(|_| cut_short())?;
        let (string, rest) = self.0.split_at_checked(len).ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(string)
    }

    /// A number of many octets, without leading zeros.
    pub(super) fn mpint(&mut self) -> Result<&'a [u8], KeyFileError> {
        let number = self.string()?;
        Ok(&number[number.iter().take_while(|octet| **octet == 0).count()..])
    }
}

fn cut_short() -> KeyFileError {
    malformed("it is cut short")
}

fn malformed(problem: &str) -> KeyFileError {
    KeyFileError::Malformed(problem.to_owned())
}

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// OpenSSH writes 16 or 24; a thousand take a few seconds.
const MAX_ROUNDS: u32 = 1000;
