//! `context list`

use serde_json::{Value, json};

use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::settings::{Contexts, base, current};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "list",
    summary: "print the names of all contexts",
    description: "Prints the names of all contexts, one a line, the current one first and marked with a ▶.",
    arguments: &[],
    flags: &[&[Flag::json_or_text()]],
    examples: &[Example { purpose: "Print the contexts:", lines: &["context list", "▶ production", "staging"] }],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let base = base()?;
    let contexts = Contexts::load(&base)?;
    let current = current(&base)?;
    if call.wants_json()? {
        let list: Vec<Value> = contexts
            .names(current.as_deref())
            .into_iter()
            .map(|name| described(&contexts, name, current.as_deref()))
            .collect();
        return print(format!("{}\n", serde_json::to_string_pretty(&list)?).as_bytes());
    }
    let mut lines = String::new();
    for name in contexts.names(current.as_deref()) {
        let mark = if current.as_deref() == Some(name) { "▶ " } else { "" };
        lines.push_str(&format!("{mark}{}\n", shown(name)));
    }
    print(lines.as_bytes())
}

fn described(contexts: &Contexts, name: &str, current: Option<&str>) -> Value {
    let context = contexts.0.get(name);
    json!({
        "name": name,
        "current": current == Some(name),
        "authority": context.map(|context| &context.authority),
        "profile": context.map(|context| &context.profile),
    })
}
