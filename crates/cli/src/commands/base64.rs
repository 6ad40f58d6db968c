//! `base64`

use anyhow::{Context as _, bail};
use base64::Engine as _;
use zeroize::Zeroizing;

use crate::base64_text::{self, engine};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::input;
use crate::ui::{Question, print};

pub(crate) static COMMAND: Command = Command {
    name: "base64",
    summary: "encode and decode base64",
    description: "Encodes a text, or standard input, in base64 (RFC 4648), or decodes it with --decode. Words are joined by \
        one space. Without --raw and --url, what is decoded may be of any of the four kinds. A text from 'echo' ends \
        with a line break, which is encoded, too.",
    arguments: &[Argument { name: "<text>", count: Count::Any, help: "The text; standard input without it." }],
    flags: &[&[
        Flag::switch(&["decode", "d"], "Decode."),
        Flag::switch(&["raw", "r"], "Without '=' at the end."),
        Flag::switch(&["url", "u"], "With '-' and '_' instead of '+' and '/', as in URLs and tokens."),
    ]],
    examples: &[
        Example { purpose: "Encode a text:", lines: &["base64 hello world"] },
        Example { purpose: "Decode:", lines: &["base64 -d aGVsbG8gd29ybGQ="] },
        Example { purpose: "Encode a file:", lines: &["base64 < svc.crt"] },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let (is_raw, is_url) = (call.switch("raw")?, call.switch("url")?);
    let decodes = call.switch("decode")?;
    let text = text(call, decodes)?;
    if !decodes {
        let engine = engine(is_raw, is_url);
        return print((engine.encode(&text) + "\n").as_bytes());
    }
    let is_padded = text.trim_ascii_end().ends_with(b"=");
    let engine = match (is_raw, is_url) {
        (false, false) => engine(!is_padded, text.iter().any(|octet| matches!(octet, b'-' | b'_'))),
        // The end tells, whatever the alphabet.
        (false, true) => engine(!is_padded, true),
        (true, is_url) => engine(true, is_url),
    };
    print(&base64_text::decode(&engine, &text).context("error decoding input")?)
}

fn text(call: &Call, decodes: bool) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    if !call.arguments().is_empty() {
        return Ok(Zeroizing::new(call.arguments().join(" ").into_bytes()));
    }
    if let Some(text) = input::piped("the text")? {
        return Ok(text);
    }
    let label = if decodes { "Please enter text to decode" } else { "Please enter text to encode" };
    let remedy = "write it behind the command, or into its standard input";
    let question = Question { what: "the text", remedy, heading: "", label };
    let answer = call.ui.ask_text(&question, |_| Ok(()))?;
    if answer.is_empty() {
        bail!("there is nothing to work on");
    }
    Ok(Zeroizing::new(answer.into_bytes()))
}
