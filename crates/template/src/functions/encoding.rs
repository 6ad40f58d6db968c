//! Base64, base32 and digests.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, PAD};

use super::{Function, Outcome, Type, function, text};
use crate::render::Runtime;
use crate::run_value::Val;

pub(super) static FUNCTIONS: &[Function] = &[
    function("adler32sum", &[Type::Text], |_, values| Ok(Val::text(adler32(text(values, 0).as_bytes()).to_string()))),
    function("b32dec", &[Type::Text], base32_decode),
    function("b32enc", &[Type::Text], |_, values| Ok(Val::text(base32(text(values, 0).as_bytes())))),
    function("b64dec", &[Type::Text], base64_decode),
    function("b64enc", &[Type::Text], |_, values| Ok(Val::text(BASE64.encode(text(values, 0))))),
    function("sha1sum", &[Type::Text], |_, values| sum(&digest::SHA1_FOR_LEGACY_USE_ONLY, values)),
    function("sha256sum", &[Type::Text], |_, values| sum(&digest::SHA256, values)),
    function("sha512sum", &[Type::Text], |_, values| sum(&digest::SHA512, values)),
];

/// Go's standard decoder does not look at the bits behind the last byte.
pub(super) const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// Read base64 as Go does, which skips line ends.
pub(super) fn decode_base64(text: &str) -> Result<Vec<u8>, String> {
    let text: String = text.chars().filter(|next| !matches!(next, '\r' | '\n')).collect();
    BASE64.decode(text).map_err(|_| "illegal base64 data".to_owned())
}

/// sprig yields the error's text where this refuses: a certificate with an error in it helps nobody.
fn base64_decode(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    match String::from_utf8(decode_base64(text(values, 0))?) {
        Ok(text) => Ok(Val::text(text)),
        Err(_) => Err("what the base64 stands for is not UTF-8".into()),
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        let digits = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = usize::try_from(bits >> (35 - 5 * at) & 31).expect("five bits");
            encoded.push(if at < digits { char::from(BASE32[digit]) } else { '=' });
        }
    }
    encoded
}

fn base32_decode(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let illegal = "illegal base32 data";
    let text: String = text(values, 0).chars().filter(|next| !matches!(next, '\r' | '\n')).collect();
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if !text.len().is_multiple_of(8) || padding > 6 || !matches!(digits.len() % 8, 0 | 2 | 4 | 5 | 7) {
        return Err(illegal.into());
    }
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = BASE32.iter().position(|known| *known == digit).ok_or(illegal)?;
        bits = bits << 5 | u32::try_from(value).map_err(|_| illegal)?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 255).map_err(|_| illegal)?);
        }
    }
    String::from_utf8(bytes).map(Val::text).map_err(|_| "what the base32 stands for is not UTF-8".into())
}

fn sum(algorithm: &'static digest::Algorithm, values: &[Val]) -> Outcome {
    let sum = digest::digest(algorithm, text(values, 0).as_bytes());
    Ok(Val::text(sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
