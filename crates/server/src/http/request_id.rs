//! The identifier that ties a request, its answer and its log lines together.

use std::fmt::Write;

use http::{HeaderMap, HeaderValue};
use rung_pki::Random;

/// The identifier of one request.
pub struct RequestId(HeaderValue);

/// Longer identifiers of callers are not taken over.
const MAX_LEN: usize = 128;

impl RequestId {
    /// The identifier that the caller gave, in `X-Request-Id` or in the trace header, or a fresh one.
    ///
    /// An identifier is taken over only when it is short and made of harmless characters, since it is written back
    /// and into the log.
    pub fn of(headers: &HeaderMap, trace_header: &str, random: &dyn Random) -> Self {
        ["x-request-id", trace_header]
            .into_iter()
            .filter_map(|name| headers.get(name))
            .find(|value| is_harmless(value))
            .map_or_else(|| Self::fresh(random), |value| Self(value.clone()))
    }

    fn fresh(random: &dyn Random) -> Self {
        let mut octets = [0; 16];
        // Without randomness the identifier is all zeros: it is no secret, and the request fails on its own.
        let _ = random.fill(&mut octets);
        // RFC 9562 §5.4.
        octets[6] = octets[6] & 0x0f | 0x40;
        octets[8] = octets[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (at, octet) in octets.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            write!(text, "{octet:02x}").expect("a string takes every text");
        }
        Self(HeaderValue::try_from(text).expect("hexadecimal digits make a header value"))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("identifiers are visible ASCII")
    }

    /// As the value of a header.
    pub fn header(&self) -> &HeaderValue {
        &self.0
    }
}

fn is_harmless(value: &HeaderValue) -> bool {
    let harmless = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._:/=+@".contains(octet);
    (1..=MAX_LEN).contains(&value.len()) && value.as_bytes().iter().all(harmless)
}
