//! Public keys, as text.

use std::fmt::Write as _;

use rung_pki::{KeyAlgorithm, PublicKey};

use super::text::hex_lines;
use super::{named, tlv};

/// The kind of key in a `SubjectPublicKeyInfo`, as the one-line form shows it.
pub(super) fn describe(info: &[u8]) -> String {
    if let Some((curve, _)) = curve_of(info) {
        return format!("ECDSA {curve}");
    }
    match PublicKey::from_spki(info).map(|key| key.algorithm()) {
        Ok(KeyAlgorithm::Ed25519) => "Ed25519 256".to_owned(),
        // As scripts know it: whole octets of the modulus.
        Ok(KeyAlgorithm::Rsa { bits }) => format!("RSA {}", bits.div_ceil(8) * 8),
        Ok(known) => known.to_string(),
        Err(_) => kind(info),
    }
}

/// The kind of key in a `SubjectPublicKeyInfo`, without its size; its object identifier if it is not known.
pub(crate) fn kind(info: &[u8]) -> String {
    if curve_of(info).is_some() {
        return "ECDSA".to_owned();
    }
    match PublicKey::from_spki(info).map(|key| key.algorithm()) {
        Ok(KeyAlgorithm::Ed25519) => "Ed25519".to_owned(),
        Ok(KeyAlgorithm::Rsa { .. }) => "RSA".to_owned(),
        _ if dsa(info).is_some() => "DSA".to_owned(),
        _ => named(oid_of(info)),
    }
}

/// The block `Subject Public Key Info`.
pub(super) fn write(out: &mut String, info: &[u8]) {
    out.push_str("        Subject Public Key Info:\n");
    let mut known = || {
        if let Some((curve, point)) = curve_of(info) {
            return write_ec(out, curve, point);
        }
        if let Some(dsa) = dsa(info) {
            write_dsa(out, &dsa);
            return Some(());
        }
        let key = PublicKey::from_spki(info).ok()?;
        match key.algorithm() {
            KeyAlgorithm::Rsa { bits } => write_rsa(out, bits, key.rsa_numbers()?),
            KeyAlgorithm::Ed25519 => write_ed25519(out, &key),
            _ => None,
        }
    };
    if known().is_none() {
        let _ = writeln!(out, "            Public Key Algorithm: {}", kind(info));
        out.push_str("                Public-Key:\n                Raw Bytes:\n");
        hex_lines(out, bits_of(info).unwrap_or_default(), 15, 20);
    }
}

fn write_rsa(out: &mut String, bits: u32, (modulus, exponent): (&[u8], &[u8])) -> Option<()> {
    let exponent = exponent
        .iter()
        .try_fold(0_u64, |number, octet| number.checked_mul(256).map(|number| number + u64::from(*octet)))?;
    out.push_str("            Public Key Algorithm: RSA\n");
    let _ = writeln!(out, "                Public-Key: ({bits} bit)\n                Modulus:");
    hex_lines(out, without_zeros(modulus), 15, 20);
    let _ = writeln!(out, "                Exponent: {exponent} (0x{exponent:x})");
    Some(())
}

fn write_ec(out: &mut String, curve: &str, point: &[u8]) -> Option<()> {
    let [4, coordinates @ ..] = point else { return None };
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let bits = curve.trim_start_matches("P-");
    out.push_str("            Public Key Algorithm: ECDSA\n");
    let _ = writeln!(out, "                Public-Key: ({bits} bit)\n                X:");
    hex_lines(out, without_zeros(x), 15, 20);
    out.push_str("                Y:\n");
    hex_lines(out, without_zeros(y), 15, 20);
    let _ = writeln!(out, "                Curve: {curve}");
    Some(())
}

fn write_dsa(out: &mut String, key: &Dsa<'_>) {
    out.push_str("            Public Key Algorithm: DSA\n");
    for (name, number) in [("pub", key.y), ("P", key.p), ("Q", key.q), ("G", key.g)] {
        let _ = writeln!(out, "                {name}:");
        hex_lines(out, number, 15, 20);
    }
}

fn write_ed25519(out: &mut String, key: &PublicKey) -> Option<()> {
    out.push_str("            Public Key Algorithm: Ed25519\n                Public-Key: (256 bit)\n");
    hex_lines(out, key.bits(), 15, 20);
    Some(())
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    &number[zeros..]
}

/// The numbers of a DSA key (RFC 3279 §2.3.2), without zeros in front.
pub(super) struct Dsa<'a> {
    pub(super) p: &'a [u8],
    pub(super) q: &'a [u8],
    pub(super) g: &'a [u8],
    pub(super) y: &'a [u8],
}

/// The DSA key in a `SubjectPublicKeyInfo`.
pub(super) fn dsa(info: &[u8]) -> Option<Dsa<'_>> {
    if oid_of(info) != "1.2.840.10040.4.1" {
        return None;
    }
    let parameters = *tlv::one(info)?.children()?.first()?.children()?.get(1)?;
    let [p, q, g] = parameters.children()?[..] else { return None };
    let y = tlv::one(bits_of(info)?)?;
    [p, q, g, y].iter().all(|number| number.tag == 2).then_some(())?;
    let [p, q, g, y] = [p, q, g, y].map(|number| without_zeros(number.content));
    Some(Dsa { p, q, g, y })
}

/// How many bits the numbers p and q of the DSA key in a `SubjectPublicKeyInfo` have.
pub(crate) fn dsa_sizes(info: &[u8]) -> Option<(usize, usize)> {
    let bits = |number: &[u8]| number.len() * 8 - number.first().map_or(0, |first| first.leading_zeros() as usize);
    dsa(info).map(|key| (bits(key.p), bits(key.q)))
}

/// The numbers p, q and y of the DSA key in a `SubjectPublicKeyInfo`.
pub(crate) fn dsa_numbers(info: &[u8]) -> Option<[&[u8]; 3]> {
    dsa(info).map(|key| [key.p, key.q, key.y])
}

/// Curve and uncompressed point of the key in a `SubjectPublicKeyInfo`.
pub(super) fn curve_of(info: &[u8]) -> Option<(&'static str, &[u8])> {
    if oid_of(info) != "1.2.840.10045.2.1" {
        return None;
    }
    let curve = tlv::one(info)?.children()?.first()?.children()?.get(1)?.oid()?;
    let (_, name, len) = CURVES.iter().find(|(oid, ..)| *oid == curve)?;
    let point = bits_of(info).filter(|point| point.len() == 1 + 2 * len && point[0] == 4)?;
    Some((name, point))
}

/// The octets of the key.
fn bits_of(info: &[u8]) -> Option<&[u8]> {
    tlv::one(info)?.children()?.get(1)?.content.get(1..)
}

fn oid_of(info: &[u8]) -> String {
    let oid = || tlv::one(info)?.children()?.first()?.children()?.first()?.oid();
    oid().unwrap_or_else(|| "unknown".to_owned())
}

/// Object identifier, name, octets of a coordinate.
const CURVES: [(&str, &str, usize); 4] = [
    ("1.3.132.0.33", "P-224", 28),
    ("1.2.840.10045.3.1.7", "P-256", 32),
    ("1.3.132.0.34", "P-384", 48),
    ("1.3.132.0.35", "P-521", 66),
];
