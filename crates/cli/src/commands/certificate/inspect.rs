//! `certificate inspect`

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{open, short, text};
use crate::peer;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "inspect",
    summary: "show what a certificate or request says",
    description: "Shows a certificate or a certificate signing request (CSR), PEM or DER. Of a file with several \
        certificates it shows the first, or all with --bundle. Nothing is verified; see 'certificate verify'. \
        Characters that could fool a terminal are written out.",
    arguments: &[Argument {
        name: "<crt-file>",
        count: Count::Optional,
        help: "The file, or the URL of a server: https://, tls://, tcp://, smtps:// or ldaps://. Standard input without \
            it or with '-'.",
    }],
    flags: &[
        &[
            Flag::value(&["format"], "<format>", "text (the default), or pem for the bare PEM blocks."),
            Flag::switch(&["short"], "A few lines instead of everything."),
            Flag::switch(&["bundle"], "Show all certificates of the file."),
        ],
        peer::FLAGS,
    ],
    examples: &[
        Example { purpose: "Show everything:", lines: &["certificate inspect svc.crt"] },
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
        "pem" => {}
        "json" => return Err(Usage::new("the format json is not supported by this version; use text or pem").into()),
        _ => {
            let problem = format!("invalid value '{format}' for flag '--format'; options are text, pem");
            return Err(Usage::new(problem).into());
        }
    }
    let mut documents = open(call)?;
    if !call.switch("bundle")? {
        documents.truncate(1);
    }
    let shown: String = documents
        .iter()
        .map(|document| match format.as_str() {
            "pem" => document.to_pem(),
            _ if is_short => short(document),
            _ => text(document),
        })
        .collect();
    print(shown.as_bytes())
}
