//! Random primes.

use anyhow::bail;
use num_bigint::BigUint;
use zeroize::Zeroizing;

use super::octets;
use crate::failure::Usage;

/// A prime of exactly so many bits, of which the highest two are set if there are three or more, as they are in the
/// primes of RSA keys. Decimal.
pub(super) fn of_bits(bits: usize) -> anyhow::Result<Zeroizing<String>> {
    match bits {
        0 | 1 => return Err(Usage::new("crypto/rand: prime size must be at least 2-bit").into()),
        2..=MOST_BITS => {}
        _ => return Err(Usage::new(format!("primes have at most {MOST_BITS} bits")).into()),
    }
    // A prime is found in about `0.7 * bits` tries; this many without one means that there is no randomness.
    for _ in 0..1000 * bits {
        let candidate = candidate(bits)?;
        if is_prime(&candidate, bits)? {
            return Ok(Zeroizing::new(candidate.to_string()));
        }
    }
    bail!("no prime was found; is the randomness of the system broken?")
}

fn candidate(bits: usize) -> anyhow::Result<BigUint> {
    let mut octets = octets(bits.div_ceil(8))?;
    let spare = octets.len() * 8 - bits;
    octets[0] &= 0xff >> spare;
    let mut number = BigUint::from_bytes_be(&octets);
    number.set_bit(bits as u64 - 1, true);
    if bits > 2 {
        number.set_bit(bits as u64 - 2, true);
        number.set_bit(0, true);
    }
    Ok(number)
}

/// Miller and Rabin's test with random bases: a composite passes one time in 4^30 at most.
fn is_prime(number: &BigUint, bits: usize) -> anyhow::Result<bool> {
    for prime in SMALL {
        if (number % prime) == BigUint::ZERO {
            return Ok(*number == BigUint::from(prime));
        }
    }
    let one = BigUint::from(1_u8);
    let less_one = number - &one;
    let twos = less_one.trailing_zeros().unwrap_or(0);
    let odd = &less_one >> twos;
    'bases: for _ in 0..30 {
        let base = BigUint::from_bytes_be(&octets(bits.div_ceil(8) + 8)?) % (number - 3_u8) + 2_u8;
        let mut power = base.modpow(&odd, number);
        if power == one || power == less_one {
            continue;
        }
        for _ in 1..twos {
            power = &power * &power % number;
            if power == less_one {
                continue 'bases;
            }
        }
        return Ok(false);
    }
    Ok(true)
}

const SMALL: [u32; 30] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113,
];

/// More take minutes.
const MOST_BITS: usize = 4096;
