//! `certificate …`

mod bundle;
mod create;
mod extract;
mod fingerprint;
mod format;
mod inspect;
mod install;
mod key;
mod lint;
mod needs_renewal;
mod p12;
mod sign;
mod terms;
mod uninstall;
mod verify;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "certificate",
    summary: "make certificates, look at them and check them",
    description: "Makes, shows and checks certificates and certificate signing requests in files. Nothing here needs a CA or a \
        network. To get certificates, see 'ca certificate'.",
    examples: &[Example { purpose: "See for whom a certificate is:", lines: &["certificate inspect svc.crt --short"] }],
    children: &[
        Node::Command(&bundle::COMMAND),
        Node::Command(&create::COMMAND),
        Node::Command(&extract::COMMAND),
        Node::Command(&fingerprint::COMMAND),
        Node::Command(&format::COMMAND),
        Node::Command(&inspect::COMMAND),
        Node::Command(&install::COMMAND),
        Node::Command(&key::COMMAND),
        Node::Command(&lint::COMMAND),
        Node::Command(&needs_renewal::COMMAND),
        Node::Command(&p12::COMMAND),
        Node::Command(&sign::COMMAND),
        Node::Command(&uninstall::COMMAND),
        Node::Command(&verify::COMMAND),
    ],
};
