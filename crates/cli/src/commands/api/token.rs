//! `api token …`

mod create;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "token",
    summary: "get tokens for a management API",
    description: "Gets a token for a management API; the certificate of whoever asks says who they are.",
    examples: &[Example {
        purpose: "Get a token with a certificate:",
        lines: &["api token create example svc.crt svc.key --api-url https://api.example.com"],
    }],
    children: &[Node::Command(&create::COMMAND)],
};
