//! `crypto jwe …`

mod decrypt;
mod encrypt;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "jwe",
    summary: "encrypt and decrypt content of any kind (JWE)",
    description: "JSON Web Encryption (RFC 7516) encrypts content for the owner of a key, for those who share a secret, \
        or with a password.",
    examples: &[
        Example {
            purpose: "Encrypt for the owner of a key:",
            lines: &["crypto jwe encrypt --key enc.pub.json < message.txt > message.jwe"],
        },
        Example { purpose: "Decrypt it:", lines: &["crypto jwe decrypt --key enc.json < message.jwe"] },
    ],
    children: &[Node::Command(&decrypt::COMMAND), Node::Command(&encrypt::COMMAND)],
};
