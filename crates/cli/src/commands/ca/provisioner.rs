//! `ca provisioner …`

mod add;
mod claims;
mod config;
mod doctor;
mod jwe_key;
mod jwk;
mod list;
mod oidc;
mod preset;
mod preview;
mod remove;
mod rules;
mod update;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "provisioner",
    summary: "choose who may have certificates",
    description: "A provisioner is a way to show the CA who you are: a key with a password (type JWK), or a login at an \
        identity provider (type OIDC). 'add', 'update' and 'remove' change the configuration file of the CA, ca.json, \
        on the CA's own machine, and nothing else in that file; the CA takes the change up when it is told to reload.",
    examples: &[Example {
        purpose: "Let the people of an identity provider in:",
        lines: &[
            "ca provisioner add sso --type OIDC --client-id rung \\",
            "    --configuration-endpoint https://idp.example.com",
        ],
    }],
    children: &[
        Node::Command(&add::COMMAND),
        Node::Command(&doctor::COMMAND),
        Node::Command(&jwe_key::COMMAND),
        Node::Command(&list::COMMAND),
        Node::Command(&preview::COMMAND),
        Node::Command(&remove::COMMAND),
        Node::Command(&update::COMMAND),
    ],
};
