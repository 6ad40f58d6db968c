//! The key derivation of PKCS #12 (RFC 7292 appendix B.2), and the password as it wants it.

use aws_lc_rs::digest;
use zeroize::Zeroizing;

/// What the derived octets are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Key = 1,
    Vector = 2,
    Mac = 3,
}

/// The password as big-endian UTF-16 with two zeros behind it (RFC 7292 appendix B.1).
pub(super) fn password(text: &str) -> Zeroizing<Vec<u8>> {
    // Room for all of it: growing would leave copies behind.
    let mut octets = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
    text.encode_utf16().for_each(|unit| octets.extend(unit.to_be_bytes()));
    octets.extend([0, 0]);
    octets
}

/// Derive `length` octets from a password as [`password`] gives it.
pub(super) fn derive(
    hash: &'static digest::Algorithm,
    purpose: Use,
    (password, salt, iterations): (&[u8], &[u8], u32),
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = hash.block_len();
    let mut input = Zeroizing::new(Vec::with_capacity(2 * block + salt.len() + password.len()));
    for part in [salt, password] {
        let filled = part.len().div_ceil(block) * block;
        input.extend(part.iter().cycle().take(filled));
    }
    let mut derived = Zeroizing::new(Vec::with_capacity(length + hash.output_len()));
    while derived.len() < length {
        let mut context = digest::Context::new(hash);
        context.update(&vec![purpose as u8; block]);
        context.update(&input);
        let mut round = context.finish();
        for _ in 1..iterations {
            round = digest::digest(hash, round.as_ref());
        }
        derived.extend(round.as_ref());
        let filler: Zeroizing<Vec<u8>> = Zeroizing::new(round.as_ref().iter().copied().cycle().take(block).collect());
        for chunk in input.chunks_exact_mut(block) {
            let mut carry = 1;
            for (octet, more) in chunk.iter_mut().zip(filler.iter()).rev() {
                let sum = u16::from(*octet) + u16::from(*more) + carry;
                *octet = sum as u8;
                carry = sum >> 8;
            }
        }
    }
    derived.truncate(length);
    derived
}
