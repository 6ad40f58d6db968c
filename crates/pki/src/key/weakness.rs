//! RSA moduli whose factors anybody can find.

use std::sync::LazyLock;

use num_bigint::BigUint;

/// Why a modulus is no secret's other half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Factors {
    /// The two primes are so close to each other, or one and the same, that the root of the modulus leads to them.
    Close,
    /// The primes are of the form that a library for smart cards made them in (ROCA, CVE-2017-15361).
    Roca,
    /// One of them is small.
    Small,
}

/// Look for factors as everybody would: the quick ways, and no others.
pub(super) fn factors(modulus: &[u8]) -> Option<Factors> {
    let modulus = BigUint::from_bytes_be(modulus);
    let mut looks_like_roca = true;
    // The modulus is long, and becomes shorter with each step: first modulo the product of all of them, then of some,
    // then of three, which make a number of 32 bits.
    let rest = &modulus % &SIEVE.product;
    for (primes, product) in &SIEVE.parts {
        let rest = &rest % product;
        for primes in primes.chunks(3) {
            let rest = remainder(&rest, primes.iter().product());
            for prime in primes {
                let rest = rest % prime;
                if rest == 0 {
                    return Some(Factors::Small);
                }
                looks_like_roca &= !(3..=LAST_OF_ROCA).contains(prime) || is_power(rest, *prime);
            }
        }
    }
    if looks_like_roca {
        return Some(Factors::Roca);
    }
    has_close_primes(&modulus).then_some(Factors::Close)
}

/// Products of [`PRIMES`].
struct Sieve {
    product: BigUint,
    /// Some of them each, and their product.
    parts: Vec<(&'static [u32], BigUint)>,
}

static SIEVE: LazyLock<Sieve> = LazyLock::new(|| Sieve {
    product: PRIMES.iter().product(),
    parts: PRIMES.chunks(15).map(|primes| (primes, primes.iter().product())).collect(),
});

fn remainder(number: &BigUint, divisor: u32) -> u32 {
    u32::try_from(number % divisor).expect("a remainder is less than its divisor")
}

/// Whether a number is a power of 65537 modulo a prime. The moduli of ROCA are one modulo each of the first primes, others
/// with a likelihood of 2^-28.
fn is_power(number: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == number {
            return true;
        }
        power = power * 65_537 % prime;
        if power == 1 {
            return false;
        }
    }
}

/// Fermat's way: the modulus is `a² - b²`, with `a` little above its root when the primes are close (CVE-2022-26320).
fn has_close_primes(modulus: &BigUint) -> bool {
    let root = modulus.sqrt();
    if &root * &root == *modulus {
        return true;
    }
    // What is no square modulo one of these is none: numbers of 22 bits tell 99 of 100 apart.
    let small = |number: &BigUint| u64::from(remainder(number, RESIDUES.iter().product()));
    let (small_root, small_modulus) = (small(&root), small(modulus));
    let whole: u64 = RESIDUES.iter().map(|modulus| u64::from(*modulus)).product();
    (1..=ROUNDS).any(|step| {
        let rest = (small_root + u64::from(step)).pow(2) + whole - small_modulus;
        may_be_square(rest) && {
            let difference = (&root + step).pow(2) - modulus;
            difference.sqrt().pow(2) == difference
        }
    })
}

/// Numbers that have few squares.
const RESIDUES: [u32; 4] = [64, 63, 65, 11];

fn may_be_square(rest: u64) -> bool {
    RESIDUES.into_iter().zip(SQUARES).all(|(modulus, squares)| squares >> (rest % u64::from(modulus)) & 1 == 1)
}

/// A bit for each square modulo each of [`RESIDUES`].
const SQUARES: [u128; 4] = [squares(64), squares(63), squares(65), squares(11)];

const fn squares(modulus: u32) -> u128 {
    let (mut squares, mut root) = (0, 0);
    while root < modulus {
        squares |= 1 << (root * root % modulus);
        root += 1;
    }
    squares
}

/// Keys of careless programs fall within the first few.
const ROUNDS: u32 = 100;
/// The primes to this one are what the smallest keys of ROCA are made with, and all others, too.
const LAST_OF_ROCA: u32 = 167;
/// The primes below 752, which NIST SP 800-89 §5.3.3 wants looked for.
const PRIMES: [u32; 133] = primes();

