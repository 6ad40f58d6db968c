//! The secret box of NaCl: XSalsa20 and Poly1305, and the key of a box out of two keys of Curve25519.

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::constant_time;
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::cipher::consts::U10;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use salsa20::{XSalsa20, hsalsa};
use zeroize::Zeroizing;

/// Octets of a key.
pub(crate) const KEY: usize = 32;
/// Octets of a nonce.
pub(crate) const NONCE: usize = 24;
/// Octets by which a sealed message is longer.
const TAG: usize = 16;

/// What was sealed is damaged, or sealed by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// A key with which the owners of the two key pairs seal messages for each other; none for a public key that gives
/// everybody the same.
pub(crate) fn shared_key(public: &[u8; KEY], private: &[u8; KEY]) -> Option<Zeroizing<[u8; KEY]>> {
    let private = PrivateKey::from_private_key(&X25519, private).ok()?;
    agree(&private, UnparsedPublicKey::new(&X25519, public), (), |secret| {
        let secret: Zeroizing<[u8; KEY]> = Zeroizing::new(secret.try_into().map_err(|_| ())?);
        let key = hsalsa::<U10>(&(*secret).into(), &[0; 16].into());
        Ok(Zeroizing::new(key.into()))
    })
    .ok()
}

/// Seal a message: its tag and its encryption.
pub(crate) fn seal(key: &[u8; KEY], nonce: &[u8; NONCE], message: &[u8]) -> Vec<u8> {
    let (mut cipher, authenticator) = start(key, nonce);
    let mut sealed = vec![0; TAG];
    sealed.extend_from_slice(message);
    cipher.apply_keystream(&mut sealed[TAG..]);
    let tag = authenticator.compute_unpadded(&sealed[TAG..]);
    sealed[..TAG].copy_from_slice(&tag);
    sealed
}

/// Open what was sealed.
pub(crate) fn open(key: &[u8; KEY], nonce: &[u8; NONCE], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let (tag, encrypted) = sealed.split_at_checked(TAG).ok_or(NotAuthentic)?;
    let (mut cipher, authenticator) = start(key, nonce);
    let expected = authenticator.compute_unpadded(encrypted);
    constant_time::verify_slices_are_equal(&expected, tag).map_err(|_| NotAuthentic)?;
    let mut message = Zeroizing::new(encrypted.to_vec());
    cipher.apply_keystream(&mut message);
    Ok(message)
}

/// The stream behind its first 32 octets, which are the key of the tag.
fn start(key: &[u8; KEY], nonce: &[u8; NONCE]) -> (XSalsa20, Poly1305) {
    let mut cipher = XSalsa20::new(&(*key).into(), &(*nonce).into());
    let mut first = Zeroizing::new([0; KEY]);
    cipher.apply_keystream(&mut *first);
    (cipher, Poly1305::new(&(*first).into()))
}
