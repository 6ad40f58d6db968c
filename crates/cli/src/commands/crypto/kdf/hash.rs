//! `crypto kdf hash`

use super::phc::Scheme;
use super::{password, without_line_break};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "hash",
    summary: "hash a password",
    description: "Prints the hash of a password, with a fresh salt. The password comes from standard input, without the \
        line break at its end, or you are asked for it.",
    arguments: &[Argument {
        name: "<input>",
        count: Count::Optional,
        help: "The password; others on this machine can see it, so this needs --insecure.",
    }],
    flags: &[&[
        Flag::value(&["alg"], "<algorithm>", "scrypt (the default), bcrypt, argon2i or argon2id."),
        Flag::switch(&["insecure"], "Allow the password on the command line."),
    ]],
    examples: &[
        Example { purpose: "Hash a password that you are asked for:", lines: &["crypto kdf hash"] },
        Example { purpose: "Hash the password in a file:", lines: &["crypto kdf hash --alg argon2id < password.txt"] },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let name = call.text("alg")?.unwrap_or_else(|| "scrypt".to_owned());
    let scheme = Scheme::usual(&name).ok_or_else(|| Usage::new(format!("invalid value '{name}' for flag '--alg'")))?;
    let password = password(call, 0, "Please enter the password to hash")?;
    print((scheme.hash(without_line_break(&password))? + "\n").as_bytes())
}
