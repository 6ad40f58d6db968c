//! `crypto nacl box …`

use anyhow::anyhow;
use aws_lc_rs::agreement::{PrivateKey, X25519};
use zeroize::Zeroizing;

use super::{FORCE, KeyAndNonce, PAIR, Pair, RAW, key, nonce, open, random, seal, write_pair};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Group, Node, Scope};
use crate::nacl::{self, KEY};

pub(crate) static GROUP: Group = Group {
    name: "box",
    summary: "encrypt messages from one person to another",
    description: "Encrypts messages with the private key of the sender and the public key of the recipient so that only \
        the two can read or change them (Curve25519, XSalsa20 and Poly1305). Never seal two messages between the same two \
        with the same nonce: that would reveal both.",
    examples: &[Example {
        purpose: "Encrypt a file for Bob:",
        lines: &["crypto nacl box seal nonce-1 bob.pub alice.priv < message.txt"],
    }],
    children: &[Node::Command(&KEYPAIR), Node::Command(&OPEN), Node::Command(&SEAL)],
};

static NONCE_HELP: &str = "A text of at most 24 octets that is never used twice between the two; 'base64:' before it for \
    octets in base64, 'string:' for a text that begins so.";

static KEYPAIR: Command = Command {
    name: "keypair",
    summary: "make a key pair for boxes",
    description: "Makes a private and a public key of Curve25519, and writes each into a file of 32 octets.",
    arguments: PAIR,
    flags: &[FORCE],
    examples: &[Example { purpose: "Make a key pair:", lines: &["crypto nacl box keypair new.pub new.priv"] }],
    scope: Scope::Anywhere,
    run: |call| write_pair(call, &KEYPAIR, make),
};

static SEAL: Command = Command {
    name: "seal",
    summary: "encrypt a message",
    description: "Encrypts standard input and prints the result in base64 for URLs.",
    arguments: &[
        Argument { name: "<nonce>", count: Count::One, help: NONCE_HELP },
        Argument { name: "<recipient-pub-key>", count: Count::One, help: "File with the public key of the recipient." },
        Argument { name: "<priv-key>", count: Count::One, help: "File with your private key." },
    ],
    flags: &[RAW],
    examples: &[Example {
        purpose: "Encrypt a file for Bob:",
        lines: &["crypto nacl box seal nonce-1 bob.pub alice.priv < message.txt > message.box"],
    }],
    scope: Scope::Anywhere,
    run: |call| seal(call, key_and_nonce(call)?),
};

static OPEN: Command = Command {
    name: "open",
    summary: "decrypt a message",
    description: "Decrypts standard input, what 'crypto nacl box seal' printed, and prints the message.",
    arguments: &[
        Argument { name: "<nonce>", count: Count::One, help: NONCE_HELP },
        Argument { name: "<sender-pub-key>", count: Count::One, help: "File with the public key of the sender." },
        Argument { name: "<priv-key>", count: Count::One, help: "File with your private key." },
    ],
    flags: &[RAW],
    examples: &[Example {
        purpose: "Decrypt what Alice sent:",
        lines: &["crypto nacl box open nonce-1 alice.pub bob.priv < letter.box"],
    }],
    scope: Scope::Anywhere,
    run: |call| open(call, key_and_nonce(call)?),
};

fn key_and_nonce(call: &Call) -> anyhow::Result<KeyAndNonce> {
    let nonce = nonce(call.argument(0).unwrap_or_default())?;
    let public = key::<KEY>("public key", call.argument(1).unwrap_or_default())?;
    let private = key::<KEY>("private key", call.argument(2).unwrap_or_default())?;
    let shared = nacl::shared_key(&public, &private);
    Ok((shared.ok_or_else(|| anyhow!("invalid public key: everybody would share the secret with its owner"))?, nonce))
}

fn make() -> anyhow::Result<Pair> {
    let private = random::<KEY>()?;
    let failed = || anyhow!("the system could not make a key");
    let key = PrivateKey::from_private_key(&X25519, &*private).map_err(|_| failed())?;
    let public = key.compute_public_key().map_err(|_| failed())?.as_ref().to_vec();
    Ok(Pair { public, private: Zeroizing::new(private.to_vec()) })
}
