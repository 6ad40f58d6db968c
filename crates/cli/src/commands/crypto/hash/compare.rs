//! `crypto hash compare`

use anyhow::anyhow;

use super::{FLAGS, function, tree};
use crate::call::Call;
use crate::failure::Ended;
use crate::grammar::{Argument, Command, Count, Example, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "compare",
    summary: "compare the hash of a file or folder with what it should be",
    description: "Prints 'ok' and exits with 0 if the hash of the file or folder is the one given; else it prints 'fail' \
        to standard error and exits with 1.",
    arguments: &[
        Argument { name: "<hash>", count: Count::One, help: "The hash, in hexadecimal digits." },
        Argument { name: "<file-or-directory>", count: Count::One, help: "What to hash." },
    ],
    flags: &[FLAGS],
    examples: &[Example {
        purpose: "Make sure that a download is what it should be:",
        lines: &[
            "crypto hash compare \\",
            "    5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 report.pdf",
        ],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let hash = function(call)?;
    let [expected, path] = [0, 1].map(|place| call.argument(place).unwrap_or_default());
    let octets = octets(expected)?;
    if tree::digest(hash, path.as_ref())? == octets { print(b"ok\n") } else { Err(Ended::with(1, "fail").into()) }
}

/// The octets of hexadecimal digits, with the words that Go has for what is none.
fn octets(text: &str) -> anyhow::Result<Vec<u8>> {
    if let Some(other) = text.chars().find(|letter| !letter.is_ascii_hexdigit()) {
        return Err(anyhow!("error decoding {text}: : U+{:04X} '{other}'", u32::from(other)));
    }
    if !text.len().is_multiple_of(2) {
        return Err(anyhow!("error decoding {text}: : odd length hex string"));
    }
    let pair = |place| u8::from_str_radix(&text[place..place + 2], 16).map_err(|error| anyhow!(error));
    (0..text.len()).step_by(2).map(pair).collect()
}
