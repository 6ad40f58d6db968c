//! `crypto jwk public`

use anyhow::bail;

use super::from_input;
use crate::call::Call;
use crate::grammar::{Command, Example, Scope};
use crate::keys::json::pretty;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "public",
    summary: "print the public half of a JWK",
    description: "Reads a JWK from standard input, encrypted or not, and prints its public half, which may be shown to \
        everybody. A shared secret (oct) has no public half and is refused.",
    arguments: &[],
    flags: &[std::slice::from_ref(&from_input::PASSWORD)],
    examples: &[Example { purpose: "Print the public half of a key:", lines: &["crypto jwk public < jwk.json"] }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let Some(public) = from_input::read(call)?.public() else {
        bail!("a shared secret (oct) has no public half; whoever verifies with it needs the secret itself");
    };
    print(format!("{}\n", pretty(&public.to_json())).as_bytes())
}
