//! Certificates as a table, JSON, CSV and PEM.

use std::io::{self, Write};
use std::str::FromStr;

use crate::body::{CertificatePage, ListedCertificate};
use crate::{printable, table};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Rows of cells (RFC 4180).
    Csv,
    /// JSON.
    Json,
    /// The certificates themselves.
    Pem,
    /// For people.
    Text,
}

/// A word that is no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("options are csv, json, pem, text")]
pub struct FormatError;

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        match text {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "pem" => Ok(Self::Pem),
            "table" | "text" => Ok(Self::Text),
            _ => Err(FormatError),
        }
    }
}

/// Print one certificate.
///
/// # Errors
/// When it cannot be written.
pub fn one(found: &ListedCertificate, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => pretty(found, out),
        Format::Pem => write!(out, "{}", found.pem),
        Format::Csv => csv(std::slice::from_ref(found), true, out),
        Format::Text => {
            let names = found.names.join(", ");
            let granted = format!("{} ({})", found.provisioner, found.provisioner_type);
            let lines = [
                ("Serial", found.serial.as_str()),
                ("Subject", &found.subject),
                ("Names", &names),
                ("Provisioner", &granted),
                ("State", &found.state),
                ("Valid from", &found.not_before),
                ("Valid to", &found.not_after),
                ("Fingerprint", &found.fingerprint),
            ];
            for (label, value) in lines {
                writeln!(out, "{:13}{}", format!("{label}:"), printable(value))?;
            }
            if let (Some(at), Some(reason)) = (&found.revoked_at, &found.reason) {
                writeln!(out, "{:13}{}, {}", "Revoked:", printable(at), printable(reason))?;
            }
            write!(out, "{}", found.pem)
        }
    }
}

/// Print a page; where the next one begins is said only in JSON.
///
/// # Errors
/// When it cannot be written.
pub fn page(page: &CertificatePage, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        // What a page is looked at for does not need the certificates themselves, which are long.
        Format::Json => {
            let certificates = page.certificates.iter().map(without_pem).collect();
            pretty(&CertificatePage { certificates, next: page.next.clone() }, out)
        }
        Format::Csv | Format::Pem => part(page, (format, true), out),
        Format::Text => rows(page, out),
    }
}

/// Print a part of an export; the first has what only stands once. JSON is one object a line.
///
/// # Errors
/// When it cannot be written.
pub fn part(page: &CertificatePage, (format, first): (Format, bool), out: &mut dyn Write) -> io::Result<()> {
    let mut all = page.certificates.iter();
    match format {
        Format::Csv => csv(&page.certificates, first, out),
        Format::Json => all.try_for_each(|found| {
            serde_json::to_writer(&mut *out, &without_pem(found))?;
            writeln!(out)
        }),
        Format::Pem => all.try_for_each(|found| write!(out, "{}", found.pem)),
        Format::Text => rows(page, out),
    }
}

fn without_pem(found: &ListedCertificate) -> ListedCertificate {
    ListedCertificate { pem: String::new(), ..found.clone() }
}

fn pretty(value: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

fn rows(page: &CertificatePage, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = vec![["SERIAL", "NAME", "PROVISIONER", "STATE", "ENDS"].map(str::to_owned)];
    for found in &page.certificates {
        let cells = [&found.serial, &found.name, &found.provisioner, &found.state, &found.not_after];
        rows.push(cells.map(|cell| printable(cell).into_owned()));
    }
    write!(out, "{}", table(&rows))
}

fn csv(all: &[ListedCertificate], heads: bool, out: &mut dyn Write) -> io::Result<()> {
    if heads {
        let heads =
            "serial,subject,names,provisioner,provisionerType,state,notBefore,notAfter,revokedAt,reason,fingerprint";
        write!(out, "{heads}\r\n")?;
    }
    for found in all {
        let cells = [
            found.serial.as_str(),
            &found.subject,
            &found.names.join(" "),
            &found.provisioner,
            &found.provisioner_type,
            &found.state,
            &found.not_before,
            &found.not_after,
            found.revoked_at.as_deref().unwrap_or_default(),
            found.reason.as_deref().unwrap_or_default(),
            &found.fingerprint,
        ];
        write!(out, "{}\r\n", cells.map(cell).join(","))?;
    }
    Ok(())
}

/// A cell as RFC 4180 wants it. Spreadsheets compute what begins like a formula, and people who ask for certificates
/// choose names, so that such a cell begins with an apostrophe.
fn cell(text: &str) -> String {
    let text = printable(text);
    let guarded = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.into_owned() };
    if guarded.contains([',', '"']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::{Format, cell, one, page, part};
    use crate::body::{CertificatePage, ListedCertificate};

    fn found() -> ListedCertificate {
        ListedCertificate {
            serial: "17".to_owned(),
            subject: "CN=a\u{1b}[2J".to_owned(),
            name: "a\u{1b}[2J".to_owned(),
            names: vec!["a.test".to_owned(), "b.test".to_owned()],
            provisioner: "=cmd()".to_owned(),
            provisioner_type: "JWK".to_owned(),
            state: "valid".to_owned(),
            not_before: "2026-01-01T00:00:00Z".to_owned(),
            not_after: "2026-01-02T00:00:00Z".to_owned(),
            revoked_at: None,
            reason: None,
            fingerprint: "00ff".to_owned(),
            pem: "-----BEGIN CERTIFICATE-----\n".to_owned(),
        }
    }

    #[track_caller]
    fn check(print: impl Fn(&mut Vec<u8>) -> std::io::Result<()>, expected: &str) {
        let mut out = Vec::new();
        print(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn l4_names_do_nothing_to_terminals_and_spreadsheets() {
        let shown = "SERIAL  NAME           PROVISIONER  STATE  ENDS\n\
                     17      a\\u{1b}[2J     =cmd()       valid  2026-01-02T00:00:00Z\n";
        let shown = shown.replace("a\\u{1b}[2J     ", "a\\u{1b}[2J  ").replace("NAME           ", "NAME        ");
        let some = CertificatePage { certificates: vec![found()], next: None };
        check(|out| page(&some, Format::Text, out), &shown);
        let row =
            "17,CN=a\\u{1b}[2J,a.test b.test,'=cmd(),JWK,valid,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,,,00ff\r\n";
        check(|out| part(&some, (Format::Csv, false), out), row);
        check(|out| part(&some, (Format::Pem, true), out), "-----BEGIN CERTIFICATE-----\n");
        check(|out| one(&found(), Format::Pem, out), "-----BEGIN CERTIFICATE-----\n");
        assert_eq!(cell("=cmd()"), "'=cmd()");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("svc.test"), "svc.test");
    }
}
