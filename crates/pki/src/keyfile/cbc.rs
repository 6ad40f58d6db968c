//! The block ciphers that key files are encrypted with, in CBC mode with padding.

use aws_lc_rs::{
    cipher::{
        self, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    iv::FixedLength,
};
use der::asn1::ObjectIdentifier;
use des::cipher::{Block, BlockCipherDecrypt, KeyInit, KeySizeUser};
use zeroize::Zeroizing;

/// A cipher. The two kinds of DES are only ever read: they are broken, but old files use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Des,
    TripleDes,
}

/// The data is not a whole number of blocks or its padding is wrong; for want of better, the password is.
#[derive(Debug)]
pub(crate) struct BadPadding;

impl Cipher {
    /// Its name in the header `DEK-Info` (RFC 1423 and OpenSSL).
    pub(super) fn from_dek_info(name: &str) -> Option<Self> {
        match name {
            "AES-128-CBC" => Some(Self::Aes128),
            "AES-192-CBC" => Some(Self::Aes192),
            "AES-256-CBC" => Some(Self::Aes256),
            "DES-CBC" => Some(Self::Des),
            "DES-EDE3-CBC" => Some(Self::TripleDes),
            _ => None,
        }
    }

    /// Its name in PBES2 (RFC 8018 appendix B.2).
    pub(super) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        match oid.to_string().as_str() {
            "2.16.840.1.101.3.4.1.2" => Some(Self::Aes128),
            "2.16.840.1.101.3.4.1.22" => Some(Self::Aes192),
            "2.16.840.1.101.3.4.1.42" => Some(Self::Aes256),
            "1.3.14.3.2.7" => Some(Self::Des),
            "1.2.840.113549.3.7" => Some(Self::TripleDes),
            _ => None,
        }
    }

    pub(super) fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Des => 8,
        }
    }

    /// The length of a block and of the initialisation vector.
    pub(super) fn block_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::Des | Self::TripleDes => 8,
        }
    }

    /// Decrypt and take the padding off. Key and vector have the lengths that the cipher asks for.
    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, BadPadding> {
        if data.is_empty() || !data.len().is_multiple_of(self.block_len()) {
            return Err(BadPadding);
        }
        match self {
            Self::Aes128 => decrypt_aes(&cipher::AES_128, key, iv, data),
            Self::Aes192 => decrypt_aes(&cipher::AES_192, key, iv, data),
            Self::Aes256 => decrypt_aes(&cipher::AES_256, key, iv, data),
            Self::Des => decrypt_des::<des::Des>(key, iv, data),
            Self::TripleDes => decrypt_des::<des::TdesEde3>(key, iv, data),
        }
    }
}

/// Pad and encrypt with AES-256.
pub(super) fn encrypt_aes_256(key: &[u8; 32], iv: &[u8; 16], data: &[u8]) -> Vec<u8> {
    let key = UnboundCipherKey::new(&cipher::AES_256, key).expect("the key has the length of the cipher");
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).expect("AES has CBC");
    let mut data = data.to_vec();
    key.less_safe_encrypt(&mut data, EncryptionContext::Iv128(FixedLength::from(iv)))
        .expect("a key file is far below any limit of AES-CBC");
    data
}

fn decrypt_aes(
    algorithm: &'static cipher::Algorithm,
    key: &[u8],
    iv: &[u8],
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadPadding> {
    let key = UnboundCipherKey::new(algorithm, key).expect("the key has the length of the cipher");
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).expect("AES has CBC");
    let iv: [u8; 16] = iv.try_into().expect("the vector has the length of a block");
    let mut plaintext = Zeroizing::new(data.to_vec());
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let len = key.decrypt(&mut plaintext, context).map_err(|_| BadPadding)?.len();
    plaintext.truncate(len);
    Ok(plaintext)
}

fn decrypt_des<C>(key: &[u8], iv: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, BadPadding>
where
    C: BlockCipherDecrypt + KeyInit + KeySizeUser,
{
    decrypt_blocks(&C::new_from_slice(key).expect("the key has the length of the cipher"), iv, data)
}

/// Decrypt with a cipher whose blocks have eight octets, and take the padding off. The data is whole blocks.
pub(crate) fn decrypt_blocks<C: BlockCipherDecrypt>(
    cipher: &C,
    iv: &[u8],
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadPadding> {
    let mut plaintext = Zeroizing::new(Vec::with_capacity(data.len()));
    let mut previous = iv;
    for encrypted in data.chunks_exact(8) {
        let mut block = Block::<C>::try_from(encrypted).expect("a block has eight octets");
        cipher.decrypt_block(&mut block);
        plaintext.extend(block.iter().zip(previous).map(|(octet, previous)| octet ^ previous));
        previous = encrypted;
    }
    let padding = plaintext.last().map_or(0, |last| usize::from(*last));
    let len = plaintext.len() - 8.min(plaintext.len());
    if !(1..=8).contains(&padding) || plaintext[len + 8 - padding..].iter().any(|octet| usize::from(*octet) != padding)
    {
        return Err(BadPadding);
    }
    plaintext.truncate(len + 8 - padding);
    Ok(plaintext)
}
