//! `crypto nacl …`

mod auth;
mod nacl_box;
mod secretbox;
mod sign;

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::base64_text::{decode, engine};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Group, Node};
use crate::input;
use crate::nacl::{self, KEY, NONCE};
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::{Question, print, shown};

pub(crate) static GROUP: Group = Group {
    name: "nacl",
    summary: "seal and sign messages with NaCl",
    description: "Boxes, secret boxes, signatures and authenticators of NaCl, the library of Bernstein, Lange and Schwabe, \
        as libsodium and many others have them.",
    examples: &[Example {
        purpose: "Make a key pair for boxes:",
        lines: &["crypto nacl box keypair new.pub new.priv"],
    }],
    children: &[
        Node::Group(&auth::GROUP),
        Node::Group(&nacl_box::GROUP),
        Node::Group(&secretbox::GROUP),
        Node::Group(&sign::GROUP),
    ],
};

/// Whether what is sealed or signed is text or octets.
static RAW: &[Flag] = &[Flag::switch(&["raw"], "What is sealed or signed is octets, not base64.")];

/// The flag of commands that make key files.
static FORCE: &[Flag] = &[Flag::switch(&["force", "f"], "Overwrite files without asking.")];

/// The key in a file; `what` is how an error calls it.
fn key<const LEN: usize>(what: &str, file: &str) -> anyhow::Result<Zeroizing<[u8; LEN]>> {
    let contents = input::read("the key", file)?;
    let key = contents.as_slice().try_into();
    key.map(Zeroizing::new).map_err(|_| anyhow!("invalid {what}: key size is not {LEN} bytes"))
}

/// What a nonce stands for: text, or base64; filled up with zeros.
fn nonce(text: &str) -> anyhow::Result<[u8; NONCE]> {
    let octets = match (text.strip_prefix("string:"), text.strip_prefix("base64:")) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (_, Some(encoded)) => {
            decode(&engine(false, false), encoded.as_bytes()).context("error decoding base64 nonce")?.to_vec()
        }
        _ => text.as_bytes().to_vec(),
    };
    if octets.len() > NONCE {
        return Err(Usage::new(format!("nonce cannot be longer than {NONCE} bytes")).into());
    }
    let mut nonce = [0; NONCE];
    nonce[..octets.len()].copy_from_slice(&octets);
    Ok(nonce)
}

/// What a command works on: standard input, or what the person types.
fn message(call: &Call, label: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    if let Some(message) = input::piped("the message")? {
        return Ok(message);
    }
    let question = Question { what: "the message", remedy: "write it into standard input", heading: "", label };
    let text = call.ui.ask_text(&question, |_| Ok(()))?;
    if text.is_empty() {
        bail!("there is no message");
    }
    Ok(Zeroizing::new(text.into_bytes()))
}

/// What was sealed or signed, from standard input.
fn sealed(call: &Call) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let contents = input::read("what is to be opened", "-")?;
    match call.switch("raw")? {
        true => Ok(contents),
        false => decode(&engine(true, true), &contents).context("error decoding base64 input"),
    }
}

/// Print what was sealed or signed.
fn show(call: &Call, sealed: &[u8]) -> anyhow::Result<()> {
    match call.switch("raw")? {
        true => print(sealed),
        false => print((URL_SAFE_NO_PAD.encode(sealed) + "\n").as_bytes()),
    }
}

/// What a message is sealed and opened with.
type KeyAndNonce = (Zeroizing<[u8; KEY]>, [u8; NONCE]);

/// Encrypt standard input.
fn seal(call: &Call, (key, nonce): KeyAndNonce) -> anyhow::Result<()> {
    show(call, &nacl::seal(&key, &nonce, &message(call, "Please enter text to seal")?))
}

/// Decrypt standard input.
fn open(call: &Call, (key, nonce): KeyAndNonce) -> anyhow::Result<()> {
    let opened = nacl::open(&key, &nonce, &sealed(call)?);
    print(&opened.map_err(|_| anyhow!("error authenticating or decrypting input"))?)
}

/// The arguments of commands that make key files.
static PAIR: &[Argument] = &[
    Argument { name: "<pub-file>", count: Count::One, help: "Where the public key goes." },
    Argument { name: "<priv-file>", count: Count::One, help: "Where the private key goes." },
];

/// Make the two files of a key pair.
fn write_pair(call: &Call, command: &Command, make: fn() -> anyhow::Result<Pair>) -> anyhow::Result<()> {
    let [public_file, private_file] = [0, 1].map(|place| call.argument(place).unwrap_or_default());
    if public_file == private_file {
        let tail = format!("'{} {}'", call.full_name(), command.usage_tail());
        return Err(
            Usage::new(format!("positional arguments <pub-file> and <priv-file> cannot be equal in {tail}")).into()
        );
    }
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let public_target = Target::claim(Path::new(public_file), existing)?;
    let private_target = Target::claim(Path::new(private_file), existing)?;
    let pair = make()?;
    let mut commit = Commit::default();
    commit.put(public_target, Mode::Private, pair.public);
    commit.put(private_target, Mode::Private, pair.private.as_slice());
    commit.write()?;
    call.ui.line(&format!("Your public key has been saved in {}.", shown(public_file)));
    call.ui.line(&format!("Your private key has been saved in {}.", shown(private_file)));
    Ok(())
}

/// A new key pair.
struct Pair {
    public: Vec<u8>,
    private: Zeroizing<Vec<u8>>,
}

/// New random octets.
fn random<const LEN: usize>() -> anyhow::Result<Zeroizing<[u8; LEN]>> {
    let mut octets = Zeroizing::new([0; LEN]);
    aws_lc_rs::rand::fill(&mut *octets).map_err(|_| anyhow!("the system has no randomness"))?;
    Ok(octets)
}
