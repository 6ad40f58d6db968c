//! `crypto jws …`

pub(super) mod input;
mod inspect;
pub(super) mod key;
pub(super) mod show;
mod sign;
pub(super) mod verify;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "jws",
    summary: "sign and verify content of any kind (JWS)",
    description: "A JSON Web Signature (RFC 7515) is content of any kind with a signature, as one line of text. For \
        tokens with claims use 'crypto jwt'.",
    examples: &[
        Example { purpose: "Sign a file:", lines: &["crypto jws sign report.pdf --key jwk.json > report.jws"] },
        Example {
            purpose: "Verify it and get the content back:",
            lines: &["crypto jws verify --key jwk.pub.json < report.jws > report.pdf"],
        },
    ],
    children: &[Node::Command(&inspect::COMMAND), Node::Command(&sign::COMMAND), Node::Command(&verify::COMMAND)],
};
