//! `certificate inspect`

use std::io::{self, IsTerminal};

use crate::call::Call;
use crate::clock;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Document, Issuers, Json, json, open, short, text};
use crate::peer;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "inspect",
    summary: "show what a certificate or request says",
    description: "Shows a certificate or a certificate signing request (CSR), PEM or DER. Of a file with several \
        certificates it shows the first, or all with --bundle. Of a server it shows what it proves itself with. Files are \
        not verified; see 'certificate verify'. Characters that could fool a terminal are written out.\n\n\
        In JSON, signature.valid is there when it can be told: when the certificate signed itself, or its issuer's \
        certificate is in the same file. On a terminal, dates are followed by how far away they are.",
    arguments: &[Argument {
        name: "<crt-file>",
        count: Count::Optional,
        help: "The file, or the URL of a server: https://, tls://, tcp://, smtps:// or ldaps://. Standard input without \
            it or with '-'.",
    }],
    flags: &[
        &[
            Flag::value(&["format"], "<format>", "text (the default), json, or pem for the bare PEM blocks."),
            Flag::switch(&["short"], "A few lines instead of everything."),
            Flag::switch(&["bundle"], "Show all certificates of the file."),
        ],
        peer::FLAGS,
    ],
    examples: &[
        Example { purpose: "Show everything:", lines: &["certificate inspect svc.crt"] },
        Example {
            purpose: "Show what a server proves itself with, whether or not it is trusted:",
            lines: &["certificate inspect https://svc.example.com --insecure --bundle --short"],
        },
        Example {
            purpose: "Print the serial number alone:",
            lines: &["certificate inspect svc.crt --format json | jq -r .serial_number"],
        },
        Example { purpose: "Show a chain in short:", lines: &["certificate inspect svc.crt --bundle --short"] },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let format = call.text("format")?.unwrap_or_else(|| "text".to_owned());
    let is_short = call.switch("short")?;
    match format.as_str() {
        "text" => {}
        "pem" | "json" if is_short => {
            return Err(Usage::new(format!("flag '--short' is incompatible with '--format {format}'")).into());
        }
        "json" | "pem" => {}
        _ => {
            let problem = format!("invalid value '{format}' for flag '--format'; options are text, json, pem");
            return Err(Usage::new(problem).into());
        }
    }
    let documents = open(call)?;
    let count = if call.switch("bundle")? { documents.len() } else { 1 };
    let asked_for = &documents[..count];
    // Scripts read what they always read.
    let now = io::stdout().is_terminal().then(clock::now);
    print(
        match format.as_str() {
            "json" => as_json(asked_for, &documents).into_bytes(),
            "pem" => concatenated(asked_for, Document::to_pem),
            _ if is_short => concatenated(asked_for, |document| short(document, now)),
            _ => concatenated(asked_for, |document| text(document, now)),
        }
        .as_slice(),
    )
}

fn concatenated(documents: &[Document], shown: impl Fn(&Document) -> String) -> Vec<u8> {
    documents.iter().map(shown).collect::<String>().into_bytes()
}

/// One object, or a list of several. The other certificates of the file may show that signatures are valid.
fn as_json(asked_for: &[Document], all: &[Document]) -> String {
    let issuers = Issuers::among(all);
    match asked_for {
        [one] => json(one, &issuers).pretty(),
        several => Json::List(several.iter().map(|one| json(one, &issuers)).collect()).pretty(),
    }
}
