//! What is signed, and what was signed.

use std::io::IsTerminal;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use anyhow::{anyhow, bail};
use rung_pki::jose::signed::{SignedObject, SyntaxError};
use zeroize::Zeroizing;

use crate::input;
use crate::keys::json::why_not_an_object;

/// The content to sign: a file, standard input for `-` or nothing; `None` when nothing was given and standard input is
/// a terminal, `/dev/null` or an empty file.
pub(crate) fn content(file: Option<&str>) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    match file {
        Some(file) => input::read("the content to sign", file).map(Some),
        None if nothing_is_given() => Ok(None),
        None => input::read("the content to sign", "-").map(Some),
    }
}

/// Read a JWS from standard input: a line, or JSON on several.
pub(crate) fn signed() -> anyhow::Result<SignedObject> {
    let text = text()?;
    let text = if text.trim_start().starts_with('{') { text.as_str() } else { first_line(&text) };
    SignedObject::parse(text).map_err(|error| explained(error, text))
}

/// Read a JWT from standard input: the first line, in compact serialisation.
pub(crate) fn token() -> anyhow::Result<SignedObject> {
    let text = text()?;
    let line = first_line(&text);
    if line.starts_with('{') {
        // RFC 7519 §3: a JWT is always compact.
        if serde_json::from_str::<serde::de::IgnoredAny>(line).is_err() {
            bail!("error parsing token: {}", why_not_an_object(line.as_bytes()));
        }
        bail!("error parsing token: it is a JWS in JSON serialisation, and a JWT is always compact");
    }
    SignedObject::parse(line).map_err(|error| explained(error, line))
}

fn text() -> anyhow::Result<String> {
    let octets = input::read("the signed text", "-")?;
    String::from_utf8(octets.to_vec()).map_err(|_| anyhow!("error parsing token: it is not a text"))
}

fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default().trim()
}

fn explained(error: SyntaxError, text: &str) -> anyhow::Error {
    match error {
        // A signature that was cut or changed can have a spelling that nobody writes.
        SyntaxError::Base64("signature") if is_alphabet(text.rsplit('.').next().unwrap_or_default()) => {
            anyhow!("validation failed: invalid signature")
        }
        SyntaxError::Base64(part) => {
            let place =
                text.split('.').flat_map(|part| part.bytes().enumerate()).find(|(_, octet)| !in_alphabet(*octet));
            anyhow!("error parsing token: illegal base64 data at input byte {} ({part})", place.map_or(0, |(at, _)| at))
        }
        SyntaxError::Json { problem: rung_pki::jose::JsonError::DuplicateName(name), part, .. } => {
            anyhow!("error parsing token: the {part} has the member {name:?} twice")
        }
        SyntaxError::Json { problem: rung_pki::jose::JsonError::TooDeep, .. } => {
            anyhow!("error parsing token: {error}")
        }
        SyntaxError::Json { text, .. } => anyhow!("error parsing token: {}", why_not_an_object(&text)),
        other => anyhow!("error parsing token: {other}"),
    }
}

fn is_alphabet(text: &str) -> bool {
    text.bytes().all(in_alphabet)
}

fn in_alphabet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')
}

fn nothing_is_given() -> bool {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return true;
    }
    let Ok(found) = std::fs::metadata("/dev/stdin") else { return true };
    let kind = found.file_type();
    // `/dev/null`, or a file without anything in it.
    kind.is_char_device() || kind.is_file() && found.size() == 0
}
