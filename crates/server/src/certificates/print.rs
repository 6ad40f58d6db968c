//! Certificates as text, JSON, CSV and PEM.

use std::io::Write;
use std::str::FromStr;
use std::time::SystemTime;

use anyhow::bail;
use rung_store::inventory::{Entry, State};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Page;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Json,
    Pem,
    Text,
}

impl FromStr for Format {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "pem" => Ok(Self::Pem),
            "table" | "text" => Ok(Self::Text),
            _ => bail!("options are csv, json, pem, text"),
        }
    }
}

/// What is said of a certificate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    serial: String,
    subject: String,
    names: Vec<String>,
    provisioner: String,
    provisioner_type: String,
    state: &'static str,
    not_before: String,
    not_after: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pem: Option<String>,
}

impl Said {
    fn of(entry: &Entry, now: SystemTime) -> Self {
        let certificate = &entry.certificate;
        let names = certificate.subject_alt_names().unwrap_or_default();
        Self {
            serial: certificate.serial().to_string(),
            subject: certificate.subject().to_string(),
            names: names.iter().map(ToString::to_string).collect(),
            provisioner: entry.provisioner.clone(),
            provisioner_type: entry.provisioner_kind.clone(),
            state: word(entry.state(now)),
            not_before: time(certificate.not_before()),
            not_after: time(certificate.not_after()),
            revoked_at: entry.revoked.map(|(at, _)| time(at)),
            reason: entry.revoked.map(|(_, reason)| reason.name()),
            fingerprint: rung_pki::hex(&certificate.fingerprint()),
            pem: None,
        }
    }
}

/// One certificate.
pub(super) fn one(entry: &Entry, format: Format, now: SystemTime, out: &mut dyn Write) -> anyhow::Result<()> {
    let said = Said { pem: Some(entry.certificate.to_pem()), ..Said::of(entry, now) };
    match format {
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&said)?)?,
        Format::Pem => write!(out, "{}", entry.certificate.to_pem())?,
        Format::Csv => csv(&[said], true, out)?,
        Format::Text => {
            let names = said.names.join(", ");
            let granted = format!("{} ({})", said.provisioner, said.provisioner_type);
            let lines = [
                ("Serial", said.serial.as_str()),
                ("Subject", &said.subject),
                ("Names", &names),
                ("Provisioner", &granted),
                ("State", said.state),
                ("Valid from", &said.not_before),
                ("Valid to", &said.not_after),
                ("Fingerprint", &said.fingerprint),
            ];
            for (label, value) in lines {
                writeln!(out, "{:13}{}", format!("{label}:"), shown(value))?;
            }
            if let (Some(at), Some(reason)) = (&said.revoked_at, said.reason) {
                writeln!(out, "{:13}{at}, {reason}", "Revoked:")?;
            }
            write!(out, "{}", entry.certificate.to_pem())?;
        }
    }
    Ok(())
}

/// A page, and where the next one begins.
pub(super) fn page(page: &Page, format: Format, now: SystemTime, out: &mut dyn Write) -> anyhow::Result<()> {
    let next = page.next.map(|cursor| cursor.to_string());
    match format {
        Format::Json => {
            let certificates: Vec<Said> = page.entries.iter().map(|entry| Said::of(entry, now)).collect();
            let body = serde_json::json!({"certificates": certificates, "next": next});
            writeln!(out, "{}", serde_json::to_string_pretty(&body)?)?;
        }
        Format::Csv | Format::Pem => part(page, (format, true), now, out)?,
        Format::Text => table(page, now, out)?,
    }
    if let Some(next) = next.filter(|_| format != Format::Json) {
        eprintln!("There may be more: --after {next}");
    }
    Ok(())
}

/// A part of an export; the first has what only stands once.
pub(super) fn part(
    page: &Page,
    (format, first): (Format, bool),
    now: SystemTime,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let said = page.entries.iter().map(|entry| Said::of(entry, now));
    match format {
        Format::Csv => csv(&said.collect::<Vec<_>>(), first, out),
        Format::Json => {
            for said in said {
                writeln!(out, "{}", serde_json::to_string(&said)?)?;
            }
            Ok(())
        }
        Format::Pem => Ok(page.entries.iter().try_for_each(|entry| write!(out, "{}", entry.certificate.to_pem()))?),
        Format::Text => table(page, now, out),
    }
}

fn table(page: &Page, now: SystemTime, out: &mut dyn Write) -> anyhow::Result<()> {
    let heads = ["SERIAL", "NAME", "PROVISIONER", "STATE", "ENDS"].map(str::to_owned);
    let mut rows = vec![heads];
    for entry in &page.entries {
        let said = Said::of(entry, now);
        let common = entry.certificate.subject().common_name().map(str::to_owned);
        let name = common.or_else(|| said.names.first().cloned()).unwrap_or_default();
        rows.push([said.serial, shown(&name), shown(&said.provisioner), said.state.to_owned(), said.not_after]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2), width(3)];
    for row in &rows {
        for (cell, width) in row.iter().zip(widths) {
            write!(out, "{cell:width$}  ")?;
        }
        writeln!(out, "{}", row[4])?;
    }
    Ok(())
}

fn csv(all: &[Said], heads: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if heads {
        let heads =
            "serial,subject,names,provisioner,provisionerType,state,notBefore,notAfter,revokedAt,reason,fingerprint";
        write!(out, "{heads}\r\n")?;
    }
    for said in all {
        let cells = [
            said.serial.as_str(),
            &said.subject,
            &said.names.join(" "),
            &said.provisioner,
            &said.provisioner_type,
            said.state,
            &said.not_before,
            &said.not_after,
            said.revoked_at.as_deref().unwrap_or_default(),
            said.reason.unwrap_or_default(),
            &said.fingerprint,
        ];
        write!(out, "{}\r\n", cells.map(cell).join(","))?;
    }
    Ok(())
}

/// A cell as RFC 4180 wants it. Spreadsheets compute what begins like a formula, and people who ask for certificates
/// choose names, so that such a cell begins with an apostrophe.
pub(super) fn cell(text: &str) -> String {
    let text = shown(text);
    let guarded = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    if guarded.contains([',', '"']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

/// A text without anything that a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    let dangerous = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut out, character| {
        if dangerous(character) {
            out.extend(character.escape_unicode())
        } else {
            out.push(character)
        }
        out
    })
}

fn word(state: State) -> &'static str {
    match state {
        State::Expired => "expired",
        State::Revoked => "revoked",
        State::Valid => "valid",
    }
}

fn time(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_default()
}
