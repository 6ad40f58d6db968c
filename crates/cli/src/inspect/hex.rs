//! Octets as hexadecimal digits: most of what is shown of a certificate.

/// Append two lower-case digits.
pub(super) fn push(out: &mut String, octet: u8) {
    push_with(out, octet, b"0123456789abcdef");
}

/// Lower-case digits, nothing between them.
pub(super) fn lower(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len() * 2);
    octets.iter().for_each(|octet| push(&mut out, *octet));
    out
}

/// Upper-case digits with colons between the octets.
pub(super) fn upper(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len() * 3);
    for (place, octet) in octets.iter().enumerate() {
        if place > 0 {
            out.push(':');
        }
        push_with(&mut out, *octet, b"0123456789ABCDEF");
    }
    out
}

fn push_with(out: &mut String, octet: u8, digits: &[u8; 16]) {
    out.push(char::from(digits[usize::from(octet >> 4)]));
    out.push(char::from(digits[usize::from(octet & 15)]));
}
