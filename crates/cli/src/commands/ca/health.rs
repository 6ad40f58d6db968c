//! `ca health`

use anyhow::bail;

use crate::ca::connection::{self, Connection};
use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "health",
    summary: "ask whether the CA is well",
    description: "Prints 'ok' when the CA answers and can work; fails otherwise. The CA has to prove itself with its \
        root certificate, so 'ok' also says that this machine trusts the right CA. JSON has the whole answer: which \
        provisioners depend on somebody else, and how they are.",
    arguments: &[],
    flags: &[connection::FLAGS, &[Flag::json_or_text()]],
    examples: &[Example { purpose: "Ask the CA of the current context:", lines: &["ca health", "ok"] }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let is_json = call.wants_json()?;
    let health = Connection::open(call)?.client.health()?;
    if is_json {
        print(format!("{}\n", serde_json::to_string_pretty(&health)?).as_bytes())?;
    }
    if health.status != "ok" {
        bail!("the CA says that it is '{}'", health.status);
    }
    if is_json { Ok(()) } else { print(format!("{}\n", shown(&health.status)).as_bytes()) }
}
