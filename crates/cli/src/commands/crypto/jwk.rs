//! `crypto jwk …`

mod create;
mod from_input;
mod keyset;
mod public;
mod thumbprint;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "jwk",
    summary: "make and use keys as JSON (JWK) and sets of them",
    description: "JSON Web Keys (RFC 7517) are keys as JSON objects: the form that tokens, OpenID providers and this \
        CA's provisioners use. Private ones are encrypted with a password unless you ask for clear text. A JWK set is \
        a JSON object with a list of keys, such as a provider publishes.",
    examples: &[
        Example { purpose: "Make a key for signing tokens:", lines: &["crypto jwk create jwk.pub.json jwk.json"] },
        Example {
            purpose: "Publish its public half in a set:",
            lines: &["crypto jwk keyset add jwks.json < jwk.pub.json"],
        },
    ],
    children: &[
        Node::Command(&create::COMMAND),
        Node::Group(&keyset::GROUP),
        Node::Command(&public::COMMAND),
        Node::Command(&thumbprint::COMMAND),
    ],
};
