//! `path`

use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "path",
    summary: "print the folder with settings, certificates and keys",
    description: "Prints the folder in which the command line keeps its files: $STEPPATH, or ~/.step without it. When \
        contexts are in use, this is the folder of the current context's authority.",
    arguments: &[],
    flags: &[&[
        Flag::switch(&["base"], "Print the folder that all contexts share."),
        Flag::switch(&["profile"], "Print the folder of the current context's profile."),
    ]],
    examples: &[Example { purpose: "Print the folder that all contexts share:", lines: &["path --base"] }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let path = if call.switch("base")? {
        crate::settings::base()?
    } else if call.switch("profile")? {
        call.folders()?.profile.clone()
    } else {
        call.folders()?.authority.clone()
    };
    print(format!("{}\n", path.display()).as_bytes())
}
