//! `crypto jwk thumbprint`

use anyhow::bail;

use super::from_input;
use crate::call::Call;
use crate::grammar::{Command, Example, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "thumbprint",
    summary: "print the thumbprint of a JWK",
    description: "Reads a JWK from standard input, encrypted or not, and prints its thumbprint (RFC 7638, SHA-256, \
        base64url): the same for both halves of a key whatever else the JWK says. It is the usual id of a key.",
    arguments: &[],
    flags: &[std::slice::from_ref(&from_input::PASSWORD)],
    examples: &[Example {
        purpose: "Print the thumbprint of a key:",
        lines: &["crypto jwk thumbprint < jwk.pub.json"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let Some(thumbprint) = from_input::read(call)?.thumbprint() else {
        bail!("error generating JWK thumbprint: the thumbprint of a shared secret (oct) would help to guess it");
    };
    print(format!("{thumbprint}\n").as_bytes())
}
