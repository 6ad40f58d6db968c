//! `crypto nacl secretbox …`

use super::{KeyAndNonce, RAW, key, nonce, open, seal};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Group, Node, Scope};

pub(crate) static GROUP: Group = Group {
    name: "secretbox",
    summary: "encrypt messages with a shared secret",
    description: "Encrypts messages so that only who has the key can read or change them (XSalsa20 and Poly1305). Never \
        seal two messages with the same key and nonce: that would reveal both.",
    examples: &[Example {
        purpose: "Encrypt a file:",
        lines: &["crypto nacl secretbox seal nonce-1 box.key < message.txt"],
    }],
    children: &[Node::Command(&OPEN), Node::Command(&SEAL)],
};

/// The arguments of both commands.
static ARGUMENTS: &[Argument] = &[
    Argument {
        name: "<nonce>",
        count: Count::One,
        help: "A text of at most 24 octets that is never used twice with a key; 'base64:' before it for octets in base64, \
            'string:' for a text that begins so.",
    },
    Argument { name: "<key-file>", count: Count::One, help: "File with the key, 32 octets." },
];

static SEAL: Command = Command {
    name: "seal",
    summary: "encrypt a message",
    description: "Encrypts standard input and prints the result in base64 for URLs.",
    arguments: ARGUMENTS,
    flags: &[RAW],
    examples: &[Example {
        purpose: "Encrypt a file with a random nonce, and keep both:",
        lines: &[
            "crypto rand --format hex 24 > nonce.txt && rung crypto nacl secretbox seal \\",
            "    $(cat nonce.txt) box.key < message.txt > message.box",
        ],
    }],
    scope: Scope::Anywhere,
    run: |call| seal(call, key_and_nonce(call)?),
};

static OPEN: Command = Command {
    name: "open",
    summary: "decrypt a message",
    description: "Decrypts standard input, what 'crypto nacl secretbox seal' printed, and prints the message.",
    arguments: ARGUMENTS,
    flags: &[RAW],
    examples: &[Example {
        purpose: "Decrypt a file:",
        lines: &["crypto nacl secretbox open nonce-1 box.key < secret.box"],
    }],
    scope: Scope::Anywhere,
    run: |call| open(call, key_and_nonce(call)?),
};

fn key_and_nonce(call: &Call) -> anyhow::Result<KeyAndNonce> {
    let nonce = nonce(call.argument(0).unwrap_or_default())?;
    Ok((key("key", call.argument(1).unwrap_or_default())?, nonce))
}
