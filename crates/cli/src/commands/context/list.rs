//! `context list`

use crate::call::Call;
use crate::grammar::{Command, Example, Scope};
use crate::settings::{Contexts, base, current};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "list",
    summary: "print the names of all contexts",
    description: "Prints the names of all contexts, one a line, the current one first and marked with a ▶.",
    arguments: &[],
    flags: &[],
    examples: &[Example { purpose: "Print the contexts:", lines: &["context list", "▶ production", "staging"] }],
    scope: Scope::Outside,
    run,
};

fn run(_call: &Call) -> anyhow::Result<()> {
    let base = base()?;
    let contexts = Contexts::load(&base)?;
    let current = current(&base)?;
    let mut lines = String::new();
    for name in contexts.names(current.as_deref()) {
        let mark = if current.as_deref() == Some(name) { "▶ " } else { "" };
        lines.push_str(&format!("{mark}{}\n", shown(name)));
    }
    print(lines.as_bytes())
}
