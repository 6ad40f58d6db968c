//! Encryption of the content (RFC 7518 §5).

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{self, DecryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey},
    constant_time, hmac,
    iv::FixedLength,
    rand,
};
use zeroize::Zeroizing;

use super::{JweError, NO_RANDOMNESS, unsupported};

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentEncryption {
    /// AES-CBC with HMAC-SHA-2 (RFC 7518 §5.2) under a key of so many octets.
    CbcHmac(usize),
    /// AES-GCM (RFC 7518 §5.3) under a key of so many octets.
    Gcm(usize),
}

/// Encrypted content.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

impl ContentEncryption {
    /// Every algorithm with its name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("A128CBC-HS256", Self::CbcHmac(32)),
        ("A192CBC-HS384", Self::CbcHmac(48)),
        ("A256CBC-HS512", Self::CbcHmac(64)),
        ("A128GCM", Self::Gcm(16)),
        ("A192GCM", Self::Gcm(24)),
        ("A256GCM", Self::Gcm(32)),
    ];

    /// The algorithm with this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(name: &str) -> Result<Self, JweError> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, algorithm)| algorithm).ok_or_else(|| unsupported(name))
    }

    /// The name in JOSE headers.
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(_, algorithm)| *algorithm == self);
        found.expect("only the lengths of the list are ever used").0
    }

    /// How many octets the key has.
    pub fn key_len(self) -> usize {
        match self {
            Self::CbcHmac(len) | Self::Gcm(len) => len,
        }
    }

    /// Decrypt with a key of the right length.
    pub(super) fn decrypt(self, key: &[u8], aad: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, JweError> {
        match self {
            Self::CbcHmac(len) => {
                let (mac_key, cipher_key) = key.split_at(len / 2);
                let mac = mac(mac_key, aad, &sealed.iv, &sealed.ciphertext);
                constant_time::verify_slices_are_equal(&mac, &sealed.tag).map_err(|_| TAMPERED)?;
                decrypt_cbc(cipher_key, sealed)
            }
            Self::Gcm(_) => gcm_open(key, aad, sealed),
        }
    }

    /// Encrypt with a key of the right length.
    pub(super) fn encrypt(self, key: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, JweError> {
        match self {
            Self::CbcHmac(len) => {
                let (mac_key, cipher_key) = key.split_at(len / 2);
                let key =
                    UnboundCipherKey::new(cbc(cipher_key.len()), cipher_key).expect("the key has the right length");
                let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).expect("AES has CBC");
                let mut ciphertext = plaintext.to_vec();
                let context = key.encrypt(&mut ciphertext).map_err(|_| NO_RANDOMNESS)?;
                let DecryptionContext::Iv128(iv) = context else { return Err(NO_RANDOMNESS) };
                let iv = iv.as_ref().to_vec();
                let tag = mac(mac_key, aad, &iv, &ciphertext);
                Ok(Sealed { iv, ciphertext, tag })
            }
            Self::Gcm(_) => gcm_seal(key, aad, plaintext),
        }
    }
}

/// Decrypt with AES-GCM under a key of 16, 24 or 32 octets.
pub(super) fn gcm_open(key: &[u8], aad: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let algorithm = gcm(key.len());
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).expect("the key has the right length"));
    let nonce = Nonce::try_assume_unique_for_key(&sealed.iv).map_err(|_| BAD_IV)?;
    // RFC 7518 §5.3: the tag has 128 bits; a shorter one would be easier to forge.
    if sealed.tag.len() != algorithm.tag_len() {
        return Err(TAMPERED);
    }
    let mut plaintext = Zeroizing::new(vec![0; sealed.ciphertext.len()]);
    key.open_separate_gather(nonce, Aad::from(aad), &sealed.ciphertext, &sealed.tag, &mut plaintext)
        .map_err(|_| TAMPERED)?;
    Ok(plaintext)
}

/// Encrypt with AES-GCM under a key of 16, 24 or 32 octets and a random nonce.
pub(super) fn gcm_seal(key: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, JweError> {
    let key = LessSafeKey::new(UnboundKey::new(gcm(key.len()), key).expect("the key has the right length"));
    let mut iv = [0; aead::NONCE_LEN];
    rand::fill(&mut iv).map_err(|_| NO_RANDOMNESS)?;
    let mut ciphertext = plaintext.to_vec();
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(aad), &mut ciphertext)
        .expect("what is read into memory is far below the limit of AES-GCM");
    Ok(Sealed { iv: iv.to_vec(), ciphertext, tag: tag.as_ref().to_vec() })
}

fn gcm(key_len: usize) -> &'static aead::Algorithm {
    match key_len {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        _ => &aead::AES_256_GCM,
    }
}

fn cbc(key_len: usize) -> &'static cipher::Algorithm {
    match key_len {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        _ => &cipher::AES_256,
    }
}

/// RFC 7518 §5.2.2.1: the MAC covers header, IV, ciphertext and the header's length, and is cut to half.
fn mac(key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let hash = match key.len() {
        16 => hmac::HMAC_SHA256,
        24 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA512,
    };
    let mut context = hmac::Context::with_key(&hmac::Key::new(hash, key));
    context.update(aad);
    context.update(iv);
    context.update(ciphertext);
    let bits = 8 * aad.len() as u64;
    context.update(&bits.to_be_bytes());
    context.sign().as_ref()[..key.len()].to_vec()
}

fn decrypt_cbc(key: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let key = UnboundCipherKey::new(cbc(key.len()), key).expect("the key has the right length");
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).expect("AES has CBC");
    let iv: [u8; 16] = sealed.iv.as_slice().try_into().map_err(|_| BAD_IV)?;
    let mut plaintext = Zeroizing::new(sealed.ciphertext.clone());
    let len = key.decrypt(&mut plaintext, DecryptionContext::Iv128(FixedLength::from(iv))).map_err(|_| TAMPERED)?.len();
    plaintext.truncate(len);
    Ok(plaintext)
}

const BAD_IV: JweError = JweError::Malformed("`iv` has the wrong length");
pub(super) const TAMPERED: JweError = JweError::Malformed("its content does not fit its tag, so it is damaged");