const fn primes() -> [u32; 133] {
    let mut primes = [0; 133];
    let (mut count, mut number) = (0, 2);
    while count < primes.len() {
        let mut place = 0;
        while place < count && number % primes[place] != 0 {
            place += 1;
        }
        if place == count {
            primes[count] = number;
            count += 1;
        }
        number += 1;
    }
    primes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyAlgorithm, PrivateKey, PublicKey, Signer, WeakKey};

    fn of(modulus: &BigUint) -> Option<Factors> {
        factors(&modulus.to_bytes_be())
    }

    /// The first number from here on that none of the small primes divides.
    fn rough(mut number: BigUint) -> BigUint {
        while PRIMES.iter().any(|prime| &number % *prime == BigUint::ZERO) {
            number += 1_u32;
        }
        number
    }

    fn power(exponent: u32) -> BigUint {
        BigUint::from(1_u32) << exponent
    }

    #[test]
    fn c04_the_table_holds_the_primes_below_752() {
        assert_eq!(PRIMES[..9], [2, 3, 5, 7, 11, 13, 17, 19, 23]);
        assert_eq!(PRIMES[132], 751);
        for number in (2..752).filter(|number| !PRIMES.contains(number)) {
            assert!((2..number).any(|divisor| number % divisor == 0), "{number}");
        }
    }

    #[test]
    fn c04_small_factors_are_found() {
        let other = rough(power(2040) + 12_345_u32);
        for prime in PRIMES {
            assert_eq!(of(&(&other * prime)), Some(Factors::Small), "{prime}");
        }
        assert_eq!(of(&(&other * 757_u32)), None, "the next prime takes more than a look");
    }

    #[test]
    fn c04_close_primes_are_found() {
        let first = rough(power(1024) - (power(1000) + 77_u32));
        assert_eq!(of(&(&first * &first)), Some(Factors::Close), "the same prime twice");
        let next = rough(&first + 1_u32);
        assert_eq!(of(&(&first * &next)), Some(Factors::Close), "the next one");
        let near = rough(&first + power(500));
        assert_eq!(of(&(&first * &near)), Some(Factors::Close), "half of the octets are the same");
        // FIPS 186-5 A.1.1: they must differ within the first 100 bits.
        let far = rough(&first - power(1000));
        assert_eq!(of(&(&first * &far)), None);
    }

    #[test]
    fn c04_every_square_may_be_one_and_few_others() {
        assert!((0..5000_u64).all(|root| may_be_square(root * root)));
        let others = (1_000_000..2_000_000_u64).filter(|number| may_be_square(*number)).count();
        assert!(others < 10_000 + 500, "{others} of a million");
    }

    #[test]
    fn c04_keys_of_roca_are_found() {
        // A modulus that others publish to try their programs with, and one of our own of the usual length.
        let published = "944e13208a280c37efc31c3114485e590192adbb8e11c87cad60cdef0037ce99278330d3f471a2538fa667802ed2a3c4\
            4a8b7dea826e888d0aa341fd664f7fa7";
        assert_eq!(of(&BigUint::parse_bytes(published.as_bytes(), 16).unwrap()), Some(Factors::Roca));
        let product: BigUint = PRIMES.iter().filter(|prime| **prime <= LAST_OF_ROCA).product();
        let residue = BigUint::from(65_537_u32).modpow(&BigUint::from(7_654_321_u32), &product);
        let made = (1_u32..).map(|step| power(2047) / &product * &product + &product * step + &residue);
        let made = made.into_iter().find(|made| rough(made.clone()) == *made).unwrap();
        assert_eq!(made.bits(), 2048);
        assert_eq!(of(&made), Some(Factors::Roca));
        assert_eq!(of(&rough(made + 1_u32)), None);
    }

    #[test]
    fn c04_good_keys_are_not_accused_and_bad_ones_are_told_why() {
        let check =
            |modulus: &BigUint| PublicKey::from_rsa(&modulus.to_bytes_be(), &[1, 0, 1]).unwrap().check_strength();
        for _ in 0..3 {
            let key = PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap();
            assert_eq!(key.public_key().check_strength(), Ok(()));
        }
        let first = rough(power(1024) - (power(1000) + 77_u32));
        assert_eq!(check(&(&first * &first)), Err(WeakKey::RsaModulus));
        assert_eq!(check(&(&first * rough(&first + 1_u32))), Err(WeakKey::RsaModulus));
        assert_eq!(check(&(rough(power(2040) + 12_345_u32) * 743_u32)), Err(WeakKey::RsaModulus));
    }
}
