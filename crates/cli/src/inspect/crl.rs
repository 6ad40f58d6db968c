//! Lists of revoked certificates, as text and as JSON.
//!
//! Lists can be long, so both are written piece by piece.

use std::fmt::Write as _;
use std::time::SystemTime;

use rung_pki::Extension;
use rung_pki::crl::{Crl, Entry, IssuingDistributionPoint};
use rung_pki::extension::{Decoded, GeneralName};
use time::OffsetDateTime;
use time::macros::format_description;

use super::extension::raw;
use super::hex;
use super::json::{Json, Object, decimal, name_of_issuer, named_algorithm};
use super::{named, rfc3339, text::hex_lines, tlv};
use crate::revocation::Flaw;
use crate::ui::shown;

/// What a list is worth.
#[derive(Debug)]
pub(crate) struct Validity {
    /// What is wrong with it, if anything.
    pub(crate) flaw: Option<Flaw>,
    /// Whether no certificate of a CA was given, so that nothing could be told.
    nobody_named: bool,
}

impl Validity {
    /// What is wrong with a list; `nobody_named` if there was no certificate to verify it with.
    pub(crate) fn new(flaw: Option<Flaw>, nobody_named: bool) -> Self {
        Self { flaw, nobody_named }
    }

    fn reason(&self) -> Option<String> {
        match self.flaw? {
            Flaw::UnknownSigner if self.nobody_named => Some("Signature was not checked".to_owned()),
            flaw => Some(flaw.to_string()),
        }
    }
}

/// Takes what is written, piece by piece.
type Out<'a> = &'a mut dyn FnMut(&str) -> anyhow::Result<()>;

/// A list as text.
pub(crate) fn text(list: &Crl, validity: &Validity, out: Out<'_>) -> anyhow::Result<()> {
    let mut page = String::with_capacity(CHUNK + 4096);
    let algorithm = named(list.signature_algorithm_name());
    page.push_str("Certificate Revocation List (CRL):\n    Data:\n");
    let _ = writeln!(page, "        Valid: {}", validity.flaw.is_none());
    if let Some(reason) = validity.reason() {
        let _ = writeln!(page, "        Reason: {reason}");
    }
    let version = list.version();
    let _ = writeln!(page, "        Version: {version} ({:#x})", version.saturating_sub(1));
    let _ = writeln!(page, "    Signature algorithm: {algorithm}");
    let _ = writeln!(page, "        Issuer: {}", shown(&list.issuer().joined(",")));
    let _ = writeln!(page, "        Last Update: {}", date(list.this_update()));
    let next_update = list.next_update().map_or_else(|| "none".to_owned(), date);
    let _ = writeln!(page, "        Next Update: {next_update}");
    if !list.extensions().is_empty() {
        page.push_str("        CRL Extensions:\n");
        list.extensions().iter().for_each(|one| extension(&mut page, one, list, 12));
    }
    page.push_str(if list.is_empty() {
        "        No Revoked Certificates.\n"
    } else {
        "        Revoked Certificates:\n"
    });
    for entry in list.entries() {
        revoked(&mut page, &entry, list);
        if page.len() > CHUNK {
            out(&page)?;
            page.clear();
        }
    }
    let _ = writeln!(page, "    Signature Algorithm: {algorithm}");
    hex_lines(&mut page, list.signature(), 16, 8);
    out(&page)
}

fn revoked(page: &mut String, entry: &Entry, list: &Crl) {
    let serial = entry.certificate.serial;
    let _ = writeln!(page, "            Serial Number: {serial} (0x{})", serial.to_hex().to_uppercase());
    let _ = writeln!(page, "                Revocation Date: {}", date(entry.certificate.revoked_at));
    if !entry.extensions.is_empty() {
        page.push_str("                CRL Entry Extensions:\n");
        entry.extensions.iter().for_each(|one| extension(page, one, list, 20));
    }
}

