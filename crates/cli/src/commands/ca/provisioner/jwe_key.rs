//! `ca provisioner jwe-key`

use crate::ca::connection::{self, Connection};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Scope};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "jwe-key",
    summary: "print the encrypted key of a provisioner",
    description: "Prints the private key of a provisioner of type JWK as the CA keeps it: encrypted with its password, \
        a compact JWE.",
    arguments: &[Argument { name: "<kid>", count: Count::One, help: "Id of the key; 'ca provisioner list' shows it." }],
    flags: &[connection::FLAGS],
    examples: &[Example {
        purpose: "Print a key:",
        lines: &["ca provisioner jwe-key 4UELJx8e0aS9m0CH3fZ0EB7D5aUPICb759zALHFejvc"],
    }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let key = Connection::open(call)?.client.encrypted_key(call.argument(0).unwrap_or_default())?;
    print(format!("{}\n", shown(&key)).as_bytes())
}
