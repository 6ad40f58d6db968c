//! All commands, one file each.

mod agent;
mod api;
mod audit;
mod base64;
mod ca;
mod certificate;
pub(crate) mod completion;
mod context;
mod crl;
pub(crate) mod crypto;
mod demo;
mod fileserver;
pub(crate) mod help;
mod oauth;
mod path;
mod version;

use crate::grammar::{Example, Group, Node};

/// The program itself.
pub(crate) static ROOT: Group = Group {
    name: "",
    summary: "get and inspect certificates, and set up a private CA",
    description: "Rung turns a login or a password into a short-lived X.509 certificate. 'rung' is the command \
        line for people and scripts; 'rung-ca' is the server that signs. It speaks the protocol of step-ca and takes \
        the commands, files and environment of step, under either name.\n\n\
        Values for flags come from the command line, from the environment (STEP_<FLAG> or RUNG_<FLAG>), or from the \
        file config/defaults.json in the folder that '{program} path' prints, in this order.",
    examples: &[Example {
        purpose: "Show what a command does and which flags it has:",
        lines: &["help context select"],
    }],
    children: &[
        Node::Group(&agent::GROUP),
        Node::Group(&api::GROUP),
        Node::Command(&self::base64::COMMAND),
        Node::Group(&audit::GROUP),
        Node::Group(&ca::GROUP),
        Node::Group(&certificate::GROUP),
        Node::Command(&completion::COMMAND),
        Node::Group(&context::GROUP),
        Node::Group(&crl::GROUP),
        Node::Group(&crypto::GROUP),
        Node::Command(&demo::COMMAND),
        Node::Command(&fileserver::COMMAND),
        Node::Command(&help::COMMAND),
        Node::Command(&oauth::COMMAND),
        Node::Command(&path::COMMAND),
        Node::Command(&version::COMMAND),
    ],
};
