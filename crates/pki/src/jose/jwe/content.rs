//! Encryption of the content (RFC 7518 §5).

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{self, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    constant_time, hmac,
    iv::FixedLength,
    rand,
};
use zeroize::Zeroizing;

use super::{JweError, NO_RANDOMNESS, serialisation::Parts, unsupported};

/// How the content is encrypted.
#[derive(Clone, Copy)]
pub(super) enum ContentEncryption {
    /// AES-CBC with HMAC (RFC 7518 §5.2); the key has twice the cipher's length.
    CbcHmac(&'static cipher::Algorithm, hmac::Algorithm, usize),
    /// AES-GCM (RFC 7518 §5.3).
    Gcm(&'static aead::Algorithm),
}

impl ContentEncryption {
    pub(super) fn find(name: &str) -> Result<Self, JweError> {
        match name {
            "A128CBC-HS256" => Ok(Self::CbcHmac(&cipher::AES_128, hmac::HMAC_SHA256, 16)),
            "A192CBC-HS384" => Ok(Self::CbcHmac(&cipher::AES_192, hmac::HMAC_SHA384, 24)),
            "A256CBC-HS512" => Ok(Self::CbcHmac(&cipher::AES_256, hmac::HMAC_SHA512, 32)),
            "A128GCM" => Ok(Self::Gcm(&aead::AES_128_GCM)),
            "A192GCM" => Ok(Self::Gcm(&aead::AES_192_GCM)),
            "A256GCM" => Ok(Self::Gcm(&aead::AES_256_GCM)),
            other => Err(unsupported(other)),
        }
    }

    pub(super) fn key_len(self) -> usize {
        match self {
            Self::CbcHmac(_, _, half) => 2 * half,
            Self::Gcm(algorithm) => algorithm.key_len(),
        }
    }

    /// Decrypt with a key of the right length.
    pub(super) fn decrypt(self, key: &[u8], parts: &Parts) -> Result<Zeroizing<Vec<u8>>, JweError> {
        match self {
            Self::CbcHmac(algorithm, mac, half) => {
                let (mac_key, cipher_key) = key.split_at(half);
                check_mac(hmac::Key::new(mac, mac_key), parts, half)?;
                decrypt_cbc(algorithm, cipher_key, parts)
            }
            Self::Gcm(algorithm) => {
                let key = LessSafeKey::new(UnboundKey::new(algorithm, key).expect("the key has the right length"));
                let nonce = Nonce::try_assume_unique_for_key(&parts.iv).map_err(|_| BAD_IV)?;
                if parts.tag.len() != algorithm.tag_len() {
                    return Err(TAMPERED);
                }
                let mut plaintext = Zeroizing::new(vec![0; parts.ciphertext.len()]);
                let aad = Aad::from(parts.protected.as_bytes());
                key.open_separate_gather(nonce, aad, &parts.ciphertext, &parts.tag, &mut plaintext)
                    .map_err(|_| TAMPERED)?;
                Ok(plaintext)
            }
        }
    }
}

/// Encrypt with A256GCM.
pub(super) fn encrypt_a256_gcm(
    key: &[u8; 32],
    protected: String,
    encrypted_key: Vec<u8>,
    plaintext: &[u8],
) -> Result<Parts, JweError> {
    let key = LessSafeKey::new(UnboundKey::new(&aead::AES_256_GCM, key).expect("the key has the right length"));
    let mut iv = [0; aead::NONCE_LEN];
    rand::fill(&mut iv).map_err(|_| NO_RANDOMNESS)?;
    let mut ciphertext = plaintext.to_vec();
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(protected.as_bytes()), &mut ciphertext)
        .expect("a key file is far below the limit of AES-GCM");
    Ok(Parts { protected, encrypted_key, iv: iv.to_vec(), ciphertext, tag: tag.as_ref().to_vec() })
}

/// RFC 7518 §5.2.2.2: the MAC covers header, IV, ciphertext and the header's length, and is cut to half.
fn check_mac(key: hmac::Key, parts: &Parts, len: usize) -> Result<(), JweError> {
    let mut context = hmac::Context::with_key(&key);
    context.update(parts.protected.as_bytes());
    context.update(&parts.iv);
    context.update(&parts.ciphertext);
    let bits = 8 * parts.protected.len() as u64;
    context.update(&bits.to_be_bytes());
    let mac = context.sign();
    constant_time::verify_slices_are_equal(&mac.as_ref()[..len], &parts.tag).map_err(|_| TAMPERED)
}

fn decrypt_cbc(
    algorithm: &'static cipher::Algorithm,
    key: &[u8],
    parts: &Parts,
) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let key = UnboundCipherKey::new(algorithm, key).expect("the key has the right length");
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).expect("AES has CBC");
    let iv: [u8; 16] = parts.iv.as_slice().try_into().map_err(|_| BAD_IV)?;
    let mut plaintext = Zeroizing::new(parts.ciphertext.clone());
    let len = key.decrypt(&mut plaintext, DecryptionContext::Iv128(FixedLength::from(iv))).map_err(|_| TAMPERED)?.len();
    plaintext.truncate(len);
    Ok(plaintext)
}

const BAD_IV: JweError = JweError::Malformed("`iv` has the wrong length");
const TAMPERED: JweError = JweError::Malformed("its content does not fit its tag, so it is damaged");
