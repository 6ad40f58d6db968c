//! `audit …`

mod prove;
mod show;
mod verify;

use crate::grammar::{Argument, Count, Example, Flag, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "audit",
    summary: "read and check what an authority has decided",
    description: "An authority writes down every decision: issued, renewed, revoked, refused, reloaded. Each record \
        repeats the hash of the one before, and the authority signs the root of a Merkle tree over all of them. \
        'rung-ca audit export' writes record and signature to a folder; these commands need that folder and the public \
        key of the record alone, not the authority.\n\n\
        Whoever audits should have the key from the time before (the file '<database>-audit-key.pub' of the authority) \
        and keep old checkpoints: a record that was rewritten as a whole can only be told by them.",
    examples: &[
        Example { purpose: "Check a record that was exported:", lines: &["audit verify exported --key audit.pub"] },
        Example { purpose: "See what was refused:", lines: &["audit show exported --action refused"] },
    ],
    children: &[Node::Command(&prove::COMMAND), Node::Command(&show::COMMAND), Node::Command(&verify::COMMAND)],
};

/// The flag for the key that a record must be signed with.
const KEY: Flag = Flag::value(
    &["key"],
    "<file>",
    "The public key of the record, which the authority keeps beside its database. Without it the key in the folder counts, \
    which whoever wrote the folder could have made.",
);

/// The folder that the record is in.
const FOLDER: Argument =
    Argument { name: "<folder>", count: Count::One, help: "The folder that 'rung-ca audit export' wrote." };
