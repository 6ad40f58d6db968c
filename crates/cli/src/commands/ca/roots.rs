//! `ca roots`

use std::path::Path;

use rung_pki::Certificate;
use rustls_pki_types::CertificateDer;

use crate::ca::connection::{self, Connection};
use crate::ca::issue::to_pem;
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "roots",
    summary: "fetch all root certificates of the CA",
    description: "Fetches all root certificates that the CA's own certificates may lead to, one after the other in PEM. \
        During the change from one root to the next there are two.",
    arguments: FILE,
    flags: &[connection::FLAGS, FORCE],
    examples: &[Example { purpose: "Write the roots to a file:", lines: &["ca roots roots.pem"] }],
    scope: Scope::Within,
    run,
};

/// Where a bundle goes.
pub(super) static FILE: &[Argument] = &[Argument {
    name: "<file>",
    count: Count::Optional,
    help: "Where to write the certificates; standard output without it.",
}];

/// `--force` of commands with one output.
pub(super) static FORCE: &[Flag] = &[Flag::switch(&["force", "f"], "Overwrite the file without asking.")];

fn run(call: &Call) -> anyhow::Result<()> {
    bundle(call, "root certificate bundle", |connection| Ok(connection.client.roots()?))
}

/// Fetch certificates and print or save them.
pub(super) fn bundle(
    call: &Call,
    what: &str,
    fetch: impl FnOnce(&Connection) -> anyhow::Result<Vec<CertificateDer<'static>>>,
) -> anyhow::Result<()> {
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let connection = Connection::open(call)?;
    let target = call.argument(0).map(|file| Target::claim(Path::new(file), existing)).transpose()?;
    let found = fetch(&connection)?;
    let found = found.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
    match target {
        Some(target) => save(call, target, to_pem(&found), what),
        None => print(to_pem(&found).as_bytes()),
    }
}

/// Write one file and say so.
pub(super) fn save(call: &Call, target: Target, pem: String, what: &str) -> anyhow::Result<()> {
    let name = target.path().to_string_lossy().into_owned();
    let mut commit = Commit::default();
    commit.put(target, Mode::Private, pem);
    commit.write()?;
    call.ui.line(&format!("The {what} has been saved in {}.", shown(&name)));
    Ok(())
}
