//! `crypto jose format`

use anyhow::{anyhow, bail};
use rung_pki::jose::jwe::EncryptedObject;
use rung_pki::jose::signed::SignedObject;

use crate::call::Call;
use crate::grammar::{Command, Example, Scope};
use crate::input;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "format",
    summary: "turn compact text into JSON and back",
    description: "Reads a JWS or JWE from standard input, a line of text or JSON, and prints it the other way. Nothing \
        is verified or decrypted. What several have signed, or is for several, has no form on one line.",
    arguments: &[],
    flags: &[],
    examples: &[Example {
        purpose: "Write a JWE, which is JSON, on one line:",
        lines: &["crypto jose format < message.jwe"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(_call: &Call) -> anyhow::Result<()> {
    let text = input::read("the text to format", "-")?;
    let text = std::str::from_utf8(&text).map_err(|_| anyhow!("error parsing data: it is not a text"))?.trim();
    let is_json = text.starts_with('{');
    let is_encrypted = match is_json {
        true => serde_json::from_str::<serde_json::Value>(text).is_ok_and(|json| json.get("ciphertext").is_some()),
        false => text.split('.').count() == 5,
    };
    let other = if is_encrypted {
        let object = EncryptedObject::parse(text).map_err(|error| anyhow!("error parsing data: {error}"))?;
        if is_json { object.to_compact() } else { object.to_flattened() }
    } else {
        let object = SignedObject::parse(text).map_err(|error| anyhow!("error parsing data: {error}"))?;
        if is_json { object.to_compact() } else { object.to_flattened() }
    };
    match other {
        Some(other) => print(format!("{other}\n").as_bytes()),
        None => bail!("it has several signatures or recipients, or an unprotected header, so it has no compact form"),
    }
}
