//! `crypto key sign`

use anyhow::bail;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rung_pki::keyfile::{AnyKey, Extent};
use rung_pki::{Hash, KeyAlgorithm, SignatureAlgorithm};

use super::verify::hash;
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::keys::file;
use crate::{input, ui};

pub(crate) static COMMAND: Command = Command {
    name: "sign",
    summary: "sign a file with a private key",
    description: "Prints the signature of a file in base64. An EC key signs with the hash of its curve (SHA-256, SHA-384 \
        or SHA-512), an Ed25519 key the file itself; of an RSA key --alg names the hash, SHA-256 without it. Nothing is \
        signed with MD5 or SHA-1, since somebody else could make another file that has the same signature.",
    arguments: &[Argument {
        name: "<file>",
        count: Count::Optional,
        help: "What to sign; standard input without it or with '-'.",
    }],
    flags: &[&[
        Flag::value(&["key"], "<file>", "File with the private key that signs."),
        Flag::value(&["alg"], "<hash>", "Hash for RSA: sha256 (the default), sha384 or sha512."),
        Flag::switch(&["pss"], "Sign with RSA-PSS and a salt as long as the hash."),
        Flag::switch(&["raw"], "Print the octets of the signature instead of base64."),
        Flag::value(&["password-file"], "<file>", "File with the password of the key, if it is encrypted."),
    ]],
    examples: &[
        Example { purpose: "Sign a file:", lines: &["crypto key sign --key svc.key report.pdf"] },
        Example {
            purpose: "Sign, and keep the signature as octets:",
            lines: &["crypto key sign --key svc.key --raw report.pdf > report.sig"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let key_file = call.required("key")?;
    let hash = hash(call)?;
    let key = match file::read(call, &key_file, Extent::Only)? {
        AnyKey::Private(key) => key,
        other => match other.verifying() {
            Ok(_) => bail!("key {key_file} is not a signer: it is a public key"),
            Err(error) => bail!("key {key_file} is not a signer: {error}"),
        },
    };
    let algorithm = match key.algorithm() {
        KeyAlgorithm::Rsa { .. } => match (hash, call.switch("pss")?) {
            (Hash::Sha256, false) => SignatureAlgorithm::RsaPkcs1Sha256,
            (Hash::Sha384, false) => SignatureAlgorithm::RsaPkcs1Sha384,
            (Hash::Sha512, false) => SignatureAlgorithm::RsaPkcs1Sha512,
            (Hash::Sha256, true) => SignatureAlgorithm::RsaPssSha256,
            (Hash::Sha384, true) => SignatureAlgorithm::RsaPssSha384,
            (Hash::Sha512, true) => SignatureAlgorithm::RsaPssSha512,
            (Hash::Md5 | Hash::Sha1, _) => {
                bail!("nothing is signed with a broken hash; choose sha256, sha384 or sha512 with --alg")
            }
            (Hash::Sha224 | Hash::Sha512To224 | Hash::Sha512To256, _) => {
                bail!("nothing is signed with a shortened hash; choose sha256, sha384 or sha512 with --alg")
            }
        },
        other => other.default_signature(),
    };
    let message = input::read("what to sign", call.argument(0).unwrap_or("-"))?;
    let signature = key.sign_now(algorithm, &message)?;
    match call.switch("raw")? {
        true => ui::print(&signature),
        false => ui::print((STANDARD.encode(signature) + "\n").as_bytes()),
    }
}
