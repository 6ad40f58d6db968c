//! `ca federation`

use super::roots::{FILE, FORCE, bundle};
use crate::ca::connection;
use crate::call::Call;
use crate::grammar::{Command, Example, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "federation",
    summary: "fetch the root certificates of the CA and its partners",
    description: "Fetches the root certificates of the CA together with those of the authorities that it is federated \
        with, one after the other in PEM.",
    arguments: FILE,
    flags: &[connection::FLAGS, FORCE],
    examples: &[Example { purpose: "Write them to a file:", lines: &["ca federation federation.pem"] }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    bundle(call, "federation certificate bundle", |connection| Ok(connection.client.federation()?))
}
