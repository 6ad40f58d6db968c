//! Verifying RSA signatures of every age and make: with hash functions and lengths of salt that the cryptography
//! library refuses. For files that somebody has; certificates and tokens are never judged by this.
//!
//! Only public numbers come here, so that nothing has to take the same time for all of them.

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
        // Keys of less than 1024 bits are broken in an afternoon; and the other bounds keep this quick.
        if !(128..=1024).contains(&modulus.len()) || exponent.len() > 8 || signature.len() != modulus.len() {
            return Err(SignatureError);
        }
        let number = Number::of(modulus);
        let base = number.parse(signature).ok_or(SignatureError)?;
        let encoded = number.power(&base, exponent);
        Ok((encoded, modulus.len() * 8 - modulus[0].leading_zeros() as usize))
    }
}

/// MGF1 (RFC 8017 appendix B.2.1).
fn mask(hash: Hash, seed: &[u8], len: usize) -> Vec<u8> {
    let blocks = (0_u32..).map(|counter| hash.digest(&[seed, &counter.to_be_bytes()].concat()));
    blocks.take(len.div_ceil(hash.size())).flatten().take(len).collect()
}

/// A modulus, as limbs with the lowest first.
struct Number {
    modulus: Vec<u32>,
    octets: usize,
}

impl Number {
    fn of(octets: &[u8]) -> Self {
        Self { modulus: limbs(octets, octets.len().div_ceil(4)), octets: octets.len() }
    }

    /// A number below the modulus.
    fn parse(&self, octets: &[u8]) -> Option<Vec<u32>> {
        let number = limbs(octets, self.modulus.len());
        (!self.is_reached_by(&number)).then_some(number)
    }

    fn power(&self, base: &[u32], exponent: &[u8]) -> Vec<u8> {
        let mut power = limbs(&[1], self.modulus.len());
        for bit in exponent.iter().flat_map(|octet| (0..8).rev().map(move |place| octet >> place & 1)) {
            power = self.product(&power, &power);
            if bit == 1 {
                power = self.product(&power, base);
            }
        }
        let octets: Vec<u8> = power.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
        octets[octets.len() - self.octets..].to_vec()
    }

    /// By doubling and adding: slow, short, and quick enough for a public exponent.
    fn product(&self, one: &[u32], other: &[u32]) -> Vec<u32> {
        let mut product = vec![0; self.modulus.len()];
        for bit in one.iter().rev().flat_map(|limb| (0..32).rev().map(move |place| limb >> place & 1)) {
            let doubled = product.clone();
            self.add(&mut product, &doubled);
            if bit == 1 {
                self.add(&mut product, other);
            }
        }
        product
    }

    fn add(&self, sum: &mut [u32], other: &[u32]) {
        let mut carry = 0_u64;
        for (limb, other) in sum.iter_mut().zip(other) {
            carry += u64::from(*limb) + u64::from(*other);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 || self.is_reached_by(sum) {
            let mut borrow = false;
            for (limb, other) in sum.iter_mut().zip(&self.modulus) {
                let (difference, first) = limb.overflowing_sub(*other);
                let (difference, second) = difference.overflowing_sub(u32::from(borrow));
                *limb = difference;
                borrow = first || second;
            }
        }
    }

    fn is_reached_by(&self, number: &[u32]) -> bool {
        number.iter().rev().ge(self.modulus.iter().rev())
    }
}

fn limbs(octets: &[u8], len: usize) -> Vec<u32> {
    let mut limbs: Vec<u32> =
        octets.rchunks(4).map(|chunk| chunk.iter().fold(0, |limb, octet| limb << 8 | u32::from(*octet))).collect();
    limbs.resize(len, 0);
    limbs
}
