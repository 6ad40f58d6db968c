//! `context …`

mod current;
mod list;
mod remove;
mod select;

use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "context",
    summary: "work with several CAs side by side",
    description: "A context is a name for one CA (an authority: its address, root certificate and keys) together with \
        a profile (settings of yours). One of them is the current one, and every command uses it unless --context or \
        STEP_CONTEXT names another. Contexts are made by 'ca init --context' and 'ca bootstrap --context'.",
    examples: &[Example { purpose: "See which contexts there are:", lines: &["context list"] }],
    children: &[
        Node::Command(&current::COMMAND),
        Node::Command(&list::COMMAND),
        Node::Command(&remove::COMMAND),
        Node::Command(&select::COMMAND),
    ],
};
