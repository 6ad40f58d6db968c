//! The form of a few lines.

use std::fmt::Write as _;
use std::time::SystemTime;

use rung_pki::extension::GeneralName;
use rung_pki::{Certificate, CertificateRequest, DistinguishedName};

use super::text::{hint, rfc3339};
use super::{Document, key};
use crate::ui::shown;

/// A few lines on a document. With the time that it is, dates are followed by how far away they are, for a person.
pub(crate) fn short(document: &Document, now: Option<SystemTime>) -> String {
    match document {
        Document::Certificate(certificate) => certificate_lines(certificate, now),
        Document::Request(request) => request_lines(request),
    }
}

fn certificate_lines(certificate: &Certificate, now: Option<SystemTime>) -> String {
    let kind = match certificate.is_ca() {
        false => "TLS",
        true if certificate.is_self_signed() => "Root CA",
        true => "Intermediate CA",
    };
    let serial = abbreviated(&certificate.serial().to_string());
    let key = key::describe(certificate.public_key_info());
    let mut out = format!("X.509v3 {kind} Certificate ({key}) [Serial: {serial}]\n");
    subject(&mut out, certificate.subject(), &certificate.general_names());
    let issuer = certificate.issuer().common_name().unwrap_or_default();
    let _ = writeln!(out, "  Issuer:      {}", shown(issuer));
    if let Some(provisioner) = certificate.provisioner() {
        let _ = write!(out, "  Provisioner: {}", shown(&provisioner.name));
        if !provisioner.credential_id.is_empty() {
            let _ = write!(out, " [ID: {}]", shown(&abbreviated(&provisioner.credential_id)));
        }
        out.push('\n');
    }
    for (label, instant) in [("  Valid from:", certificate.not_before()), ("          to:", certificate.not_after())] {
        let _ = writeln!(out, "{label}  {}{}", rfc3339(instant), hint(instant, now));
    }
    out
}

fn request_lines(request: &CertificateRequest) -> String {
    let mut out = format!("X.509v3 Certificate Signing Request ({})\n", key::describe(request.public_key_info()));
    subject(&mut out, request.subject(), &request.general_names());
    out
}

fn subject(out: &mut String, subject: &DistinguishedName, names: &[GeneralName]) {
    let common_name = subject.common_name().map(str::to_owned);
    let mut others = Vec::new();
    for kind in 0..4 {
        let of_kind = names.iter().filter_map(|name| match (kind, name) {
            (0, GeneralName::Dns(text)) | (2, GeneralName::Email(text)) | (3, GeneralName::Uri(text)) => {
                Some(text.clone())
            }
            (1, GeneralName::Ip(address)) => Some(address.to_string()),
            _ => None,
        });
        others.extend(of_kind.filter(|name| Some(name) != common_name.as_ref()));
    }
    let all: Vec<String> = common_name.into_iter().chain(others).collect();
    let Some((first, rest)) = all.split_first() else {
        return out.push_str("  Subject: \n");
    };
    let _ = writeln!(out, "  Subject:     {}", shown(first));
    for name in rest {
        let _ = writeln!(out, "               {}", shown(name));
    }
}

/// The first and the last four octets of a long text.
fn abbreviated(text: &str) -> String {
    let octets = text.as_bytes();
    if octets.len() <= 8 {
        return text.to_owned();
    }
    let (first, last) = (&octets[..4], &octets[octets.len() - 4..]);
    format!("{}...{}", String::from_utf8_lossy(first), String::from_utf8_lossy(last))
}
