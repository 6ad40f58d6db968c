//! `audit prove`

use anyhow::{Context as _, bail};
use rung_pki::SerialNumber;

use super::{FOLDER, KEY};
use crate::audit::{Export, Record};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "prove",
    summary: "prove that a decision about a certificate is on record",
    description: "Prints a proof that somebody can check who has the public key of the record alone: the record of the \
        decision, the hashes that lead from it to the root of the record, and the signed root (C2SP tlog-proof; the record \
        is its extra data). It proves that the certificate was issued, or with --action something else about it.",
    arguments: &[
        Argument {
            name: "<serial>",
            count: Count::One,
            help: "The serial number of the certificate, decimal or hexadecimal behind '0x'.",
        },
        FOLDER,
    ],
    flags: &[&[
        KEY,
        Flag::value(
            &["action"],
            "<action>",
            "What was decided, such as 'revoked'; if nothing is said: 'issued', 'renewed' or 'rekeyed'.",
        ),
    ]],
    examples: &[
        Example {
            purpose: "Prove that a certificate was issued by the authority:",
            lines: &["audit prove 1000 exported > svc.tlog-proof"],
        },
        Example {
            purpose: "Prove that it was revoked:",
            lines: &["audit prove 1000 exported --action revoked > svc.tlog-proof"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let serial = call.argument(0).unwrap_or_default();
    let serial: SerialNumber = serial.parse().with_context(|| format!("'{serial}' is no serial number"))?;
    let export = Export::open(call.argument(1).unwrap_or_default(), call.text("key")?.as_deref())?;
    export.check(|_| None)?;
    let (action, decimal) = (call.text("action")?, serial.to_string());
    let is_meant = |record: &Record| match &action {
        Some(action) => record.action == *action,
        None => ["issued", "renewed", "rekeyed"].contains(&record.action.as_str()),
    };
    let mut found = None;
    export.walk(|octets| {
        let record = Record::parse(octets)?;
        if is_meant(&record) && record.detail("serial") == Some(&decimal) {
            found = Some((record.position - 1, octets.to_owned()));
        }
        Ok(())
    })?;
    let Some((index, record)) = found else {
        let what = action.as_deref().unwrap_or("issued");
        bail!("no record says that the certificate {decimal} was {what}");
    };
    print(export.prove(index, &record)?.to_text().as_bytes())
}
