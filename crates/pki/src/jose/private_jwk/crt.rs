//! The numbers of an RSA key that follow from the others, for keys whose makers left them out.
//!
//! RFC 7518 §6.3.2 has them all or none but `d`, yet keys with `d`, `p` and `q` alone exist. This runs once for such a
//! key, on the machine of its owner; the time it takes tells nobody anything. What comes out is checked by the library
//! when the key is made from it.

use std::cmp::Ordering;

use zeroize::Zeroizing;

/// `dp`, `dq` and `qi`, big-endian; nothing when `p` and `q` are not odd numbers of at least three.
pub(super) fn complete(d: &[u8], p: &[u8], q: &[u8]) -> Option<[Zeroizing<Vec<u8>>; 3]> {
    let (p, q) = (Number::read(p), Number::read(q));
    if !p.is_odd() || !q.is_odd() || p.is_one() || q.is_one() {
        return None;
    }
    let mut less_p = p.clone();
    less_p.0[0] &= !1;
    let mut less_q = q.clone();
    less_q.0[0] &= !1;
    let inverse = Number::remainder(&q.write(), &p).inverse(&p)?;
    Some([Number::remainder(d, &less_p).write(), Number::remainder(d, &less_q).write(), inverse.write()])
}

/// A number in limbs of 32 bits, the least first, wiped when it is dropped.
#[derive(Clone)]
struct Number(Zeroizing<Vec<u32>>);

impl Number {
    fn read(octets: &[u8]) -> Self {
        let limb = |chunk: &[u8]| chunk.iter().fold(0, |limb, octet| limb << 8 | u32::from(*octet));
        // One limb more than needed, for sums.
        let mut limbs: Vec<u32> = octets.rchunks(4).map(limb).collect();
        limbs.extend([0, 0]);
        Self(Zeroizing::new(limbs))
    }

    fn zero_like(other: &Self) -> Self {
        Self(Zeroizing::new(vec![0; other.0.len()]))
    }

    /// Big-endian without leading zeros.
    fn write(&self) -> Zeroizing<Vec<u8>> {
        let octets = Zeroizing::new(self.0.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect::<Vec<u8>>());
        let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len().saturating_sub(1));
        Zeroizing::new(octets[start..].to_vec())
    }

    fn is_odd(&self) -> bool {
        self.0[0] & 1 == 1
    }

    fn is_one(&self) -> bool {
        self.0[0] == 1 && self.0[1..].iter().all(|limb| *limb == 0)
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|limb| *limb == 0)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    fn add(&mut self, other: &Self) {
        let mut carry = 0;
        for (limb, more) in self.0.iter_mut().zip(other.0.iter()) {
            let sum = u64::from(*limb) + u64::from(*more) + carry;
            *limb = sum as u32;
            carry = sum >> 32;
        }
    }

    /// `other` must not be the larger one.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (limb, less) in self.0.iter_mut().zip(other.0.iter()) {
            let (difference, first) = limb.overflowing_sub(*less);
            let (difference, second) = difference.overflowing_sub(u32::from(borrow));
            *limb = difference;
            borrow = first || second;
        }
    }

    fn halve(&mut self) {
        let mut carry = 0;
        for limb in self.0.iter_mut().rev() {
            let next = *limb << 31;
            *limb = *limb >> 1 | carry;
            carry = next;
        }
    }

    fn double_and_add(&mut self, bit: u32) {
        let mut carry = bit;
        for limb in self.0.iter_mut() {
            let next = *limb >> 31;
            *limb = *limb << 1 | carry;
            carry = next;
        }
    }

    /// Big-endian `octets` modulo `modulus`, which is not zero.
    fn remainder(octets: &[u8], modulus: &Self) -> Self {
        let mut rest = Self::zero_like(modulus);
        for octet in octets {
            for place in (0..8).rev() {
                rest.double_and_add(u32::from(octet >> place & 1));
                if rest.compare(modulus) != Ordering::Less {
                    rest.subtract(modulus);
                }
            }
        }
        rest
    }

    /// The inverse modulo an odd number, by the binary algorithm of Euclid; nothing when there is none.
    fn inverse(self, modulus: &Self) -> Option<Self> {
        let (mut u, mut v) = (self, modulus.clone());
        let (mut a, mut b) = (Self::zero_like(modulus), Self::zero_like(modulus));
        a.0[0] = 1;
        while !u.is_one() && !v.is_one() {
            if u.is_zero() || v.is_zero() {
                return None;
            }
            for (number, factor) in [(&mut u, &mut a), (&mut v, &mut b)] {
                while !number.is_odd() {
                    number.halve();
                    if factor.is_odd() {
                        factor.add(modulus);
                    }
                    factor.halve();
                }
            }
            if u.compare(&v) == Ordering::Less {
                v.subtract(&u);
                difference(&mut b, &a, modulus);
            } else {
                u.subtract(&v);
                difference(&mut a, &b, modulus);
            }
        }
        Some(if u.is_one() { a } else { b })
    }
}

/// `number - other` modulo `modulus`; both are less than it.
fn difference(number: &mut Number, other: &Number, modulus: &Number) {
    if number.compare(other) == Ordering::Less {
        number.add(modulus);
    }
    number.subtract(other);
}

#[cfg(test)]
mod tests {
    use super::complete;

    #[test]
    fn the_numbers_of_a_small_key_are_those_of_a_textbook() {
        // p = 61, q = 53, d = 2753.
        let found = complete(&[0x0a, 0xc1], &[61], &[53]).unwrap();
        assert_eq!(found.map(|number| number.to_vec()), [vec![53], vec![49], vec![38]]);
    }

    #[test]
    fn what_is_no_key_has_no_numbers() {
        for (p, q) in [(&[][..], &[7][..]), (&[0], &[7]), (&[1], &[7]), (&[8], &[7]), (&[7], &[7]), (&[9], &[3])] {
            assert!(complete(&[5], p, q).is_none(), "{p:?} {q:?}");
        }
    }
}
