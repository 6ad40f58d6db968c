//! `certificate format`

use std::path::Path;

use anyhow::bail;

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::input;
use crate::inspect::parse;
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "format",
    summary: "turn a certificate from PEM into DER, and from DER into PEM",
    description: "Writes a certificate or certificate signing request in the other of its two forms, the first one when \
        the file has several.",
    arguments: &[Argument {
        name: "<crt-file>",
        count: Count::Optional,
        help: "The file; standard input without it or with '-'.",
    }],
    flags: &[&[
        Flag::value(&["out", "output-file"], "<file>", "Write to this <file> instead of standard output."),
        Flag::switch(&["force", "f"], "Overwrite the file of --out without asking."),
    ]],
    examples: &[
        Example { purpose: "Make a DER file of a PEM file:", lines: &["certificate format svc.crt --out svc.der"] },
        Example {
            purpose: "See a certificate in PEM that came in PEM: there and back",
            lines: &["certificate format svc.crt | rung certificate format"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let file = call.argument(0).unwrap_or("-");
    let contents = input::read("the certificate", file)?;
    let is_pem = contents.windows(BEGIN.len()).any(|window| window == BEGIN);
    let Some(document) = parse(&contents)?.into_iter().next() else {
        match is_pem {
            true => bail!(
                "error decoding certificate: invalid PEM block: {} holds no certificate and no request",
                input::name(file)
            ),
            false => bail!("error parsing DER format certificate or certificate request"),
        }
    };
    let other = if is_pem { document.der().to_vec() } else { document.to_pem().into_bytes() };
    let Some(out) = call.text("out")? else { return print(&other) };
    let target = Target::claim(Path::new(&out), Existing::forced(call.switch("force")?, &call.ui))?;
    let mut commit = Commit::default();
    commit.put(target, Mode::Readable, other);
    commit.write()?;
    call.ui.line(&format!("Your certificate has been saved in {}", shown(&out)));
    Ok(())
}

const BEGIN: &[u8] = b"-----BEGIN ";
