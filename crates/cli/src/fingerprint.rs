//! Fingerprints as text.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Turns the octets of a fingerprint into text.
pub(crate) type Encode = fn(&[u8]) -> String;

/// The form with that name.
pub(crate) fn encoder(format: &str) -> Option<Encode> {
    Some(match format.to_ascii_lowercase().as_str() {
        "hex" => rung_pki::hex,
        "base64" => |octets| STANDARD.encode(octets),
        "base64-url" | "base64url" => |octets| URL_SAFE.encode(octets),
        "base64-raw" | "base64raw" => |octets| STANDARD_NO_PAD.encode(octets),
        "base64-url-raw" | "base64urlraw" => |octets| URL_SAFE_NO_PAD.encode(octets),
        "emoji" => emoji,
        _ => return None,
    })
}

fn emoji(octets: &[u8]) -> String {
    let alphabet: Vec<&str> = EMOJI.lines().collect();
    octets.iter().map(|octet| alphabet[usize::from(*octet)]).collect()
}

/// One for each octet, in order: the published emojisum list.
const EMOJI: &str = include_str!("emoji.txt");

#[cfg(test)]
mod tests {
    use super::{EMOJI, emoji};

    #[test]
    fn every_octet_has_its_emoji() {
        assert_eq!(EMOJI.lines().count(), 256);
        assert_eq!(emoji(&[0x28, 0x5e, 0x69, 0x78]), "👏🔫🚁💋");
        assert_eq!(emoji(&[0x00, 0xff]), "👍💤");
    }
}
