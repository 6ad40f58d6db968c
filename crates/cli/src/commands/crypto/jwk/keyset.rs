//! `crypto jwk keyset …`

mod add;
mod file;
mod find;
mod list;
mod remove;

use crate::grammar::{Argument, Count, Example, Flag, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "keyset",
    summary: "add, remove and find keys in a JWK set",
    description: "A JWK set (RFC 7517 §5) is a JSON object with a list of keys. Other members of the object, and of \
        its keys, are kept as they are. Changes are made in one step: whoever reads the file sees the old set or the \
        new one. While a command changes the file, others refuse to.",
    examples: &[
        Example { purpose: "Add a key:", lines: &["crypto jwk keyset add jwks.json < jwk.pub.json"] },
        Example { purpose: "List the ids of the keys:", lines: &["crypto jwk keyset list jwks.json"] },
    ],
    children: &[
        Node::Command(&add::COMMAND),
        Node::Command(&find::COMMAND),
        Node::Command(&list::COMMAND),
        Node::Command(&remove::COMMAND),
    ],
};

static FILE: Argument = Argument { name: "<jwks-file>", count: Count::One, help: "The file with the JWK set." };

const KID: Flag = Flag::value(&["kid"], "<kid>", "The id of the key.").only_on_the_command_line();
