//! The numbers of an RSA key that OpenSSH leaves out.

use der::{Encode, asn1::UintRef};
use zeroize::Zeroizing;

use crate::{KeyError, PrivateKey, keyfile::KeyFileError, keyfile::structure::RsaPrivateKey};

/// Make a key from n, e, d, p, q and 1/q mod p; whether they belong together is checked where all keys are read.
pub(super) fn rsa_key([n, e, d, p, q, qi]: [&[u8]; 6]) -> Result<PrivateKey, KeyFileError> {
    if [n, e, d, p, q, qi].iter().any(|number| number.is_empty() || number.len() > 2048) {
        return Err(KeyFileError::Malformed("an RSA number is empty or too long".to_owned()));
    }
    let (dp, dq) = (remainder_by_less_one(d, p), remainder_by_less_one(d, q));
    let malformed = |_| KeyError::Malformed("an RSA number is malformed");
    let document = RsaPrivateKey {
        version: 0,
        n: UintRef::new(n).map_err(malformed)?,
        e: UintRef::new(e).map_err(malformed)?,
        d: UintRef::new(d).map_err(malformed)?,
        p: UintRef::new(p).map_err(malformed)?,
        q: UintRef::new(q).map_err(malformed)?,
        dp: UintRef::new(&dp).map_err(malformed)?,
        dq: UintRef::new(&dq).map_err(malformed)?,
        qi: UintRef::new(qi).map_err(malformed)?,
    };
    let document = Zeroizing::new(document.to_der().map_err(malformed)?);
    super::super::plain::Kind::Pkcs1.read(&document)?.into_signing()
}

/// `number` modulo `prime - 1`, bit by bit. Runs once when a file is read, so that its time depends on the key does
/// not help an attacker.
fn remainder_by_less_one(number: &[u8], prime: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut modulus = Zeroizing::new(prime.to_vec());
    if let Some(last) = modulus.last_mut() {
        // A prime is odd; for any other number the key is refused later.
        *last &= 0xfe;
    }
    // One octet more than the modulus, for the bit that is shifted in.
    let mut rest = Zeroizing::new(vec![0_u8; modulus.len() + 1]);
    for bit in number.iter().flat_map(|octet| (0..8).rev().map(move |place| octet >> place & 1)) {
        let mut carry = bit;
        for octet in rest.iter_mut().rev() {
            let high = *octet >> 7;
            *octet = *octet << 1 | carry;
            carry = high;
        }
        if rest[0] != 0 || rest[1..] >= modulus[..] {
            subtract(&mut rest, &modulus);
        }
    }
    rest
}

/// `rest -= modulus`, where `rest` has one octet more and is not smaller.
fn subtract(rest: &mut [u8], modulus: &[u8]) {
    let mut borrow = false;
    for (octet, other) in rest[1..].iter_mut().zip(modulus).rev() {
        let (difference, first) = octet.overflowing_sub(*other);
        let (difference, second) = difference.overflowing_sub(u8::from(borrow));
        *octet = difference;
        borrow = first || second;
    }
    rest[0] = rest[0].wrapping_sub(u8::from(borrow));
}
