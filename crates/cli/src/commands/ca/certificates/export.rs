//! `ca certificates export`

use std::io::{BufWriter, Write as _, stdout};

use rung_api::inventory::MOST;
use rung_api::inventory::print::{self, Format};

use super::{FILTER_FLAGS, WHO, client, format, format_flag, page, query};
use crate::ca::connection;
use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "export",
    summary: "write all certificates on record that fit",
    description: "Writes all certificates that fit the filters to standard output, page after page, in the order of \
        their ends. JSON is one object a line. Certificates that are issued meanwhile may or may not be among them.",
    arguments: &[],
    flags: &[WHO, FILTER_FLAGS, OWN, connection::FLAGS],
    examples: &[Example {
        purpose: "Everything that is valid, for a spreadsheet:",
        lines: &["ca certificates export --state valid --cert me.crt --key me.key > valid.csv"],
    }],
    scope: Scope::Within,
    run,
};

static OWN: &[Flag] = &[format_flag("How to write: csv (the default), json, pem or text.")];

fn run(call: &Call) -> anyhow::Result<()> {
    let format = format(call, Format::Csv)?;
    let mut query = query(call)?;
    query.push(("limit", MOST.to_string()));
    let client = client(call)?;
    let mut out = BufWriter::new(stdout().lock());
    let mut first = true;
    loop {
        let found = page(&client, &query)?;
        print::part(&found, (format, first), &mut out)?;
        first = false;
        let Some(next) = found.next else { break };
        query.retain(|(name, _)| *name != "after");
        query.push(("after", next));
    }
    Ok(out.flush()?)
}
