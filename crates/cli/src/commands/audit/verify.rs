//! `audit verify`

use std::path::Path;

use anyhow::bail;
use rung_pki::tlog::{Checkpoint, OfflineProof};

use super::KEY;
use crate::audit::{self, Export, Record};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "verify",
    summary: "check an audit record, or the proof of one decision",
    description: "Checks that each record of an exported folder goes on from the one before and that the signed \
        checkpoint is over all of them; with --since also that nothing was changed that an earlier checkpoint saw. A file \
        that 'audit prove' wrote is checked by itself: that the decision in it is in the record with that key.",
    arguments: &[Argument {
        name: "<folder-or-proof>",
        count: Count::One,
        help: "The folder that 'rung-ca audit export' wrote, or a proof that 'audit prove' wrote.",
    }],
    flags: &[&[
        KEY,
        Flag::value(
            &["since"],
            "<file>",
            "A checkpoint from before, such as the file 'checkpoint' of an earlier export.",
        ),
    ]],
    examples: &[
        Example { purpose: "Check a whole record:", lines: &["audit verify exported --key audit.pub"] },
        Example {
            purpose: "Check that it goes on from the one of last month:",
            lines: &["audit verify exported --key audit.pub --since checkpoint.old"],
        },
        Example {
            purpose: "Check that a certificate is on record:",
            lines: &["audit prove 1000 exported > svc.tlog-proof", "audit verify svc.tlog-proof --key audit.pub"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let place = call.argument(0).unwrap_or_default();
    let (key, since) = (call.text("key")?, call.text("since")?);
    if Path::new(place).is_dir() { folder(call, place, key.as_deref(), since.as_deref()) } else { proof(call, place) }
}

fn folder(call: &Call, place: &str, key: Option<&str>, since: Option<&str>) -> anyhow::Result<()> {
    let export = Export::open(place, key)?;
    let earlier = match since {
        Some(file) => Some(Checkpoint::verify(&audit::text("the earlier checkpoint", file)?, export.key())?),
        None => None,
    };
    let size = export.sealed().size;
    if let Some(earlier) = earlier.as_ref().filter(|earlier| earlier.size > size) {
        bail!("the earlier checkpoint is over {} records, and here are {size}: records are gone", earlier.size);
    }
    export.check(|count| earlier.as_ref().filter(|earlier| earlier.size == count).map(|earlier| earlier.root))?;
    if key.is_none() {
        call.ui.warning(&format!(
            "The key was taken from the folder itself. Compare it with the one of the authority: {}",
            export.key().to_text()
        ));
    }
    let goes_on = match earlier {
        Some(earlier) => format!(", and goes on from the {} of the earlier checkpoint", earlier.size),
        None => String::new(),
    };
    print(format!("The record of {} is whole: {size} records{goes_on}.\n", shown(export.key().name())).as_bytes())
}

fn proof(call: &Call, place: &str) -> anyhow::Result<()> {
    if call.is_typed("since") {
        return Err(Usage::new("'--since' is for a folder, not for a proof").into());
    }
    let proof = OfflineProof::parse(&audit::text("the proof", place)?)?;
    let key = audit::read_key(&call.required("key")?)?;
    let sealed = proof.verify(&key)?;
    let record = Record::parse(&proof.record)?;
    if record.position != proof.index + 1 {
        bail!("the proof is for record {}, and the record says that it is number {}", proof.index + 1, record.position);
    }
    call.ui.line(&format!(
        "It is record {} of the {} that {} has signed:",
        record.position,
        sealed.size,
        shown(key.name())
    ));
    print(&[&proof.record[..], b"\n"].concat())
}
