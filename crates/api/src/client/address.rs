//! Which CA: its address, and the fingerprint of its root.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use url::Url;

use crate::printable;

/// The address of a CA: scheme https, a host and a port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaUrl(Url);

/// Why a text is not the address of a CA.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("`{0}` is not the address of a CA, such as https://ca.example.com:9000")]
    Malformed(String),
    /// It has another scheme.
    #[error("`{0}` must have https scheme")]
    Scheme(String),
}

impl CaUrl {
    /// The address with this path.
    pub(super) fn path<const N: usize>(&self, segments: [&str; N]) -> Url {
        let mut url = self.0.clone();
        url.path_segments_mut().expect("an https URL has a path").clear().extend(segments);
        url
    }

    /// The address as a URL with an empty path.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

/// Without a scheme it is https, an IPv6 address may stand without brackets, and path, query
/// and fragment are dropped.
impl FromStr for CaUrl {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError::Malformed(printable(text).into_owned());
        let trimmed = text.trim();
        let full = match trimmed.split_once("://") {
            Some(_) => trimmed.to_owned(),
            None => format!("https://{trimmed}"),
        };
        let (scheme, rest) = full.split_once("://").ok_or_else(malformed)?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(AddressError::Scheme(printable(text).into_owned()));
        }
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let bare: Result<std::net::Ipv6Addr, _> = host.parse();
        let host = bare.map_or(host.to_owned(), |address| format!("[{address}]"));
        let url: Url = format!("https://{host}/").parse().map_err(|_| malformed())?;
        let plain = url.username().is_empty() && url.password().is_none() && !host.contains('\\');
        if !plain || url.host_str().is_none_or(str::is_empty) {
            return Err(malformed());
        }
        Ok(Self(url))
    }
}

/// `https://host:port`, without a final slash.
impl fmt::Display for CaUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The SHA-256 of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// Why a text is not a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 fingerprint: 64 hexadecimal digits are needed")]
pub struct FingerprintError(String);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        let digest = digest(&SHA256, certificate);
        Self(digest.as_ref().try_into().expect("SHA-256 has 32 octets"))
    }

    /// The 32 octets.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Any case; dashes and colons between the digits are skipped.
impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let wrong = || FingerprintError(printable(text).into_owned());
        let digits: Option<Vec<u8>> = text
            .trim()
            .chars()
            .filter(|character| !matches!(character, '-' | ':'))
            .map(|character| character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(wrong)?;
        let mut octets = [0; 32];
        for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
            *octet = pair[0] << 4 | pair[1];
        }
        Ok(Self(octets))
    }
}

/// Lower-case hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(out, "{octet:02x}"))
    }
}
