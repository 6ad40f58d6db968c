//! The full text of certificates and requests.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use rung_pki::{Certificate, CertificateRequest, DistinguishedName};
use time::OffsetDateTime;
use time::macros::format_description;

use super::{Document, algorithm_name, extension, hex, key};
use crate::ui::shown;

/// All of a document. With the time that it is, dates are followed by how far away they are, for a person.
pub(crate) fn text(document: &Document, now: Option<SystemTime>) -> String {
    match document {
        Document::Certificate(certificate) => certificate_text(certificate, now),
        Document::Request(request) => request_text(request),
    }
}

fn certificate_text(certificate: &Certificate, now: Option<SystemTime>) -> String {
    let mut out = String::with_capacity(4096);
    let version = certificate.version();
    let algorithm = algorithm_name(certificate);
    let serial = certificate.serial();
    out.push_str("Certificate:\n    Data:\n");
    let _ = writeln!(out, "        Version: {version} (0x{:x})", version.saturating_sub(1));
    let _ = writeln!(out, "        Serial Number: {serial} (0x{})", even_hex(serial.as_bytes()));
    let _ = writeln!(out, "        Signature Algorithm: {algorithm}");
    name(&mut out, "Issuer", certificate.issuer());
    out.push_str("        Validity\n");
    let _ = writeln!(
        out,
        "            Not Before: {}{}",
        date(certificate.not_before()),
        hint(certificate.not_before(), now)
    );
    let _ = writeln!(
        out,
        "            Not After : {}{}",
        date(certificate.not_after()),
        hint(certificate.not_after(), now)
    );
    name(&mut out, "Subject", certificate.subject());
    key::write(&mut out, certificate.public_key_info());
    if !certificate.extensions().is_empty() {
        out.push_str("        X509v3 extensions:\n");
        let (names, constraints) = (certificate.general_names(), certificate.name_constraints());
        for one in certificate.extensions() {
            extension::write(&mut out, one, &names, constraints.as_ref());
        }
    }
    signature(&mut out, &algorithm, certificate.signature());
    out
}

fn request_text(request: &CertificateRequest) -> String {
    let mut out = String::with_capacity(2048);
    // RFC 2986 §4.1: version 1 is written as 0, and requests are shown as they are written.
    out.push_str("Certificate Request:\n    Data:\n        Version: 0 (0x0)\n");
    name(&mut out, "Subject", request.subject());
    key::write(&mut out, request.public_key_info());
    if !request.extensions().is_empty() {
        out.push_str("        Requested Extensions:\n");
        let names = request.general_names();
        for one in request.extensions() {
            extension::write(&mut out, one, &names, None);
        }
    }
    signature(&mut out, &algorithm_name(request), request.signature());
    out
}

fn name(out: &mut String, label: &str, name: &DistinguishedName) {
    let text = name.joined(",");
    let space = if text.is_empty() { "" } else { " " };
    let _ = writeln!(out, "        {label}:{space}{}", shown(&text));
}

fn signature(out: &mut String, algorithm: &str, octets: &[u8]) {
    let _ = writeln!(out, "    Signature Algorithm: {algorithm}");
    hex_lines(out, octets, 18, 9);
}

/// Octets as `aa:bb:`, `per_line` of them on a line; no colon behind the last.
pub(crate) fn hex_lines(out: &mut String, octets: &[u8], per_line: usize, indent: usize) {
    let lines = octets.chunks(per_line).count();
    for (number, line) in octets.chunks(per_line).enumerate() {
        out.extend(std::iter::repeat_n(' ', indent));
        for (place, octet) in line.iter().enumerate() {
            if place > 0 {
                out.push(':');
            }
            hex::push(out, *octet);
        }
        out.push_str(if number + 1 < lines { ":\n" } else { "\n" });
    }
}

fn even_hex(octets: &[u8]) -> String {
    if octets.is_empty() { "00".to_owned() } else { hex::lower(octets) }
}

/// Such as `Mar 1 08:00:00 2026 UTC`.
pub(super) fn date(time: SystemTime) -> String {
    let format = format_description!("[month repr:short] [day padding:none] [hour]:[minute]:[second] [year] UTC");
    OffsetDateTime::from(time).format(format).unwrap_or_else(|_| "a time that cannot be written".to_owned())
}

/// Such as `2026-03-01T08:00:00Z`.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    OffsetDateTime::from(time).format(format).unwrap_or_else(|_| "a time that cannot be written".to_owned())
}

/// How far away an instant is, such as ` (in 3 days)`; nothing unless the time is given.
pub(super) fn hint(instant: SystemTime, now: Option<SystemTime>) -> String {
    let Some(now) = now else { return String::new() };
    match instant.duration_since(now) {
        Ok(ahead) => format!(" (in {})", roughly(ahead)),
        Err(behind) => format!(" ({} ago)", roughly(behind.duration())),
    }
}

/// A duration in the largest unit of which there are two, so that nobody reads `1 day` for 47 hours.
fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("year", 31_556_952), ("month", 2_629_746), ("day", 86_400), ("hour", 3600), ("minute", 60)];
    let unit = units.iter().find(|(_, length)| seconds >= 2 * length);
    let (name, count) = unit.map_or(("second", seconds), |(name, length)| (*name, seconds / length));
    if count == 1 { format!("{count} {name}") } else { format!("{count} {name}s") }
}
