//! Tokens as nobody's library would write them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rung_pki::{PrivateKey, SignatureAlgorithm};

/// The order of P-256 (SEC 2 §2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A compact JWS of exactly this header and payload, signed with a P-256 key.
pub(crate) fn token(header: &str, payload: &str, key: &PrivateKey) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign_now(SignatureAlgorithm::EcdsaSha256, input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(side_by_side(&signature)))
}

/// The same token with the other signature that is as good: (r, n - s).
pub(crate) fn other_signature(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut octets = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i16::from(ORDER[at]) - i16::from(octets[32 + at]) - borrow;
        borrow = i16::from(difference < 0);
        octets[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(octets))
}

/// The same token, signed by somebody else.
pub(crate) fn forged(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut octets = URL_SAFE_NO_PAD.decode(signature).unwrap();
    octets[40] ^= 1;
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(octets))
}

/// `ECDSA-Sig-Value` as r and s of 32 octets each.
fn side_by_side(der: &[u8]) -> Vec<u8> {
    let (r_len, rest) = (usize::from(der[3]), &der[4..]);
    let (r, rest) = rest.split_at(r_len);
    let s = &rest[2..];
    let padded = |number: &[u8]| {
        let number: Vec<u8> = number.iter().copied().skip_while(|octet| *octet == 0).collect();
        [vec![0; 32 - number.len()], number].concat()
    };
    [padded(r), padded(s)].concat()
}
