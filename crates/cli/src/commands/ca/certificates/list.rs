//! `ca certificates list`

use std::io::stdout;

use rung_api::inventory::print::{self, Format};

use super::{FILTER_FLAGS, WHO, client, format, format_flag, page, query};
use crate::ca::connection;
use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "list",
    summary: "show a page of the certificates on record",
    description: "Shows certificates in the order of their ends, those that fit all filters, a page at a time. Under \
        the page it says with which --after the next one is shown; in JSON that is the member 'next'.",
    arguments: &[],
    flags: &[WHO, FILTER_FLAGS, OWN, connection::FLAGS],
    examples: &[
        Example {
            purpose: "See what ends within a week:",
            lines: &["ca certificates list --expires-within 168h --cert me.crt --key me.key"],
        },
        Example {
            purpose: "See what a host has had, for a script:",
            lines: &["ca certificates list --name svc.example.com --format json \\", "    --cert me.crt --key me.key"],
        },
    ],
    scope: Scope::Within,
    run,
};

static OWN: &[Flag] = &[
    Flag::value(&["limit"], "<number>", "So many certificates at most, 1000 or fewer; 100 without it."),
    format_flag("How to print: text (the default), json, csv or pem."),
];

fn run(call: &Call) -> anyhow::Result<()> {
    let format = format(call, Format::Text)?;
    let mut query = query(call)?;
    query.extend(call.text("limit")?.map(|limit| ("limit", limit)));
    let found = page(&client(call)?, &query)?;
    print::page(&found, format, &mut stdout().lock())?;
    if let Some(next) = found.next.filter(|_| format != Format::Json) {
        call.ui.line(&format!("There may be more: --after {next}"));
    }
    Ok(())
}
