//! Finding out in which clothing a key comes.

use zeroize::Zeroizing;

use super::{KeyFileError, ssh_line};
use crate::pem::{self, Block};

/// A key as it lies in a file.
pub(super) enum Clothing<'a> {
    Der(Zeroizing<Vec<u8>>),
    Jwe(&'a str),
    Jwk(&'a [u8]),
    Pem(Block),
    /// A public key as OpenSSH writes it.
    SshLine(&'a str),
}

impl<'a> Clothing<'a> {
    /// What a file is that must hold one thing only.
    pub(super) fn find(contents: &'a [u8]) -> Result<Self, KeyFileError> {
        Self::find_among(contents, |blocks| blocks.len() == 1)
    }

    /// What the first thing in a file is.
    pub(super) fn find_first(contents: &'a [u8]) -> Result<Self, KeyFileError> {
        Self::find_among(contents, |_| true)
    }

    fn find_among(contents: &'a [u8], accept: impl Fn(&[Block]) -> bool) -> Result<Self, KeyFileError> {
        if contents.windows(BEGIN.len()).any(|window| window == BEGIN) {
            let mut blocks = pem::decode_all(contents).map_err(|error| KeyFileError::Malformed(error.to_string()))?;
            // OpenSSL writes the name of the curve before a key; the key names it again.
            blocks.retain(|block| block.label != "EC PARAMETERS");
            if blocks.is_empty() {
                return Err(KeyFileError::Malformed("its first line is not complete".to_owned()));
            }
            return if accept(&blocks) { Ok(Self::Pem(blocks.remove(0))) } else { Err(KeyFileError::SeveralKeys) };
        }
        let text = contents.trim_ascii();
        match text.first() {
            None => Err(KeyFileError::Malformed("it is empty".to_owned())),
            Some(b'-') => Err(KeyFileError::Malformed("its first line is not complete".to_owned())),
            // The first octet of every DER structure here; a text with a key does not begin with this digit.
            Some(b'0') => Ok(Self::Der(Zeroizing::new(contents.to_vec()))),
            Some(_) if ssh_line::is_one(text) => utf8(text).map(Self::SshLine),
            Some(b'{') if mentions(text, b"\"ciphertext\"") => utf8(text).map(Self::Jwe),
            Some(b'{') => Ok(Self::Jwk(text)),
            Some(_) if text.iter().filter(|octet| **octet == b'.').count() == 4 => utf8(text).map(Self::Jwe),
            Some(_) => Err(KeyFileError::NotAKey("key")),
        }
    }
}

fn mentions(text: &[u8], name: &[u8]) -> bool {
    text.windows(name.len()).any(|window| window == name)
}

fn utf8(text: &[u8]) -> Result<&str, KeyFileError> {
    std::str::from_utf8(text).map_err(|_| KeyFileError::Malformed("it is not a text".to_owned()))
}

const BEGIN: &[u8] = b"-----BEGIN";
