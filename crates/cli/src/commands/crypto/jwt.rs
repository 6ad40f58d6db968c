//! `crypto jwt …`

mod claims;
mod inspect;
mod sign;
mod verify;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "jwt",
    summary: "sign and verify tokens with claims (JWT)",
    description: "A JSON Web Token (RFC 7519) is a JSON object of claims with a signature: who made it (iss), for whom \
        (aud), about whom (sub) and until when (exp).",
    examples: &[
        Example {
            purpose: "Make a token that is good for five minutes:",
            lines: &["crypto jwt sign --key jwk.json --iss me@example.com --aud api --sub job-7 --exp 5m"],
        },
        Example {
            purpose: "Verify it:",
            lines: &["crypto jwt verify --key jwk.pub.json --iss me@example.com --aud api < token.txt"],
        },
    ],
    children: &[Node::Command(&inspect::COMMAND), Node::Command(&sign::COMMAND), Node::Command(&verify::COMMAND)],
};
