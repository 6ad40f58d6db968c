//! `crypto jws inspect`

use rung_pki::jose::base64url;

use super::{input, show};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "inspect",
    summary: "print signed content without verifying it",
    description: "Reads a JWS from standard input and prints its content, whoever made it. That is no way to find out \
        whether it can be trusted, so --insecure has to be there.",
    arguments: &[],
    flags: &[&[
        Flag::switch(&["json"], "Print header, content (base64url) and signature as JSON."),
        Flag::switch(&["insecure"], "Required: nothing is verified."),
    ]],
    examples: &[Example {
        purpose: "Look at the header of a JWS:",
        lines: &["crypto jws inspect --insecure --json < report.jws"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    if !call.switch("insecure")? {
        return Err(Usage::new(format!("'{}' requires the '--insecure' flag", call.full_name())).into());
    }
    let object = input::signed()?;
    let signature = show::only_signature(&object)?;
    if call.switch("json")? {
        return show::print_parts(signature, &format!("\"{}\"", base64url(object.unverified_payload())));
    }
    print(object.unverified_payload())
}
