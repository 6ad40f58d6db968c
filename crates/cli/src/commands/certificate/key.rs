//! `certificate key`

use std::path::Path;

use anyhow::{Context as _, bail};
use rung_pki::pem;

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Document, read};
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "key",
    summary: "print the public key of a certificate",
    description: "Prints the public key of a certificate or certificate signing request as PEM, the first one when the \
        file has several. Private keys are refused: see 'crypto key'.",
    arguments: &[Argument { name: "<crt-file>", count: Count::One, help: "The file; '-' is standard input." }],
    flags: &[&[
        Flag::value(&["out", "output-file"], "<file>", "Write to this <file> instead of standard output."),
        Flag::switch(&["force", "f"], "Overwrite the file of --out without asking."),
    ]],
    examples: &[Example { purpose: "See which key a certificate is for:", lines: &["certificate key svc.crt"] }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let file = call.argument(0).unwrap_or_default();
    let documents = read(file).context("error decoding PEM")?;
    let info = match documents.first() {
        Some(Document::Certificate(certificate)) => certificate.public_key_info().to_vec(),
        Some(Document::Request(request)) => request.public_key_info().to_vec(),
        None => bail!("error decoding PEM: not a valid PEM encoded block"),
    };
    let key = pem::encode("PUBLIC KEY", &info);
    let Some(out) = call.text("out")? else { return print(key.as_bytes()) };
    let target = Target::claim(Path::new(&out), Existing::forced(call.switch("force")?, &call.ui))?;
    let mut commit = Commit::default();
    commit.put(target, Mode::Private, key.as_bytes());
    commit.write()?;
    call.ui.line(&format!("The public key has been saved in {}.", shown(&out)));
    Ok(())
}
