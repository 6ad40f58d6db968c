//! Hashes of passwords as text: the PHC string format, and that of bcrypt.

use anyhow::{Context as _, anyhow, bail};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{constant_time, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::base64_text::{decode, engine};

/// A way to hash passwords, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Argon2 { algorithm: Algorithm, memory: u32, passes: u32, lanes: u32 },
    Bcrypt { cost: u32 },
    Scrypt { log_n: u8, r: u32, p: u32 },
}

impl Scheme {
    /// With the costs that are usual; none for an unknown name.
    pub(super) fn usual(name: &str) -> Option<Self> {
        Some(match name {
            "argon2i" => Self::Argon2 { algorithm: Algorithm::Argon2i, memory: 32 * 1024, passes: 3, lanes: 4 },
            "argon2id" => Self::Argon2 { algorithm: Algorithm::Argon2id, memory: 64 * 1024, passes: 1, lanes: 4 },
            "bcrypt" => Self::Bcrypt { cost: 10 },
            "scrypt" => Self::Scrypt { log_n: 15, r: 8, p: 1 },
            _ => return None,
        })
    }

    /// The text of a hash of `password` with a new salt.
    pub(super) fn hash(self, password: &[u8]) -> anyhow::Result<String> {
        let mut salt = [0; 16];
        rand::fill(&mut salt).map_err(|_| anyhow!("the system has no randomness"))?;
        let encoded = STANDARD_NO_PAD.encode(salt);
        let start = match self {
            Self::Bcrypt { cost } => {
                check_bcrypt(password)?;
                let parts = bcrypt::hash_with_salt(password, cost, salt)
                    .map_err(|error| anyhow!("error deriving password: {error}"))?;
                return Ok(parts.format_for_version(bcrypt::Version::TwoA));
            }
            Self::Argon2 { algorithm, memory, passes, lanes } => {
                format!("${algorithm}$v=19$m={memory},t={passes},p={lanes}")
            }
            Self::Scrypt { log_n, r, p } => format!("$scrypt$ln={log_n},r={r},p={p}"),
        };
        let hash = self.derive(password, &salt, 32)?;
        Ok(format!("{start}${encoded}${}", STANDARD_NO_PAD.encode(&*hash)))
    }

    fn derive(self, password: &[u8], salt: &[u8], len: usize) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        let mut hash = Zeroizing::new(vec![0; len]);
        match self {
            Self::Argon2 { algorithm, memory, passes, lanes } => {
                let params = Params::new(memory, passes, lanes, Some(len))
                    .map_err(|error| anyhow!("error deriving password: {error}"))?;
                Argon2::new(algorithm, Version::V0x13, params)
                    .hash_password_into(password, salt, &mut hash)
                    .map_err(|error| anyhow!("error deriving password: {error}"))?;
            }
            Self::Bcrypt { .. } => bail!("bcrypt has a format of its own"),
            Self::Scrypt { log_n, r, p } => {
                let params =
                    scrypt::Params::new(log_n, r, p).map_err(|error| anyhow!("error deriving password: {error}"))?;
                scrypt::scrypt(password, salt, &params, &mut hash)
                    .map_err(|error| anyhow!("error deriving password: {error}"))?;
            }
        }
        Ok(hash)
    }
}

/// A hash that a password is compared with.
#[derive(Debug)]
pub(crate) enum Expected {
    Bcrypt(String),
    Phc { scheme: Scheme, salt: Vec<u8>, hash: Vec<u8> },
}

impl Expected {
    /// Read the text of a hash. What would take minutes or all memory is refused.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        let Some(parts) = text.strip_prefix('$') else { bail!("error decoding hash: cannot decode password hash") };
        let parts: Vec<&str> = parts.split('$').collect();
        let id = parts[0];
        let (parameters, salt, hash) = match (id, &parts[1..]) {
            ("2a" | "2b" | "2x" | "2y", rest) => return bcrypt(text, rest),
            ("argon2i" | "argon2id", [version, parameters, salt, hash]) => {
                let number = version.strip_prefix("v=").unwrap_or(version);
                if number != "19" {
                    bail!("unsupported argon2 version '{number}'");
                }
                (*parameters, salt, hash)
            }
            ("scrypt", [parameters, salt, hash]) => (*parameters, salt, hash),
            ("argon2i" | "argon2id" | "scrypt", _) => bail!("error decoding hash: cannot decode password hash"),
            _ => bail!("invalid or unsupported hash method with id '{id}'"),
        };
        let scheme = match id {
            "scrypt" => Scheme::Scrypt {
                log_n: u8::try_from(number(id, parameters, "ln", 1..=20)?).unwrap_or(0),
                r: number(id, parameters, "r", 1..=32)?,
                p: number(id, parameters, "p", 1..=32)?,
            },
            _ => Scheme::Argon2 {
                algorithm: if id == "argon2i" { Algorithm::Argon2i } else { Algorithm::Argon2id },
                memory: number("argon2", parameters, "m", 8..=16_777_216)?,
                passes: number("argon2", parameters, "t", 1..=128)?,
                lanes: number("argon2", parameters, "p", 1..=32)?,
            },
        };
        let octets = |text: &str| decode(&engine(true, false), text.as_bytes()).context("error decoding hash");
        let (salt, hash) = (octets(salt)?.to_vec(), octets(hash)?.to_vec());
        // A short hash would be the hash of many passwords, an empty one that of all.
        if hash.len() < 10 || hash.len() > 128 || salt.is_empty() {
            bail!("error decoding hash: the salt is empty, or the hash has less than 10 or more than 128 octets");
        }
        Ok(Self::Phc { scheme, salt, hash })
    }

    /// Whether it is a hash of this password.
    pub(super) fn is_of(&self, password: &[u8]) -> anyhow::Result<bool> {
        match self {
            Self::Bcrypt(text) => {
                check_bcrypt(password)?;
                Ok(bcrypt::verify(password, text).unwrap_or(false))
            }
            Self::Phc { scheme, salt, hash } => {
                let derived = scheme.derive(password, salt, hash.len())?;
                Ok(constant_time::verify_slices_are_equal(&derived, hash).is_ok())
            }
        }
    }
}

fn bcrypt(text: &str, rest: &[&str]) -> anyhow::Result<Expected> {
    let [cost, encoded] = rest else { bail!("error decoding hash: cannot decode password hash") };
    match cost.parse::<u32>() {
        Ok(4..=20) if encoded.len() == 53 => Ok(Expected::Bcrypt(text.to_owned())),
        Ok(21..) => bail!("invalid bcrypt parameter cost={cost}"),
        _ => bail!("error decoding hash: cannot decode password hash"),
    }
}

/// One of the costs in `name=number,…`.
fn number(id: &str, parameters: &str, name: &str, allowed: std::ops::RangeInclusive<u32>) -> anyhow::Result<u32> {
    let mut pairs = parameters.split(',').filter_map(|pair| pair.split_once('='));
    let text = pairs.find(|(found, _)| *found == name).map(|(_, value)| value);
    let text = text.ok_or_else(|| anyhow!("error decoding hash: {id} parameter {name} is missing"))?;
    let value = text.parse().ok().filter(|value| allowed.contains(value));
    value.ok_or_else(|| anyhow!("invalid {id} parameter {name}={text}"))
}

/// What follows the 72nd octet would not count.
fn check_bcrypt(password: &[u8]) -> anyhow::Result<()> {
    match password.len() {
        0..=72 => Ok(()),
        _ => bail!("error deriving password: bcrypt: password length exceeds 72 bytes"),
    }
}
