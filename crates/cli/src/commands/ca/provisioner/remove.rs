//! `ca provisioner remove`

use rung_spec::edit;

use super::config::{self, ConfigFile};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "remove",
    summary: "remove a provisioner from the configuration of the CA",
    description: "Removes a provisioner from ca.json; nothing else in the file changes. Certificates that it gave out \
        stay valid until they expire. Send SIGHUP to the CA afterwards.",
    arguments: &[Argument { name: "<name>", count: Count::One, help: "Name of the provisioner." }],
    flags: &[config::FLAGS],
    examples: &[Example { purpose: "Remove a provisioner:", lines: &["ca provisioner remove deploy"] }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let file = ConfigFile::open(call)?;
    let changed = edit::remove_provisioner(&file.text, &file.path, call.argument(0).unwrap_or_default());
    file.save(call, changed)
}
