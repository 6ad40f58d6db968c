//! The certificates in the signature of a Windows program (Microsoft's PE and COFF specification, "The Attribute
//! Certificate Table").

use anyhow::{Context as _, anyhow, bail};
use rung_pki::Certificate;

use crate::inspect::tlv;

/// The certificates in the first signature of a program, in the order of the signature.
pub(crate) fn certificates(program: &[u8]) -> anyhow::Result<Vec<Certificate>> {
    let table = table(program)?;
    // Length, revision and type of an entry, then what it holds, filled up to eight octets.
    let len = usize::try_from(number(table, 0)?)?;
    let kind = u16::from_le_bytes(part(table, 6)?);
    if kind != SIGNED_DATA {
        bail!("the signature is not one of PKCS#7 (type {kind})");
    }
    let signature = table.get(8..len).context("the signature is cut short")?;
    let found = certificates_of(signature).context("the signature is not one of PKCS#7, or it is damaged")?;
    found.into_iter().map(|der| Ok(Certificate::from_der(der)?)).collect()
}

/// The table of signatures.
fn table(program: &[u8]) -> anyhow::Result<&[u8]> {
    let headers = "Error parsing the executable's headers";
    if program.get(..2) != Some(b"MZ") {
        bail!("{headers}: it is not a Windows program");
    }
    let start = usize::try_from(number(program, 0x3c)?)?;
    let header = program.get(start..).filter(|header| header.starts_with(b"PE\0\0"));
    let header = header.with_context(|| format!("{headers}: it is not a Windows program"))?;
    let optional = header.get(24..).context("Unable to open the PE file: EOF")?;
    // How many data directories there are stands in another place for 64 bits.
    let directories = match u16::from_le_bytes(part(optional, 0)?) {
        0x10b => 92,
        0x20b => 108,
        other => bail!("{headers}: an optional header of type {other:#x}"),
    };
    let missing = || anyhow!("{headers}: No Certificate Table found");
    if number(optional, directories)? <= SECURITY {
        return Err(missing());
    }
    let entry = directories + 4 + 8 * SECURITY as usize;
    // Unlike those of all other directories, this address is a place in the file.
    let (place, len) = (usize::try_from(number(optional, entry)?)?, usize::try_from(number(optional, entry + 4)?)?);
    if place == 0 || len == 0 {
        return Err(missing());
    }
    let end = place.checked_add(len);
    end.and_then(|end| program.get(place..end))
        .with_context(|| format!("{headers}: the certificate table is cut short"))
}

/// The DER of the certificates of a `SignedData` (RFC 2315 §9.1).
fn certificates_of(signature: &[u8]) -> Option<Vec<&[u8]>> {
    // What fills the entry up follows the signature.
    let content = elements(signature)?.into_iter().next()?.1;
    let [(6, _), (0xa0, explicit)] = elements(content)?[..] else { return None };
    let [(0x30, signed)] = elements(explicit)?[..] else { return None };
    let found = elements(signed)?.into_iter().find(|(tag, _)| *tag == 0xa0);
    let Some((_, certificates)) = found else { return Some(Vec::new()) };
    let mut rest = certificates;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let len = tlv::first_len(rest)?;
        let (certificate, tail) = rest.split_at_checked(len)?;
        found.push(certificate);
        rest = tail;
    }
    Some(found)
}

/// Tags and contents of what follows one another, as far as it is DER; zeros may follow.
fn elements(mut der: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut elements = Vec::new();
    while der.first().is_some_and(|tag| *tag != 0) {
        let (element, rest) = der.split_at_checked(tlv::first_len(der)?)?;
        let element = tlv::one(element)?;
        elements.push((element.tag, element.content));
        der = rest;
    }
    Some(elements)
}

fn number(octets: &[u8], place: usize) -> anyhow::Result<u32> {
    Ok(u32::from_le_bytes(part(octets, place)?))
}

fn part<const LEN: usize>(octets: &[u8], place: usize) -> anyhow::Result<[u8; LEN]> {
    let part = octets.get(place..).and_then(|rest| rest.first_chunk());
    part.copied().context("Unable to open the PE file: EOF")
}

/// The number of the directory of signatures.
const SECURITY: u32 = 4;
/// `WIN_CERT_TYPE_PKCS_SIGNED_DATA`
const SIGNED_DATA: u16 = 2;
