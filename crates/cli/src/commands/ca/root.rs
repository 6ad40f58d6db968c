//! `ca root`

use std::path::Path;

use anyhow::Context as _;
use rung_api::client::Client;
use rung_pki::Certificate;

use super::roots::save;
use crate::ca::connection::{CA_URL_HELP, CONTEXT_HELP, ca_url, fingerprint};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Existing, Target};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "root",
    summary: "fetch the root certificate of a CA by its fingerprint",
    description: "Fetches the root certificate with a certain fingerprint and checks that it is the one. The connection \
        itself need not be trusted for that, so this works on a machine that does not know the CA yet.",
    arguments: &[Argument {
        name: "<file>",
        count: Count::Optional,
        help: "Where to write the certificate; standard output without it.",
    }],
    flags: &[&[
        Flag::value(&["ca-url"], "<url>", CA_URL_HELP),
        Flag::value(&["fingerprint"], "<fingerprint>", "SHA-256 of the root certificate, hexadecimal."),
        Flag::switch(&["force", "f"], "Overwrite the file without asking."),
        Flag::value(&["context"], "<name>", CONTEXT_HELP),
    ]],
    examples: &[Example {
        purpose: "Fetch the root certificate of a CA:",
        lines: &[
            "ca root root_ca.crt --ca-url https://ca.example.com:9000 \\",
            "    --fingerprint 702a094e239c9eec6f0dcd0a5f65e595bf7ed6614012825c5fe3d1ae1b2fd6ee",
        ],
    }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let fingerprint = fingerprint(&call.required("fingerprint")?)?;
    let url = ca_url(&call.required("ca-url")?)?;
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let target = call.argument(0).map(|file| Target::claim(Path::new(file), existing)).transpose()?;
    let (_, root) = Client::bootstrap(&url, &fingerprint).context("could not download the root certificate")?;
    let root = Certificate::from_der(&root).context("the root certificate of the CA cannot be used")?;
    match target {
        Some(target) => save(call, target, root.to_pem(), "root certificate"),
        None => print(root.to_pem().as_bytes()),
    }
}
