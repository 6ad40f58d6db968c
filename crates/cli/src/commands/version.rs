//! `version`

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::program::{self, version_lines};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "version",
    summary: "print the version",
    description: "Prints name, version and platform of this program. It reads no settings, so it works when they are \
        broken.",
    arguments: &[Argument { name: "<word>", count: Count::Any, help: "Ignored." }],
    flags: &[&[Flag::json_or_text()]],
    examples: &[Example {
        purpose: "Print the version:",
        lines: &["version", "Rung CLI/0.1.0 (linux/amd64)", "Release Date: 2026-11-24 00:00 UTC"],
    }],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    if call.wants_json()? {
        let about = serde_json::json!({
            "name": "Rung CLI",
            "version": program::VERSION,
            "platform": program::platform(),
            "releaseDate": program::RELEASED,
        });
        return print(format!("{about:#}\n").as_bytes());
    }
    print(version_lines().as_bytes())
}
