//! `context current`

use anyhow::anyhow;

use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::settings::{Contexts, base, current};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "current",
    summary: "print the current context",
    description: "Prints the name of the current context; fails when none is selected.",
    arguments: &[],
    flags: &[&[Flag::switch(&["json"], "Print name, authority and profile as JSON.")]],
    examples: &[Example {
        purpose: "Print all of the current context:",
        lines: &["context current --json", r#"{"name":"staging","authority":"staging","profile":"staging"}"#],
    }],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let base = base()?;
    let name = current(&base)?.ok_or_else(|| anyhow!("no context selected"))?;
    let contexts = Contexts::load(&base)?;
    let context = contexts.named(&name)?;
    if !call.switch("json")? {
        return print(format!("{}\n", shown(&name)).as_bytes());
    }
    let json = serde_json::json!({ "name": name, "authority": context.authority, "profile": context.profile });
    print(format!("{json}\n").as_bytes())
}
