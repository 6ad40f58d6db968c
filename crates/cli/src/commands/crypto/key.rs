//! `crypto key …`

mod fingerprint;
mod format;
mod inspect;
mod public;
mod sign;
mod verify;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "key",
    summary: "look at keys, and sign with them",
    description: "Shows keys and their fingerprints, writes them in other formats, signs files and verifies signatures. \
        Keys come in any format: PEM (PKCS#1, SEC 1, PKCS#8, encrypted or not), DER, OpenSSH, JWK and encrypted JWK; \
        where a public key will do, certificates and certificate requests do, too.",
    examples: &[Example { purpose: "Print the fingerprint of a key:", lines: &["crypto key fingerprint svc.key"] }],
    children: &[
        Node::Command(&fingerprint::COMMAND),
        Node::Command(&format::COMMAND),
        Node::Command(&inspect::COMMAND),
        Node::Command(&public::COMMAND),
        Node::Command(&sign::COMMAND),
        Node::Command(&verify::COMMAND),
    ],
};
