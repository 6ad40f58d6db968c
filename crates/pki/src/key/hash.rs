//! Hash functions, the broken ones too: what to do about those is up to whoever uses them.

use std::str::FromStr;

use aws_lc_rs::digest::{self, Context};
use md5::{Digest, Md5};
use sha2::Sha512_224;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// MD5 (RFC 1321), broken.
    Md5,
    /// SHA-1 (FIPS 180-4), broken where somebody else chooses what is hashed.
    Sha1,
    /// SHA-224 (FIPS 180-4).
    Sha224,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-384 (FIPS 180-4).
    Sha384,
    /// SHA-512 (FIPS 180-4).
    Sha512,
    /// SHA-512/224 (FIPS 180-4).
    Sha512To224,
    /// SHA-512/256 (FIPS 180-4).
    Sha512To256,
}

/// A hash on its way.
pub struct Hasher(State);

enum State {
    Md5(Md5),
    Sha512To224(Sha512_224),
    // Far larger than the others.
    Other(Box<Context>),
}

impl Hash {
    /// Begin to hash.
    pub fn start(self) -> Hasher {
        let algorithm = match self {
            Self::Md5 => return Hasher(State::Md5(Md5::new())),
            Self::Sha512To224 => return Hasher(State::Sha512To224(Sha512_224::new())),
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => &digest::SHA224,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
            Self::Sha512To256 => &digest::SHA512_256,
        };
        Hasher(State::Other(Box::new(Context::new(algorithm))))
    }

    /// Hash all at once.
    pub fn digest(self, octets: &[u8]) -> Vec<u8> {
        let mut hasher = self.start();
        hasher.update(octets);
        hasher.finish()
    }

    /// How many octets come out.
    pub fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha512To224 => 28,
            Self::Sha256 | Self::Sha512To256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The DER of `DigestInfo` up to the digest (RFC 8017 §9.2, note 1).
    pub(crate) fn digest_info(self) -> Vec<u8> {
        let oid: &[u8] = match self {
            Self::Md5 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 2, 5],
            Self::Sha1 => &[0x2b, 14, 3, 2, 26],
            Self::Sha224 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4],
            Self::Sha256 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
            Self::Sha384 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
            Self::Sha512 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
            Self::Sha512To224 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 5],
            Self::Sha512To256 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 6],
        };
        let octet = |len: usize| u8::try_from(len).expect("a digest and its name are short");
        let mut info = vec![0x30, octet(oid.len() + 8 + self.size()), 0x30, octet(oid.len() + 4), 6, octet(oid.len())];
        info.extend_from_slice(oid);
        info.extend_from_slice(&[5, 0, 4, octet(self.size())]);
        info
    }
}

impl Hasher {
    /// Hash some more.
    pub fn update(&mut self, octets: &[u8]) {
        match &mut self.0 {
            State::Md5(state) => state.update(octets),
            State::Sha512To224(state) => state.update(octets),
            State::Other(state) => state.update(octets),
        }
    }

    /// The digest of everything.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Md5(state) => state.finalize().to_vec(),
            State::Sha512To224(state) => state.finalize().to_vec(),
            State::Other(state) => state.finish().as_ref().to_vec(),
        }
    }
}

/// A name that is none of a hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not the name of a hash function")]
pub struct UnknownHash;

/// The names that `step` takes, in whichever case.
impl FromStr for Hash {
    type Err = UnknownHash;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha224" => Self::Sha224,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            "sha512-224" => Self::Sha512To224,
            "sha512-256" => Self::Sha512To256,
            _ => return Err(UnknownHash),
        })
    }
}