fn extension(page: &mut String, one: &Extension, list: &Crl, indent: usize) {
    let oid = one.oid.to_string();
    let (head, lines) = match oid.as_str() {
        NUMBER => ("X509v3 CRL Number", integer(&one.value).map(|number| vec![number])),
        DELTA => ("X509v3 Delta CRL Indicator", integer(&one.value).map(|number| vec![number])),
        REASON => ("X509v3 CRL Reason Code", reason(&one.value).map(|reason| vec![reason])),
        INVALID_SINCE => ("X509v3 Invalidity Date", generalized_time(&one.value).map(|time| vec![time])),
        AUTHORITY => ("X509v3 Authority Key Identifier", authority(one).map(|key| vec![format!("keyid:{key}")])),
        SCOPE => ("X509v3 Issuing Distribution Point", list.distribution_point().map(|scope| scope_lines(&scope))),
        other => (other, None),
    };
    let critical = if one.critical { " critical" } else { "" };
    let colon = if head == oid { "" } else { ":" };
    let _ = writeln!(page, "{:indent$}{head}{colon}{critical}", "");
    for line in lines.unwrap_or_else(|| vec![raw(&one.value)]) {
        let _ = writeln!(page, "{:indent$}    {}", "", shown(&line));
    }
}

/// A time as it stands, with spaces between its parts.
fn generalized_time(value: &[u8]) -> Option<String> {
    let text = tlv::one(value).filter(|element| element.tag == 24)?.text()?;
    let digits = text.strip_suffix('Z').filter(|digits| digits.len() == 14)?;
    let part = |from: usize| &digits[from..from + 2];
    Some(format!("{}-{}-{} {}:{}:{} +0000 UTC", &digits[..4], part(4), part(6), part(8), part(10), part(12)))
}

fn scope_lines(scope: &IssuingDistributionPoint) -> Vec<String> {
    let mut lines = Vec::new();
    if !scope.full_name.is_empty() {
        lines.push("Full Name:".to_owned());
        lines.extend(full_names(scope).into_iter().map(|name| format!("    {name}")));
    }
    let only = [
        (scope.only_user_certificates, "Only User Certificates"),
        (scope.only_ca_certificates, "Only CA Certificates"),
        (scope.only_attribute_certificates, "Only Attribute Certificates"),
        (scope.indirect, "Indirect CRL"),
    ];
    lines.extend(only.iter().filter(|(is_so, _)| *is_so).map(|(_, text)| (*text).to_owned()));
    lines.extend(scope.only_reasons.map(|reasons| format!("Reasons: {reasons:04x}")));
    lines
}

fn full_names(scope: &IssuingDistributionPoint) -> Vec<String> {
    let shown = scope.full_name.iter().map(|name| match name {
        GeneralName::Uri(url) => format!("URI:{url}"),
        GeneralName::DirectoryName(name) => format!("DirName:{}", name.joined(",")),
        other => format!("{other:?}"),
    });
    shown.collect()
}

fn authority(one: &Extension) -> Option<String> {
    match one.decode() {
        Decoded::AuthorityKeyIdentifier(identifier) => identifier.map(|octets| hex::upper(&octets)),
        _ => None,
    }
}

fn integer(value: &[u8]) -> Option<String> {
    let element = tlv::one(value).filter(|element| element.tag == 2)?;
    Some(decimal(element.content))
}

fn reason(value: &[u8]) -> Option<String> {
    let element = tlv::one(value).filter(|element| element.tag == 10)?;
    let code = element.content.iter().fold(0_u64, |code, octet| code << 8 | u64::from(*octet));
    let known = REASONS.iter().find(|(number, _)| *number == code);
    Some(known.map_or_else(|| format!("ReasonCode({code}): unknown"), |(_, name)| (*name).to_owned()))
}

/// Such as `2026-11-23 19:35:36 +0000 UTC`.
fn date(time: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] +0000 UTC");
    OffsetDateTime::from(time).format(format).unwrap_or_else(|_| "a time that cannot be written".to_owned())
}

