//! `crypto hash digest`

use rung_pki::hex;

use super::{FLAGS, function, tree};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "digest",
    summary: "print the hash of files and folders",
    description: "Prints the hash of each file or folder and its name. The hash of a folder covers the contents and \
        permissions of everything in it, in the order of the names, but not the names.",
    arguments: &[
        Argument { name: "<file-or-directory>", count: Count::One, help: "What to hash." },
        Argument { name: "<file-or-directory>", count: Count::Any, help: "More of it." },
    ],
    flags: &[FLAGS],
    examples: &[
        Example { purpose: "Print the SHA-256 of a file:", lines: &["crypto hash digest report.pdf"] },
        Example {
            purpose: "Print the SHA-512 of a file and a folder:",
            lines: &["crypto hash digest --alg sha512 report.pdf public"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let hash = function(call)?;
    if call.arguments().is_empty() {
        return Err(Usage::new("there is nothing to hash; name a file or folder").into());
    }
    for path in call.arguments() {
        let line = format!("{}  {path}\n", hex(&tree::digest(hash, path.as_ref())?));
        print(line.as_bytes())?;
    }
    Ok(())
}
