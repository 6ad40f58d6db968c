//! Base64url without padding (RFC 7515 §2), in its one canonical spelling.

use base64::{DecodeError, Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Decode; padding, white space, foreign characters and left-over bits are errors.
pub(super) fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, DecodeError> {
    URL_SAFE_NO_PAD.decode(text)
}

/// Encode without padding.
pub fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// Encode without padding to the end of `text`.
pub(super) fn append(text: &mut String, octets: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(octets, text);
}
