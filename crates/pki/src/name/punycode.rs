//! Punycode (RFC 3492), only far enough to refuse labels that no decoder takes or that decode to something else
//! than an international label.

/// Whether what follows `xn--` in a label decodes to lower-case text that needed encoding.
pub(super) fn is_valid(encoded: &str) -> bool {
    decode(encoded).is_some_and(|characters| {
        // RFC 5891 §4.2: a label that is plain ASCII has no business here, nor has an upper-case or control character.
        let plain = characters.iter().all(char::is_ascii);
        !plain && characters.iter().all(|character| !character.is_control() && !character.is_uppercase())
    })
}

/// RFC 3492 §6.2.
fn decode(encoded: &str) -> Option<Vec<char>> {
    let encoded = encoded.to_ascii_lowercase();
    let (basic, extended) = encoded.rsplit_once('-').unwrap_or(("", &encoded));
    if extended.is_empty() {
        return None;
    }
    let mut decoded: Vec<char> = basic.chars().collect();
    let (mut point, mut position, mut bias) = (INITIAL_POINT, 0_u32, INITIAL_BIAS);
    let mut digits = extended.bytes();
    while digits.len() > 0 {
        let before = position;
        let mut weight = 1_u32;
        let mut k = BASE;
        loop {
            let digit = digit(digits.next()?)?;
            position = position.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(TMIN, TMAX);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let len = u32::try_from(decoded.len()).ok()? + 1;
        bias = adapt(position - before, len, before == 0);
        point = point.checked_add(position / len)?;
        position %= len;
        decoded.insert(usize::try_from(position).ok()?, char::from_u32(point)?);
        position += 1;
    }
    Some(decoded)
}

/// RFC 3492 §6.1.
fn adapt(delta: u32, len: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / len;
    let mut k = 0;
    while delta > (BASE - TMIN) * TMAX / 2 {
        delta /= BASE - TMIN;
        k += BASE;
    }
    k + (BASE - TMIN + 1) * delta / (delta + SKEW)
}

fn digit(octet: u8) -> Option<u32> {
    match octet {
        b'a'..=b'z' => Some(u32::from(octet - b'a')),
        b'0'..=b'9' => Some(u32::from(octet - b'0') + 26),
        _ => None,
    }
}

// RFC 3492 §5.
const BASE: u32 = 36;
const TMIN: u32 = 1;
const TMAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_POINT: u32 = 128;
