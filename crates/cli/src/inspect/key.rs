//! Public keys, as text.

use std::fmt::Write as _;

use rung_pki::{KeyAlgorithm, PublicKey};

use super::text::hex_lines;
use super::tlv;

/// The kind of key in a `SubjectPublicKeyInfo`, as the one-line form shows it.
pub(super) fn describe(info: &[u8]) -> String {
    match PublicKey::from_spki(info).map(|key| key.algorithm()) {
        Ok(KeyAlgorithm::Ed25519) => "Ed25519 256".to_owned(),
        Ok(known) => known.to_string(),
        Err(_) => oid_of(info),
    }
}

/// The block `Subject Public Key Info`.
pub(super) fn write(out: &mut String, info: &[u8]) {
    out.push_str("        Subject Public Key Info:\n");
    let key = PublicKey::from_spki(info).ok();
    let known = key.as_ref().and_then(|key| match key.algorithm() {
        KeyAlgorithm::Rsa { bits } => write_rsa(out, bits, key.rsa_numbers()?),
        KeyAlgorithm::Ed25519 => write_ed25519(out, key),
        curve => write_ec(out, curve, key.coordinates()?),
    });
    if known.is_none() {
        let _ = writeln!(out, "            Public Key Algorithm: {}", oid_of(info));
        out.push_str("                Public-Key:\n                Raw Bytes:\n");
        let bits = tlv::one(info).and_then(|info| info.children()?.get(1).copied());
        hex_lines(out, bits.map_or(&[], |bits| bits.content.get(1..).unwrap_or_default()), 15, 20);
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

fn write_ec(out: &mut String, curve: KeyAlgorithm, (x, y): (&[u8], &[u8])) -> Option<()> {
    let name = curve.curve()?;
    let bits = name.trim_start_matches("P-");
    out.push_str("            Public Key Algorithm: ECDSA\n");
    let _ = writeln!(out, "                Public-Key: ({bits} bit)\n                X:");
    hex_lines(out, without_zeros(x), 15, 20);
    out.push_str("                Y:\n");
    hex_lines(out, without_zeros(y), 15, 20);
    let _ = writeln!(out, "                Curve: {name}");
    Some(())
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

fn oid_of(info: &[u8]) -> String {
    let oid = || tlv::one(info)?.children()?.first()?.children()?.first()?.oid();
    oid().unwrap_or_else(|| "unknown".to_owned())
}
