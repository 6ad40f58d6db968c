//! `crypto …`

mod change_pass;
mod hash;
mod jose;
mod jwe;
mod jwk;
mod jws;
mod jwt;
pub(crate) mod kdf;
mod key;
mod keypair;
mod nacl;
pub(crate) mod otp;
mod rand;
mod winpe;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "crypto",
    summary: "work with keys, hashes and secrets",
    description: "Works with keys, hashes, passwords and tokens, without a CA or a network.",
    examples: &[Example { purpose: "Choose another password for a key:", lines: &["crypto change-pass svc.key"] }],
    children: &[
        Node::Command(&change_pass::COMMAND),
        Node::Group(&hash::GROUP),
        Node::Group(&jose::GROUP),
        Node::Group(&jwe::GROUP),
        Node::Group(&jwk::GROUP),
        Node::Group(&jws::GROUP),
        Node::Group(&jwt::GROUP),
        Node::Group(&kdf::GROUP),
        Node::Group(&key::GROUP),
        Node::Command(&keypair::COMMAND),
        Node::Group(&nacl::GROUP),
        Node::Group(&otp::GROUP),
        Node::Command(&rand::COMMAND),
        Node::Group(&winpe::GROUP),
    ],
};
