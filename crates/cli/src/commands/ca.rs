//! `ca …`

mod bootstrap;
mod certificate;
mod certificates;
mod federation;
mod health;
mod init;
mod provisioner;
mod rekey;
mod renew;
mod revoke;
mod root;
mod roots;
mod rotate_intermediate;
mod sign;
mod token;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "ca",
    summary: "set up a CA, and get certificates from one",
    description: "Everything that has to do with a CA: setting one up, telling this machine which CA to trust, getting \
        certificates with a password or a login, and choosing who may have them.\n\n\
        'ca bootstrap' comes first on a new machine: it fetches the root certificate of a CA, checks it against the \
        fingerprint that you were given, and remembers the address, so that the other commands need neither.",
    examples: &[
        Example {
            purpose: "Trust a CA and get a certificate:",
            lines: &[
                "ca bootstrap --ca-url https://ca.example.com:9000 \\",
                "    --fingerprint 702a094e239c9eec6f0dcd0a5f65e595bf7ed6614012825c5fe3d1ae1b2fd6ee",
            ],
        },
        Example {
            purpose: "Get a certificate and its key:",
            lines: &["ca certificate svc.example.com svc.crt svc.key"],
        },
    ],
    children: &[
        Node::Command(&bootstrap::COMMAND),
        Node::Command(&certificate::COMMAND),
        Node::Group(&certificates::GROUP),
        Node::Command(&federation::COMMAND),
        Node::Command(&health::COMMAND),
        Node::Command(&init::COMMAND),
        Node::Group(&provisioner::GROUP),
        Node::Command(&rekey::COMMAND),
        Node::Command(&renew::COMMAND),
        Node::Command(&revoke::COMMAND),
        Node::Command(&root::COMMAND),
        Node::Command(&roots::COMMAND),
        Node::Command(&rotate_intermediate::COMMAND),
        Node::Command(&sign::COMMAND),
        Node::Command(&token::COMMAND),
    ],
};
