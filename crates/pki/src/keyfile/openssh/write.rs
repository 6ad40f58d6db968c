//! Writing keys the way OpenSSH does.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::{MAGIC, malformed};
use crate::keyfile::KeyFileError;
use crate::keyfile::structure::PrivateNumbers;
use crate::{KeyAlgorithm, PrivateKey, PublicKey, Signer};

/// The contents of a file with one key.
pub(in crate::keyfile) fn write(
    key: &PrivateKey,
    password: Option<&[u8]>,
    comment: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let (mut salt, mut check) = ([0; 16], [0; 4]);
    rand::fill(&mut salt)
        .and_then(|()| rand::fill(&mut check))
        .map_err(|_| malformed("the system has no randomness to write it"))?;
    let mut section = section(key, check, comment)?;
    section.pad(if password.is_some() { 16 } else { 8 });
    let mut file = Writer::with_room_for(&section.0);
    file.0.extend_from_slice(MAGIC);
    match password {
        None => {
            file.string(b"none");
            file.string(b"none");
            file.string(b"");
        }
        Some(password) => {
            file.string(b"aes256-ctr");
            file.string(b"bcrypt");
            let mut options = Writer(Zeroizing::new(Vec::new()));
            options.string(&salt);
            options.0.extend_from_slice(&ROUNDS.to_be_bytes());
            file.string(&options.0);
            encrypt(password, &salt, &mut section.0);
        }
    }
    file.0.extend_from_slice(&1_u32.to_be_bytes());
    file.string(&public_blob(key.public_key())?);
    file.string(&section.0);
    Ok(file.0)
}

/// The public half, as it also stands in `authorized_keys`.
pub(in crate::keyfile) fn public_blob(key: &PublicKey) -> Result<Vec<u8>, KeyFileError> {
    let mut blob = Writer(Zeroizing::new(Vec::new()));
    blob.string(name(key.algorithm())?.as_bytes());
    match (key.rsa_numbers(), curve_name(key.algorithm())) {
        (Some((modulus, exponent)), _) => {
            blob.number(exponent);
            blob.number(modulus);
        }
        (None, Some(curve)) => {
            blob.string(curve.as_bytes());
            blob.string(key.bits());
        }
        (None, None) => blob.string(key.bits()),
    }
    Ok(blob.0.to_vec())
}

/// The part that is encrypted, without its padding.
fn section(key: &PrivateKey, check: [u8; 4], comment: &str) -> Result<Writer, KeyFileError> {
    let public = key.public_key();
    // Enough that the key is not left behind by growing.
    let mut section = Writer(Zeroizing::new(Vec::with_capacity(8192 + comment.len())));
    section.0.extend_from_slice(&check);
    section.0.extend_from_slice(&check);
    section.string(name(key.algorithm())?.as_bytes());
    match PrivateNumbers::of(key) {
        PrivateNumbers::Ec(number) => {
            section.string(curve_name(key.algorithm()).unwrap_or_default().as_bytes());
            section.string(public.bits());
            section.number(number);
        }
        PrivateNumbers::Ed25519(seed) => {
            section.string(public.bits());
            section.string(&Zeroizing::new([seed, public.bits()].concat()));
        }
        PrivateNumbers::MlDsa(_) => return Err(no_such_type(key.algorithm())),
        PrivateNumbers::Rsa(numbers) => {
            for number in [numbers.n, numbers.e, numbers.d, numbers.qi, numbers.p, numbers.q] {
                section.number(number.as_bytes());
            }
        }
    }
    section.string(comment.as_bytes());
    Ok(section)
}

fn encrypt(password: &[u8], salt: &[u8], section: &mut [u8]) {
    let mut derived = Zeroizing::new([0; 48]);
    bcrypt_pbkdf::bcrypt_pbkdf(password, salt, ROUNDS, &mut *derived).expect("there are a password, a salt and rounds");
    let (key, iv) = derived.split_at(32);
    let iv: [u8; 16] = iv.try_into().expect("a vector of 16 octets was derived");
    let key = UnboundCipherKey::new(&AES_256, key).and_then(EncryptingKey::ctr).expect("the key is one of AES-256");
    key.less_safe_encrypt(section, EncryptionContext::Iv128(FixedLength::from(iv)))
        .expect("a key is far below any limit of AES-CTR");
}

pub(in crate::keyfile) fn name(algorithm: KeyAlgorithm) -> Result<&'static str, KeyFileError> {
    Ok(match algorithm {
        KeyAlgorithm::EcP256 => "ecdsa-sha2-nistp256",
        KeyAlgorithm::EcP384 => "ecdsa-sha2-nistp384",
        KeyAlgorithm::EcP521 => "ecdsa-sha2-nistp521",
        KeyAlgorithm::Ed25519 => "ssh-ed25519",
        KeyAlgorithm::MlDsa(_) => return Err(no_such_type(algorithm)),
        KeyAlgorithm::Rsa { .. } => "ssh-rsa",
    })
}

fn no_such_type(algorithm: KeyAlgorithm) -> KeyFileError {
    KeyFileError::NoForm { key: algorithm.to_string(), form: "OpenSSH" }
}

fn curve_name(algorithm: KeyAlgorithm) -> Option<&'static str> {
    match algorithm {
        KeyAlgorithm::EcP256 => Some("nistp256"),
        KeyAlgorithm::EcP384 => Some("nistp384"),
        KeyAlgorithm::EcP521 => Some("nistp521"),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) | KeyAlgorithm::Rsa { .. } => None,
    }
}

/// The encoding of RFC 4251 §5.
struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    fn with_room_for(section: &[u8]) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(section.len() + 4096)))
    }

    fn string(&mut self, octets: &[u8]) {
        let len = u32::try_from(octets.len()).expect("a key is not that long");
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.extend_from_slice(octets);
    }

    /// A number that is not negative: without leading zeros, but for one before a set highest bit.
    fn number(&mut self, octets: &[u8]) {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let number = &octets[zeros..];
        let sign = number.first().is_some_and(|first| first & 0x80 != 0);
        let len = u32::try_from(number.len() + usize::from(sign)).expect("a key is not that long");
        self.0.extend_from_slice(&len.to_be_bytes());
        if sign {
            self.0.push(0);
        }
        self.0.extend_from_slice(number);
    }

    fn pad(&mut self, block: usize) {
        let missing = self.0.len().next_multiple_of(block) - self.0.len();
        self.0.extend((1..=16).take(missing));
    }
}

/// As many as `ssh-keygen` uses.
const ROUNDS: u32 = 16;
