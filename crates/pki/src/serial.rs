//! Serial numbers of certificates, and the randomness that they are made of.

#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use aws_lc_rs::rand::SecureRandom;

/// A source of unpredictable octets.
pub trait Random: Send + Sync {
    /// Fill all of `out`.
    ///
    /// # Errors
    /// When there is no randomness; `out` must not be used then.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError>;
}

/// There is no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system has no randomness")]
pub struct RandomError;

/// The cryptographic random generator of this process, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        aws_lc_rs::rand::SystemRandom::new().fill(out).map_err(|_| RandomError)
    }
}

/// The serial number of a certificate, at most 20 octets long.
///
/// It is never negative. Zero occurs only in certificates that were read: some old roots have it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SerialNumber {
    /// The number, big-endian, with zeros in front.
    octets: [u8; MAX_OCTETS],
}

/// Why something is not a serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SerialNumberError {
    /// It is neither a decimal number nor a hexadecimal one that begins with `0x`.
    #[error("a serial number is written as a decimal number, or hexadecimally with 0x in front")]
    NotANumber,
    /// It is zero.
    #[error("a serial number is not zero")]
    Zero,
    /// It does not fit in 20 octets.
    #[error("a serial number has at most 20 octets")]
    TooLong,
}

impl SerialNumber {
    /// Draw a number of 128 random bits that is not zero.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn random(random: &dyn Random) -> Result<Self, RandomError> {
        let mut octets = [0; MAX_OCTETS];
        random.fill(&mut octets[4..])?;
        // A generator that yields 128 zeros is broken, so it is not asked again.
        if octets == [0; MAX_OCTETS] { Err(RandomError) } else { Ok(Self { octets }) }
    }

    /// Make it from its octets, big-endian; zeros in front do not count.
    ///
    /// # Errors
    /// When it is zero or has more than 20 octets.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, SerialNumberError> {
        let number = Self::from_magnitude(octets).ok_or(SerialNumberError::TooLong)?;
        if number.octets == [0; MAX_OCTETS] { Err(SerialNumberError::Zero) } else { Ok(number) }
    }

    /// As [`Self::from_bytes`], but zero is a number too.
    pub(crate) fn from_magnitude(octets: &[u8]) -> Option<Self> {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let digits = &octets[zeros..];
        let mut padded = [0; MAX_OCTETS];
        padded[MAX_OCTETS.checked_sub(digits.len())?..].copy_from_slice(digits);
        Some(Self { octets: padded })
    }

    /// The number, big-endian without zeros in front; nothing at all for zero.
    pub fn as_bytes(&self) -> &[u8] {
        let zeros = self.octets.iter().take_while(|octet| **octet == 0).count();
        &self.octets[zeros..]
    }

    /// Lower-case hexadecimal digits, two for each octet.
    pub fn to_hex(&self) -> String {
        let octets = self.as_bytes();
        let octets = if octets.is_empty() { &[0][..] } else { octets };
        crate::hex(octets)
    }
}

/// As a decimal number, the form that commands and the API use.
impl fmt::Display for SerialNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Long division by 10^9, the largest power of ten in 32 bits, one group of nine digits at a time.
        let mut limbs = [0_u32; MAX_OCTETS / 4];
        for (limb, octets) in limbs.iter_mut().zip(self.octets.chunks_exact(4)) {
            *limb = u32::from_be_bytes(octets.try_into().expect("chunks of four"));
        }
        let mut groups = [0_u32; 6];
        for group in groups.iter_mut().rev() {
            let mut rest = 0_u64;
            for limb in &mut limbs {
                let number = rest << 32 | u64::from(*limb);
                *limb = u32::try_from(number / GROUP).expect("the rest is less than the divisor");
                rest = number % GROUP;
            }
            *group = u32::try_from(rest).expect("less than 10^9");
        }
        let first = groups.iter().position(|group| *group != 0).unwrap_or(groups.len() - 1);
        // Digit by digit into a buffer: this stands in every line and record, and formatting nine numbers is slow.
        let mut digits = [b'0'; 9 * 6];
        for (group, digits) in groups[first..].iter().zip(digits.chunks_exact_mut(9)) {
            let mut rest = *group;
            for digit in digits.iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        let digits = &digits[..9 * (groups.len() - first)];
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count().min(digits.len() - 1);
        out.write_str(std::str::from_utf8(&digits[zeros..]).expect("digits are ASCII"))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SerialNumber({self})")
    }
}

impl FromStr for SerialNumber {
    type Err = SerialNumberError;

    fn from_str(text: &str) -> Result<Self, SerialNumberError> {
        let (digits, base) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None => (text, 10),
        };
        if digits.is_empty() {
            return Err(SerialNumberError::NotANumber);
        }
        let mut octets = [0; MAX_OCTETS];
        for digit in digits.chars() {
            let mut carry = digit.to_digit(base).ok_or(SerialNumberError::NotANumber)?;
            for octet in octets.iter_mut().rev() {
                let number = u32::from(*octet) * base + carry;
                *octet = u8::try_from(number & 0xff).expect("eight bits");
                carry = number >> 8;
            }
            if carry != 0 {
                return Err(SerialNumberError::TooLong);
            }
        }
        Self::from_bytes(&octets)
    }
}

/// RFC 5280 §4.1.2.2: at most 20 octets.
const MAX_OCTETS: usize = 20;
const GROUP: u64 = 1_000_000_000;
