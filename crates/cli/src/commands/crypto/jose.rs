//! `crypto jose …`

mod format;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "jose",
    summary: "change how signed and encrypted content is written",
    description: "Signed (JWS) and encrypted (JWE) content is written on one line of text or as JSON.",
    examples: &[Example { purpose: "Write a JWS as JSON:", lines: &["crypto jose format < report.jws"] }],
    children: &[Node::Command(&format::COMMAND)],
};
