//! `crypto …`

mod change_pass;
mod jose;
mod jwe;
mod jwk;
mod jws;
mod jwt;
mod key;
mod keypair;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "crypto",
    summary: "work with keys",
    description: "Works with private keys in files, without a CA or a network.",
    examples: &[Example { purpose: "Choose another password for a key:", lines: &["crypto change-pass svc.key"] }],
    children: &[
        Node::Command(&change_pass::COMMAND),
        Node::Group(&jose::GROUP),
        Node::Group(&jwe::GROUP),
        Node::Group(&jwk::GROUP),
        Node::Group(&jws::GROUP),
        Node::Group(&jwt::GROUP),
        Node::Group(&key::GROUP),
        Node::Command(&keypair::COMMAND),
    ],
};
