//! `crypto winpe …`

use anyhow::bail;

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Group, Node, Scope};
use crate::ui::print;
use crate::{input, pe};

pub(crate) static GROUP: Group = Group {
    name: "winpe",
    summary: "look into signed programs for Windows",
    description: "Looks into the signatures (Authenticode) of programs and libraries for Windows.",
    examples: &[Example {
        purpose: "Print the certificates that a program is signed with:",
        lines: &["crypto winpe extract setup.exe"],
    }],
    children: &[Node::Command(&EXTRACT)],
};

static EXTRACT: Command = Command {
    name: "extract",
    summary: "print the certificates that a program is signed with",
    description: "Prints the certificates in the signature of a program or library for Windows as PEM. Neither the \
        signature nor the certificates are verified.",
    arguments: &[Argument { name: "<file>", count: Count::One, help: "The program or library." }],
    flags: &[],
    examples: &[Example {
        purpose: "Look at the certificate of a program:",
        lines: &["crypto winpe extract setup.exe | rung certificate inspect"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let certificates = pe::certificates(&input::read("the program", call.argument(0).unwrap_or_default())?)?;
    if certificates.is_empty() {
        bail!("the signature holds no certificates");
    }
    let text: String = certificates.iter().map(|certificate| certificate.to_pem()).collect();
    print(text.as_bytes())
}
