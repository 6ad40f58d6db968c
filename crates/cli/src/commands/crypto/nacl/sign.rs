//! `crypto nacl sign …`

use anyhow::{Context as _, anyhow};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::{FORCE, PAIR, Pair, RAW, key, message, random, sealed, show, write_pair};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Group, Node, Scope};
use crate::ui::print;

pub(crate) static GROUP: Group = Group {
    name: "sign",
    summary: "sign messages",
    description: "Signs messages with Ed25519. What comes out is the signature with the message behind it.",
    examples: &[Example {
        purpose: "Sign a file:",
        lines: &["crypto nacl sign sign nacl.priv < message.txt > message.signed"],
    }],
    children: &[Node::Command(&KEYPAIR), Node::Command(&OPEN), Node::Command(&SIGN)],
};

static KEYPAIR: Command = Command {
    name: "keypair",
    summary: "make a key pair for signatures",
    description: "Makes a private and a public key of Ed25519, and writes them into files of 64 and 32 octets.",
    arguments: PAIR,
    flags: &[FORCE],
    examples: &[Example { purpose: "Make a key pair:", lines: &["crypto nacl sign keypair new.pub new.priv"] }],
    scope: Scope::Anywhere,
    run: |call| write_pair(call, &KEYPAIR, make),
};

static SIGN: Command = Command {
    name: "sign",
    summary: "sign a message",
    description: "Signs standard input and prints the signature with the message behind it, in base64 for URLs.",
    arguments: &[Argument { name: "<priv-file>", count: Count::One, help: "File with the private key, 64 octets." }],
    flags: &[RAW],
    examples: &[Example {
        purpose: "Sign a file:",
        lines: &["crypto nacl sign sign nacl.priv < message.txt > message.signed"],
    }],
    scope: Scope::Anywhere,
    run: sign,
};

static OPEN: Command = Command {
    name: "open",
    summary: "verify the signature of a message",
    description: "Verifies standard input, what 'crypto nacl sign sign' printed, and prints the message.",
    arguments: &[Argument { name: "<pub-file>", count: Count::One, help: "File with the public key, 32 octets." }],
    flags: &[RAW],
    examples: &[Example {
        purpose: "Verify a signed file, and keep the message:",
        lines: &["crypto nacl sign open nacl.pub < letter.signed > letter.txt"],
    }],
    scope: Scope::Anywhere,
    run: open,
};

fn sign(call: &Call) -> anyhow::Result<()> {
    let private = key::<64>("private key", call.argument(0).unwrap_or_default())?;
    let (seed, public) = private.split_at(32);
    let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public)
        .map_err(|_| anyhow!("invalid private key: its halves do not belong together"))?;
    let message = message(call, "Please enter text to sign")?;
    let signature = pair.try_sign(&message).map_err(|_| anyhow!("the key could not sign"))?;
    show(call, &[signature.as_ref(), &message].concat())
}

fn open(call: &Call) -> anyhow::Result<()> {
    let public = key::<32>("public key", call.argument(0).unwrap_or_default())?;
    let signed = sealed(call)?;
    let (signature, message) = signed.split_at_checked(64).context("error authenticating input")?;
    let verified = UnparsedPublicKey::new(&ED25519, public.as_slice()).verify(message, signature);
    verified.map_err(|_| anyhow!("error authenticating input"))?;
    print(message)
}

fn make() -> anyhow::Result<Pair> {
    let seed = random::<32>()?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(|_| anyhow!("the system could not make a key"))?;
    let public = pair.public_key().as_ref().to_vec();
    Ok(Pair { private: Zeroizing::new([seed.as_slice(), &public].concat()), public })
}
