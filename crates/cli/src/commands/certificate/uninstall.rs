//! `certificate uninstall`

use super::install::{ROOT_FILE, STORES, report, settle};
use crate::call::Call;
use crate::grammar::{Command, Example, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "uninstall",
    summary: "have this machine no longer trust a root certificate",
    description: "Takes a root certificate out of the stores that 'certificate install' put it into; with --prefix, give \
        the same one. Certificates of other names stay, those that came with the system among them.",
    arguments: &[ROOT_FILE],
    flags: &[STORES],
    examples: &[
        Example { purpose: "Take a CA out of the store of the system:", lines: &["certificate uninstall root_ca.crt"] },
        Example { purpose: "Take it out of every store:", lines: &["certificate uninstall --all root_ca.crt"] },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let (root, stores) = settle(call)?;
    if !stores.remove(&root)? {
        call.ui.warning("It was in none of these stores under this name.");
    }
    report(call, &root, "removed")
}
