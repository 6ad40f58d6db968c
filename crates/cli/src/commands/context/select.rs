//! `context select`

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Scope};
use crate::settings::{Contexts, base, select_current};

pub(crate) static COMMAND: Command = Command {
    name: "select",
    summary: "make a context the current one",
    description: "Makes a context the one that every command uses from now on.",
    arguments: &[Argument { name: "<name>", count: Count::One, help: "The name of the context." }],
    flags: &[],
    examples: &[Example { purpose: "Work with the staging CA:", lines: &["context select staging"] }],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let base = base()?;
    let name = call.argument(0).unwrap_or_default();
    Contexts::load(&base)?.named(name)?;
    select_current(&base, name)?;
    call.ui.done("Context", name);
    Ok(())
}
