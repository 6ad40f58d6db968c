//! `crypto jwt inspect`

use anyhow::anyhow;

use crate::call::Call;
use crate::commands::crypto::jws::{input, show};
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::keys::json::why_not_an_object;

pub(crate) static COMMAND: Command = Command {
    name: "inspect",
    summary: "print a token without verifying it",
    description: "Reads a token from standard input and prints its header, claims and signature as JSON, whoever made \
        it. That is no way to find out whether it can be trusted, so --insecure has to be there.",
    arguments: &[],
    flags: &[&[Flag::switch(&["insecure"], "Required: nothing is verified.")]],
    examples: &[Example { purpose: "Look into a token:", lines: &["crypto jwt inspect --insecure < token.txt"] }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    if !call.switch("insecure")? {
        return Err(Usage::new(format!("'{}' requires the '--insecure' flag", call.full_name())).into());
    }
    let object = input::token()?;
    let signature = show::only_signature(&object)?;
    let payload = object.unverified_payload();
    let text =
        std::str::from_utf8(payload).ok().filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    let text = text.ok_or_else(|| anyhow!("error parsing token: its payload: {}", why_not_an_object(payload)))?;
    show::print_parts(signature, text)
}
