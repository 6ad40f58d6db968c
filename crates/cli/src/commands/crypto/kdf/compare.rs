//! `crypto kdf compare`

use super::phc::Expected;
use super::{password, without_line_break};
use crate::call::Call;
use crate::failure::Ended;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "compare",
    summary: "compare a password with a hash",
    description: "Prints 'ok' and exits with 0 if the hash is one of the password; else it prints 'fail' to standard error \
        and exits with 1. The password comes from standard input, with or without a line break at its end, or you are \
        asked for it. Hashes that would take minutes or all memory are refused.",
    arguments: &[
        Argument { name: "<phc-hash>", count: Count::One, help: "The hash, as 'crypto kdf hash' prints it." },
        Argument {
            name: "<input>",
            count: Count::Optional,
            help: "The password; others on this machine can see it, so this needs --insecure.",
        },
    ],
    flags: &[&[Flag::switch(&["insecure"], "Allow the password on the command line.")]],
    examples: &[Example {
        purpose: "Compare the password in a file with a hash:",
        lines: &[
            "crypto kdf compare < password.txt \\",
            "    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'",
        ],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let expected = Expected::parse(call.argument(0).unwrap_or_default())?;
    let password = password(call, 1, "Please enter the password to compare")?;
    let without = without_line_break(&password);
    // 'echo secret | step crypto kdf hash' hashed the line break, too.
    if expected.is_of(without)? || without.len() < password.len() && expected.is_of(&password)? {
        return print(b"ok\n");
    }
    Err(Ended::with(1, "fail").into())
}
