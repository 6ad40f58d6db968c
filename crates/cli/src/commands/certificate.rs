//! `certificate …`

mod bundle;
mod fingerprint;
mod format;
mod inspect;
mod key;
mod lint;
mod needs_renewal;
mod verify;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "certificate",
    summary: "look at certificates and check them",
    description: "Shows and checks certificates and certificate signing requests in files. Nothing here needs a CA or a \
        network. To get certificates, see 'ca certificate'.",
    examples: &[Example { purpose: "See for whom a certificate is:", lines: &["certificate inspect svc.crt --short"] }],
    children: &[
        Node::Command(&bundle::COMMAND),
        Node::Command(&fingerprint::COMMAND),
        Node::Command(&format::COMMAND),
        Node::Command(&inspect::COMMAND),
        Node::Command(&key::COMMAND),
        Node::Command(&lint::COMMAND),
        Node::Command(&needs_renewal::COMMAND),
        Node::Command(&verify::COMMAND),
    ],
};
