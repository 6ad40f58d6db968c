//! `context remove`

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode};
use crate::settings::{Contexts, Folders, base, current};
use crate::ui::{Question, shown};

pub(crate) static COMMAND: Command = Command {
    name: "remove",
    summary: "delete a context with its files",
    description: "Deletes a context, and the folders of its authority and profile with all certificates and keys in \
        them, unless another context uses them too. It cannot be undone. The current context is not removed; select \
        another one first.",
    arguments: &[Argument { name: "<name>", count: Count::One, help: "The name of the context." }],
    flags: &[&[Flag::switch(&["force", "f"], "Delete without asking.")]],
    examples: &[Example { purpose: "Forget a CA that is gone:", lines: &["context remove staging"] }],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let base = base()?;
    let name = call.argument(0).unwrap_or_default();
    let mut contexts = Contexts::load(&base)?;
    let context = contexts.named(name)?.clone();
    if current(&base)?.as_deref() == Some(name) {
        bail!("cannot remove current context; select another one first with 'context select'");
    }
    contexts.0.remove(name);
    let folders = Folders::of(base.clone(), &context);
    let mut doomed: Vec<PathBuf> = Vec::new();
    if contexts.0.values().all(|other| other.authority != context.authority) {
        doomed.push(folders.authority);
    }
    if contexts.0.values().all(|other| other.profile != context.profile) {
        doomed.push(folders.profile);
    }
    if !call.switch("force")? {
        confirm(call, name, &doomed)?;
    }
    let mut commit = Commit::default();
    commit.add(&base.join("contexts.json"), Existing::Replace, Mode::Private, contexts.to_json()?)?;
    commit.write()?;
    for folder in doomed {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            done => done.with_context(|| format!("could not delete {}", folder.display()))?,
        }
    }
    Ok(())
}

fn confirm(call: &Call, name: &str, doomed: &[PathBuf]) -> anyhow::Result<()> {
    call.ui.line("The following directories will be removed:");
    for folder in doomed {
        call.ui.line(&format!("  {}", shown(&folder.to_string_lossy())));
    }
    let heading =
        format!("Are you sure you want to delete the configuration for context {name} (this cannot be undone!)");
    let question = Question {
        what: "leave to delete",
        remedy: "pass --force to delete without asking",
        heading: &heading,
        label: "[y/n]",
    };
    if !call.ui.confirm(&question)? {
        bail!("context not removed");
    }
    Ok(())
}
