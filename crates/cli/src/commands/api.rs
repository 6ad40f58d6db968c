//! `api …`

mod token;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "api",
    summary: "log in at a management API with a certificate",
    description: "Gets tokens for management APIs that speak the protocol of step's 'api token'. A CA of Rung itself needs \
        none.",
    examples: &[Example {
        purpose: "Get a token with a certificate:",
        lines: &["api token create example svc.crt svc.key --api-url https://api.example.com"],
    }],
    children: &[Node::Group(&token::GROUP)],
};
