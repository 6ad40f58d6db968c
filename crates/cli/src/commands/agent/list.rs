//! `agent list`

use std::fmt::Write as _;

use crate::agent::settings::{self, Settings};
use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "list",
    summary: "show what is on the list",
    description: "Shows the certificates that the agent takes care of, and what it does after a change. How they are is \
        shown by 'agent status'.",
    arguments: &[],
    flags: &[&[
        Flag::value(&["format"], "<format>", "'text' (the default) or 'json'."),
        settings::FLAG,
        Flag::value(&["context"], "<name>", crate::ca::connection::CONTEXT_HELP),
    ]],
    examples: &[Example { purpose: "Show the list:", lines: &["agent list"] }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let is_json = call.wants_json()?;
    let list = Settings::read(&settings::path(call)?)?;
    if is_json {
        return print(format!("{}\n", serde_json::to_string_pretty(&list.certificates)?).as_bytes());
    }
    let mut out = String::new();
    for entry in &list.certificates {
        writeln!(out, "{}", shown(&entry.crt))?;
        writeln!(out, "  key: {}", shown(&entry.key))?;
        writeln!(out, "  ca:  {}", shown(&entry.ca_url))?;
        if let Some(file) = &entry.pid_file {
            writeln!(out, "  signal {} to the process of {}", entry.signal.unwrap_or(1), shown(file))?;
        }
        if !entry.exec.is_empty() {
            let words: Vec<String> = entry.exec.iter().map(|word| format!("{word:?}")).collect();
            writeln!(out, "  run {}", words.join(" "))?;
        }
    }
    print(out.as_bytes())
}
