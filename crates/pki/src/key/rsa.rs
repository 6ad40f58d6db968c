//! Verifying RSA signatures of every age and make: with hash functions and lengths of salt that the cryptography
//! library refuses. For files that somebody has; certificates and tokens are never judged by this.
//!
//! Only public numbers come here, so that nothing has to take the same time for all of them.

use num_bigint::BigUint;

use super::{Hash, PublicKey, SignatureError};

impl PublicKey {
    /// Verify an RSASSA-PKCS1-v1_5 signature (RFC 8017 §8.2.2) with any hash function.
    ///
    /// # Errors
    /// When it does not verify, or this is not an RSA key.
    pub fn verify_rsa_pkcs1(&self, hash: Hash, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let (encoded, _) = self.recover(signature)?;
        let info = [hash.digest_info(), hash.digest(message)].concat();
        // RFC 8017 §9.2: what the signature must hold is made and compared as a whole, never parsed.
        let padding = encoded.len().checked_sub(info.len() + 3).filter(|len| *len >= 8).ok_or(SignatureError)?;
        let expected = [&[0, 1], &vec![0xff; padding][..], &[0], &info].concat();
        if encoded == expected { Ok(()) } else { Err(SignatureError) }
    }

    /// Verify an RSASSA-PSS signature (RFC 8017 §8.1.2) with any hash function, the same one for MGF1, and a salt of
    /// any length.
    ///
    /// # Errors
    /// When it does not verify, or this is not an RSA key.
    pub fn verify_rsa_pss(&self, hash: Hash, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let (encoded, bits) = self.recover(signature)?;
        // RFC 8017 §9.1.2: the encoded message has one bit less than the modulus.
        let spare = encoded.len() * 8 - (bits - 1);
        let (above, encoded) = encoded.split_at(spare / 8);
        let masked_len = encoded.len().checked_sub(hash.size() + 1).ok_or(SignatureError)?;
        let (masked, rest) = encoded.split_at(masked_len);
        let (seed, trailer) = rest.split_at(hash.size());
        let top = 0xff_u8 >> (spare % 8);
        if above.iter().any(|octet| *octet != 0)
            || trailer != [0xbc]
            || masked.first().is_none_or(|first| first & !top != 0)
        {
            return Err(SignatureError);
        }
        let mut block: Vec<u8> =
            masked.iter().zip(mask(hash, seed, masked_len)).map(|(one, other)| one ^ other).collect();
        block[0] &= top;
        let zeros = block.iter().take_while(|octet| **octet == 0).count();
        let salt = block[zeros..].strip_prefix(&[1]).ok_or(SignatureError)?;
        let mut hasher = hash.start();
        hasher.update(&[0; 8]);
        hasher.update(&hash.digest(message));
        hasher.update(salt);
        if hasher.finish() == seed { Ok(()) } else { Err(SignatureError) }
    }

    /// What was signed (RFC 8017 §5.2.2), as long as the modulus, and how many bits the modulus has.
    fn recover(&self, signature: &[u8]) -> Result<(Vec<u8>, usize), SignatureError> {
        let (modulus, exponent) = self.rsa_numbers().ok_or(SignatureError)?;
        // Keys of less than 1024 bits are broken in an afternoon; the other bounds keep this quick.
        if !(128..=1024).contains(&modulus.len()) || exponent.len() > 8 || signature.len() != modulus.len() {
            return Err(SignatureError);
        }
        let number = BigUint::from_bytes_be(modulus);
        let base = Some(BigUint::from_bytes_be(signature)).filter(|base| *base < number).ok_or(SignatureError)?;
        let power = base.modpow(&BigUint::from_bytes_be(exponent), &number).to_bytes_be();
        let mut encoded = vec![0; modulus.len()];
        encoded[modulus.len() - power.len()..].copy_from_slice(&power);
        Ok((encoded, modulus.len() * 8 - modulus[0].leading_zeros() as usize))
    }
}

/// MGF1 (RFC 8017 appendix B.2.1).
fn mask(hash: Hash, seed: &[u8], len: usize) -> Vec<u8> {
    let blocks = (0_u32..).map(|counter| hash.digest(&[seed, &counter.to_be_bytes()].concat()));
    blocks.take(len.div_ceil(hash.size())).flatten().take(len).collect()
}
