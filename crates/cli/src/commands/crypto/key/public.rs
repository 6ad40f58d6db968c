//! `crypto key public`

use std::path::Path;

use rung_pki::keyfile::Extent;
use rung_pki::pem;

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::keys::file;
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "public",
    summary: "print the public half of a key",
    description: "Prints the public key of a private key, public key, certificate or certificate request as PEM, of the \
        first one when the file has several.",
    arguments: &[Argument {
        name: "<key-file>",
        count: Count::Optional,
        help: "The file; standard input without it or with '-'.",
    }],
    flags: &[&[
        Flag::value(&["out", "output-file"], "<file>", "Write to this <file> instead of standard output."),
        Flag::value(&["password-file"], "<file>", "File with the password of the key, if it is encrypted."),
        Flag::switch(&["force", "f"], "Overwrite the file of --out without asking."),
    ]],
    examples: &[
        Example { purpose: "Print the public key of a private one:", lines: &["crypto key public svc.key"] },
        Example {
            purpose: "Write the public key of a certificate into a file:",
            lines: &["crypto key public svc.crt --out svc.pub"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let key = file::read(call, call.argument(0).unwrap_or("-"), Extent::First)?;
    let text = pem::encode("PUBLIC KEY", key.spki());
    let Some(out) = call.text("out")? else { return print(text.as_bytes()) };
    let target = Target::claim(Path::new(&out), Existing::forced(call.switch("force")?, &call.ui))?;
    let mut commit = Commit::default();
    commit.put(target, Mode::Private, text.into_bytes());
    commit.write()?;
    call.ui.line(&format!("The public key has been saved in {}.", shown(&out)));
    Ok(())
}
