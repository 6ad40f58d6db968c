//! `crypto nacl auth …`

use anyhow::{anyhow, bail};
use aws_lc_rs::{constant_time, hmac};

use super::{key, message};
use crate::call::Call;
use crate::failure::Ended;
use crate::grammar::{Argument, Command, Count, Example, Group, Node, Scope};
use crate::ui::print;

pub(crate) static GROUP: Group = Group {
    name: "auth",
    summary: "authenticate messages with a shared secret",
    description: "Prints and verifies the authenticator of a message (HMAC-SHA-512, its first 256 bits), which nobody can \
        make who does not have the key: a file of 32 random octets.",
    examples: &[Example {
        purpose: "Print the authenticator of a file:",
        lines: &["crypto nacl auth digest auth.key < message.txt"],
    }],
    children: &[Node::Command(&DIGEST), Node::Command(&VERIFY)],
};

static DIGEST: Command = Command {
    name: "digest",
    summary: "print the authenticator of a message",
    description: "Prints the authenticator of standard input, in hexadecimal digits.",
    arguments: &[Argument { name: "<key-file>", count: Count::One, help: "File with the key, 32 octets." }],
    flags: &[],
    examples: &[Example {
        purpose: "Make a key, and print the authenticator of a file:",
        lines: &[
            "crypto rand --format raw 32 > new.key && rung crypto nacl auth digest new.key \\",
            "    < message.txt",
        ],
    }],
    scope: Scope::Anywhere,
    run: digest,
};

static VERIFY: Command = Command {
    name: "verify",
    summary: "verify the authenticator of a message",
    description: "Prints 'ok' and exits with 0 if the authenticator is one of standard input by the key; else it prints \
        'fail' to standard error and exits with 1.",
    arguments: &[
        Argument { name: "<key-file>", count: Count::One, help: "File with the key, 32 octets." },
        Argument { name: "<digest>", count: Count::One, help: "The authenticator, in hexadecimal digits." },
    ],
    flags: &[],
    examples: &[Example {
        purpose: "Verify what 'crypto nacl auth digest' printed:",
        lines: &["crypto nacl auth verify auth.key $(cat digest.txt) < message.txt"],
    }],
    scope: Scope::Anywhere,
    run: verify,
};

fn digest(call: &Call) -> anyhow::Result<()> {
    let key = key::<32>("key file", call.argument(0).unwrap_or_default())?;
    let digest = authenticator(&key, &message(call, "Please enter text to digest")?);
    let digits = rung_pki::hex(&digest);
    print((digits + "\n").as_bytes())
}

fn verify(call: &Call) -> anyhow::Result<()> {
    let key = key::<32>("key file", call.argument(0).unwrap_or_default())?;
    let expected = octets(call.argument(1).unwrap_or_default())?;
    let digest = authenticator(&key, &message(call, "Please enter text to verify")?);
    match constant_time::verify_slices_are_equal(&digest, &expected) {
        Ok(()) => print(b"ok\n"),
        Err(_) => Err(Ended::with(1, "fail").into()),
    }
}

fn authenticator(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, key), message);
    std::array::from_fn(|place| tag.as_ref()[place])
}

fn octets(text: &str) -> anyhow::Result<Vec<u8>> {
    if let Some(other) = text.chars().find(|letter| !letter.is_ascii_hexdigit()) {
        bail!("error decoding digest: encoding/hex: invalid byte: U+{:04X} '{other}'", u32::from(other));
    }
    if !text.len().is_multiple_of(2) {
        bail!("error decoding digest: encoding/hex: odd length hex string");
    }
    let pair = |place| u8::from_str_radix(&text[place..place + 2], 16).map_err(|error| anyhow!(error));
    (0..text.len()).step_by(2).map(pair).collect()
}
