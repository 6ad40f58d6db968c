//! Base64 as `step` reads it: with or without what no decoder can use, and with the words that Go has for what is none.

use anyhow::anyhow;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, PAD};
use base64::{DecodeError, Engine as _};
use zeroize::Zeroizing;

/// The four kinds: without `=` at the end, and with `-` and `_`.
pub(crate) fn engine(is_raw: bool, is_url: bool) -> GeneralPurpose {
    let config = if is_raw { NO_PAD } else { PAD };
    // Bits that are left over are nothing to Go.
    let config = config.with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(if is_url { &URL_SAFE } else { &STANDARD }, config)
}

/// Decode a text; line breaks are how long texts are laid out, anything else is a mistake.
pub(crate) fn decode(engine: &GeneralPurpose, text: &[u8]) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let encoded: Vec<u8> = text.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
    engine.decode(&encoded).map(Zeroizing::new).map_err(|error| {
        let place = match error {
            DecodeError::InvalidByte(place, _) => place,
            DecodeError::InvalidLastSymbol { offset, .. } => offset,
            DecodeError::InvalidLength(len) => len / 4 * 4,
            // Where Go stops: at padding that it does not want, behind padding that is too short, or where padding should be.
            DecodeError::InvalidPadding => match encoded.iter().position(|octet| *octet == b'=') {
                Some(place) if encoded.len().is_multiple_of(4) => place,
                Some(_) => encoded.len(),
                None => encoded.len() / 4 * 4,
            },
        };
        anyhow!("illegal base64 data at input byte {place}")
    })
}
