//! `agent remove`

use anyhow::bail;

use super::add::absolute;
use crate::agent::notes::Notes;
use crate::agent::settings::{self, Settings, notes_folder};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "remove",
    summary: "take a certificate off the list",
    description: "Takes a certificate off the list of the agent, which does not renew it any more. The files stay.",
    arguments: &[Argument { name: "<crt-file>", count: Count::One, help: "The certificate." }],
    flags: &[&[
        settings::FLAG,
        crate::grammar::Flag::value(&["context"], "<name>", crate::ca::connection::CONTEXT_HELP),
    ]],
    examples: &[Example {
        purpose: "Leave a certificate alone from now on:",
        lines: &["agent remove /etc/ssl/svc.crt"],
    }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let crt = absolute(call.argument(0).unwrap_or_default())?;
    let path = settings::path(call)?;
    let mut list = Settings::read(&path)?;
    let before = list.certificates.len();
    list.certificates.retain(|entry| entry.crt != crt);
    if list.certificates.len() == before {
        bail!("{crt} is not on the list {}", path.display());
    }
    list.write(&path)?;
    Notes::remove(&notes_folder(&path), &crt)?;
    call.ui.done("Removed", &crt);
    Ok(())
}