/// A list as JSON.
pub(crate) fn json(list: &Crl, validity: &Validity, out: Out<'_>) -> anyhow::Result<()> {
    let algorithm =
        || named_algorithm(named(list.signature_algorithm_name()), list.signature_algorithm_oid().to_string());
    let mut head = Object::new();
    head.put("version", Json::number(list.version()));
    head.put("signature_algorithm", algorithm());
    head.put("issuer", name_of_issuer(list.issuer()));
    head.put("this_update", rfc3339(list.this_update()));
    head.put_some("next_update", list.next_update().map(rfc3339));
    let mut page = String::with_capacity(CHUNK + 4096);
    page.push_str("{\n");
    head.write_members(&mut page);
    page.push_str(",\n  \"revoked_certificates\": [");
    for (place, entry) in list.entries().enumerate() {
        page.push_str(if place == 0 { "\n    " } else { ",\n    " });
        entry_json(&entry, list).write_at(&mut page, 2);
        if page.len() > CHUNK {
            out(&page)?;
            page.clear();
        }
    }
    page.push_str(if list.is_empty() { "],\n" } else { "\n  ],\n" });
    let mut tail = Object::new();
    tail.put_list("extensions", list.extensions().iter().map(|one| extension_json(one, list)).collect());
    let mut signature = Object::new();
    signature.put("signature_algorithm", algorithm());
    signature.put("value", Json::octets(list.signature()));
    signature.put("valid", validity.flaw.is_none());
    signature.put_some("reason", validity.reason());
    tail.put("signature", signature);
    tail.put_some("AuthorityKeyID", list.authority_key_identifier().map(Json::octets));
    tail.put("Raw", Json::octets(list.tbs_der()));
    tail.write_members(&mut page);
    page.push_str("\n}\n");
    out(&page)
}

fn entry_json(entry: &Entry, list: &Crl) -> Json {
    let mut out = Object::new();
    out.put("serial_number", entry.certificate.serial.to_string());
    out.put("revocation_time", rfc3339(entry.certificate.revoked_at));
    out.put_list("extensions", entry.extensions.iter().map(|one| extension_json(one, list)).collect());
    out.into()
}

fn extension_json(one: &Extension, list: &Crl) -> Json {
    let mut out = Object::new();
    if one.critical {
        out.put("critical", true);
    }
    let oid = one.oid.to_string();
    let known = match oid.as_str() {
        NUMBER => integer(&one.value).map(|number| ("crl_number", number.into())),
        DELTA => integer(&one.value).map(|number| ("delta_crl_indicator", number.into())),
        REASON => reason(&one.value).map(|reason| ("crl_reason_code", reason.into())),
        AUTHORITY => match one.decode() {
            Decoded::AuthorityKeyIdentifier(Some(octets)) => Some(("authority_key_id", Json::hex(&octets))),
            _ => None,
        },
        SCOPE => list.distribution_point().map(|scope| ("issuing_distribution_point", scope_json(&scope))),
        _ => None,
    };
    match known {
        Some((name, value)) => out.put(name, value),
        None => out.put(&oid, Json::octets(&one.value)),
    }
    out.into()
}

fn scope_json(scope: &IssuingDistributionPoint) -> Json {
    let mut out = Object::new();
    out.put_list("full_names", full_names(scope).into_iter().map(Json::Text).collect());
    let only = [
        ("only_contains_user_certs", scope.only_user_certificates),
        ("only_contains_ca_certs", scope.only_ca_certificates),
        ("only_contains_attribute_certs", scope.only_attribute_certificates),
        ("indirect_crl", scope.indirect),
    ];
    only.iter().filter(|(_, is_so)| *is_so).for_each(|(name, _)| out.put(name, true));
    out.put_some("only_some_reasons", scope.only_reasons.map(|reasons| format!("{reasons:04x}")));
    out.into()
}

/// So much is written at once.
const CHUNK: usize = 64 << 10;
const NUMBER: &str = "2.5.29.20";
const REASON: &str = "2.5.29.21";
const INVALID_SINCE: &str = "2.5.29.24";
const DELTA: &str = "2.5.29.27";
const SCOPE: &str = "2.5.29.28";
const AUTHORITY: &str = "2.5.29.35";
const REASONS: [(u64, &str); 10] = [
    (0, "Unspecified"),
    (1, "Key Compromise"),
    (2, "CA Compromise"),
    (3, "Affiliation Changed"),
    (4, "Superseded"),
    (5, "Cessation Of Operation"),
    (6, "Certificate Hold"),
    (8, "Remove From CRL"),
    (9, "Privilege Withdrawn"),
    (10, "AA Compromise"),
];
