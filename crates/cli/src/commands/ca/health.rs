//! `ca health`

use anyhow::bail;

use crate::ca::connection::{self, Connection};
use crate::call::Call;
use crate::grammar::{Command, Example, Scope};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "health",
    summary: "ask whether the CA is well",
    description: "Prints 'ok' when the CA answers and can work; fails otherwise. The CA has to prove itself with its \
        root certificate, so 'ok' also says that this machine trusts the right CA.",
    arguments: &[],
    flags: &[connection::FLAGS],
    examples: &[Example { purpose: "Ask the CA of the current context:", lines: &["ca health", "ok"] }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let health = Connection::open(call)?.client.health()?;
    if health.status != "ok" {
        bail!("the CA says that it is '{}'", health.status);
    }
    print(format!("{}\n", shown(&health.status)).as_bytes())
}
