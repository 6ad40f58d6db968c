//! `help`

use std::path::Path;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::help::{Form, export, show_topic};

pub(crate) static COMMAND: Command = Command {
    name: "help",
    summary: "show what a command does, or write all help to files",
    description: "Prints the page of a command or of a group of commands, as the flag --help does. With --html, \
        --markdown or --man it writes every page there is into a folder instead; the pages are made from the same tables \
        that command lines are read with, so they are of this very version.",
    arguments: &[Argument {
        name: "<command>",
        count: Count::Any,
        help: "The words of the command; none for the whole.",
    }],
    flags: &[&[
        Flag::value(
            &["html"],
            "<folder>",
            "Write HTML: an index.html in a folder for each command, without scripts and without anything from elsewhere.",
        ).only_on_the_command_line(),
        Flag::value(&["markdown"], "<folder>", "Write Markdown: a README.mdx in a folder for each command.").only_on_the_command_line(),
        Flag::value(&["man"], "<folder>", "Write man pages: a file such as rung-ca-init.1 for each command.").only_on_the_command_line(),
        Flag::switch(&["report"], "With --html: write report.json, too, with the length of every section.").only_on_the_command_line(),
    ]],
    examples: &[
        Example { purpose: "Show what a command does:", lines: &["help certificate inspect"] },
        Example { purpose: "Read the help in a browser:", lines: &["help --html help-pages"] },
        Example { purpose: "Install the man pages for yourself:", lines: &["help --man ~/.local/share/man/man1"] },
    ],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let folders = [("html", Form::Html), ("markdown", Form::Markdown), ("man", Form::Man)];
    let with_report = call.switch("report")?;
    let mut is_exported = false;
    for (flag, form) in folders {
        let Some(folder) = call.text(flag)? else { continue };
        if !call.arguments().is_empty() {
            return Err(
                Usage::new(format!("flag '--{flag}' writes all pages; leave the words of the command out")).into()
            );
        }
        let count = export(&call.program, form, Path::new(&folder), with_report && form == Form::Html)?;
        call.ui.done("Pages", &format!("{count} in {folder}"));
        is_exported = true;
    }
    if with_report && call.text("html")?.is_none() {
        return Err(Usage::new("flag '--report' requires the '--html' flag").into());
    }
    if is_exported {
        return Ok(());
    }
    let words: Vec<&str> = call.arguments().iter().map(String::as_str).collect();
    show_topic(&call.program, &words)
}
