//! A secret of one-time passwords, alone or in an `otpauth` address.

use anyhow::{anyhow, bail};
use aws_lc_rs::hmac;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;
use zeroize::Zeroizing;

use super::{Algorithm, DIGITS, PERIOD};

/// What both sides have to know.
pub(crate) struct Secret {
    pub(crate) octets: Zeroizing<Vec<u8>>,
    pub(super) algorithm: Algorithm,
    pub(super) digits: u64,
    pub(super) period: u64,
}

impl Secret {
    /// With the usual ways to use it: codes of six digits, every half minute.
    pub(super) fn new(octets: Zeroizing<Vec<u8>>) -> Self {
        Self { octets, algorithm: Algorithm::Sha1, digits: 6, period: 30 }
    }

    /// Read base32, or an `otpauth` address.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        if !text.starts_with("otpauth:") {
            return Ok(Self::new(from_base32(text)?));
        }
        let url = Url::parse(text).map_err(|_| anyhow!("the secret is not an otpauth address"))?;
        if url.host_str() != Some("totp") {
            bail!("only codes that depend on the time are verified: otpauth://totp/…");
        }
        let parameter = |name: &str| {
            url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| Zeroizing::new(value.into_owned()))
        };
        let number = |name: &str, allowed: std::ops::RangeInclusive<u64>| match parameter(name) {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) if allowed.contains(&number) => Ok(Some(number)),
                _ => Err(anyhow!("the `{name}` of the otpauth address is not one")),
            },
        };
        let encoded = parameter("secret").ok_or_else(|| anyhow!("the otpauth address has no secret"))?;
        let mut secret = Self::new(from_base32(&encoded)?);
        secret.digits = number("digits", DIGITS)?.unwrap_or(secret.digits);
        secret.period = number("period", PERIOD)?.unwrap_or(secret.period);
        if let Some(name) = parameter("algorithm") {
            secret.algorithm = Algorithm::named(&name)
                .ok_or_else(|| anyhow!("the `algorithm` of the otpauth address is none of SHA1, SHA256 and SHA512"))?;
        }
        Ok(secret)
    }

    /// The code of that second (RFC 6238 §4.2, RFC 4226 §5.3).
    pub(crate) fn code(&self, step: u64) -> Zeroizing<String> {
        let tag = hmac::sign(&hmac::Key::new(self.algorithm.hmac(), &self.octets), &step.to_be_bytes());
        let tag = tag.as_ref();
        let start = usize::from(tag[tag.len() - 1] & 15);
        let number = tag[start..start + 4].iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
        let digits = u32::try_from(self.digits).expect("a code has at most ten digits");
        let code = (number & 0x7fff_ffff) % 10_u64.pow(digits);
        Zeroizing::new(format!("{code:0width$}", width = self.digits as usize))
    }

    /// The secret in base32 (RFC 4648 §6), without `=` at the end.
    pub(crate) fn to_base32(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.octets.len() * 2));
        for chunk in self.octets.chunks(5) {
            let mut block = [0; 8];
            block[3..3 + chunk.len()].copy_from_slice(chunk);
            let bits = u64::from_be_bytes(block);
            for place in 0..(chunk.len() * 8).div_ceil(5) {
                text.push(char::from(ALPHABET[(bits >> (35 - 5 * place) & 31) as usize]));
            }
        }
        text
    }

    /// The address that apps read.
    pub(crate) fn to_url(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let in_path = |text| utf8_percent_encode(text, PATH);
        Zeroizing::new(format!(
            "otpauth://totp/{}:{}?algorithm={}&digits={}&issuer={}&period={}&secret={}",
            in_path(issuer),
            in_path(account),
            self.algorithm.name(),
            self.digits,
            utf8_percent_encode(issuer, QUERY),
            self.period,
            *self.to_base32(),
        ))
    }
}

/// Upper or lower case, with or without `=` and with spaces between groups, as people copy it.
fn from_base32(text: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let failed = || anyhow!("error while validating TOTP: Decoding of secret as base32 failed.");
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes().filter(|letter| *letter != b' ') {
        let value = ALPHABET.iter().position(|known| *known == letter.to_ascii_uppercase()).ok_or_else(failed)?;
        bits = bits << 5 | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // Five or more bits that make no octet are a letter too many.
    if octets.is_empty() || count >= 5 { Err(failed()) } else { Ok(octets) }
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// What Go leaves as it is in paths.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');
/// What means nothing in a query.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@').remove(b':');
