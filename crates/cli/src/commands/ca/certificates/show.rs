//! `ca certificates show`

use std::io::stdout;

use anyhow::bail;
use rung_api::inventory::print::{self, Format};

use super::{WHO, client, format, format_flag, page};
use crate::ca::connection;
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::ui::shown;

pub(crate) static COMMAND: Command = Command {
    name: "show",
    summary: "show one certificate on record",
    description: "Shows the certificate with a serial number: whom it is for, who granted it, how it is, and the \
        certificate itself.",
    arguments: &[Argument {
        name: "<serial>",
        count: Count::One,
        help: "Serial number of the certificate, decimal or with 0x in front.",
    }],
    flags: &[WHO, OWN, connection::FLAGS],
    examples: &[
        Example {
            purpose: "Who has this certificate?",
            lines: &[
                "ca certificates show 308893286343609293989051180431574390766 \\",
                "    --cert me.crt --key me.key",
            ],
        },
        Example {
            purpose: "Look at it closely:",
            lines: &[
                "ca certificates show 308893286343609293989051180431574390766 --format pem \\",
                "    --cert me.crt --key me.key | rung certificate inspect",
            ],
        },
    ],
    scope: Scope::Within,
    run,
};

static OWN: &[Flag] = &[format_flag("How to print: text (the default), json, csv or pem.")];

fn run(call: &Call) -> anyhow::Result<()> {
    let format = format(call, Format::Text)?;
    let serial = call.argument(0).unwrap_or_default();
    let found = page(&client(call)?, &[("serial", serial.to_owned())])?;
    let Some(found) = found.certificates.first() else {
        bail!("the CA has no certificate with the serial number {} on record", shown(serial));
    };
    Ok(print::one(found, format, &mut stdout().lock())?)
}
