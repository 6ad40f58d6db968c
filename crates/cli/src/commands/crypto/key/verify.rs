//! `crypto key verify`

use anyhow::{Context as _, bail};
use rung_pki::keyfile::{self, AnyKey, Extent, KeyFileError};
use rung_pki::{Hash, KeyAlgorithm, PublicKey, SignatureError};

use crate::base64_text::{decode, engine};
use crate::call::Call;
use crate::failure::{Ended, Usage};
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::keys::file;
use crate::{input, ui};

pub(crate) static COMMAND: Command = Command {
    name: "verify",
    summary: "verify the signature of a file with a public key",
    description: "Prints 'true' and exits with 0 if the signature is one of the file by the key; else it prints 'false' \
        to standard error and exits with 1. Old hashes are verified, too, but do not trust what was signed with MD5 or \
        SHA-1 if you do not trust who wrote it.",
    arguments: &[Argument {
        name: "<file>",
        count: Count::Optional,
        help: "What was signed; standard input without it or with '-'.",
    }],
    flags: &[&[
        Flag::value(&["key"], "<file>", "File with the public key, or a certificate with it."),
        Flag::value(&["signature", "sig"], "<base64>", "The signature."),
        Flag::value(
            &["alg"],
            "<hash>",
            "Hash for RSA: sha256 (the default), sha384, sha512, sha224, sha512-224, sha512-256, sha1 or md5.",
        ),
        Flag::switch(&["pss"], "The signature is one of RSA-PSS, with a salt of any length."),
    ]],
    examples: &[Example {
        purpose: "Verify what 'crypto key sign' printed:",
        lines: &[
            "crypto key sign --key svc.key report.pdf > report.sig && rung crypto key verify \\",
            "    --key svc.pub --signature \"$(cat report.sig)\" report.pdf",
        ],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let key_file = call.required("key")?;
    let signature = call.required("signature")?;
    let signature = decode(&engine(false, false), signature.as_bytes()).context("error decoding base64 signature")?;
    let hash = hash(call)?;
    let contents = input::read("the key", &key_file)?;
    if keyfile::is_encrypted(&contents) {
        bail!("unsupported public key {key_file}: it is a private key; 'crypto key public' prints its public half");
    }
    let key = match file::parse(call, &key_file, &contents, Extent::First)? {
        AnyKey::Public(key) => key,
        AnyKey::ExchangePublic(key) => {
            bail!("unsupported public key {key_file}: {}", KeyFileError::DoesNotSign(key.algorithm()))
        }
        AnyKey::ExchangePrivate(_) | AnyKey::Private(_) => {
            bail!("unsupported public key {key_file}: it is a private key; 'crypto key public' prints its public half")
        }
    };
    let message = input::read("what was signed", call.argument(0).unwrap_or("-"))?;
    match verify(&key, hash, call.switch("pss")?, &message, &signature) {
        Ok(()) => ui::print(b"true\n"),
        Err(SignatureError) => Err(Ended::with(1, "false").into()),
    }
}

fn verify(key: &PublicKey, hash: Hash, pss: bool, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
    match (key.algorithm(), pss) {
        (KeyAlgorithm::Rsa { .. }, true) => key.verify_rsa_pss(hash, message, signature),
        (KeyAlgorithm::Rsa { .. }, false) => key.verify_rsa_pkcs1(hash, message, signature),
        (other, _) => key.verify(other.default_signature(), message, signature),
    }
}

/// The hash of `--alg`.
pub(super) fn hash(call: &Call) -> anyhow::Result<Hash> {
    let Some(name) = call.text("alg")? else { return Ok(Hash::Sha256) };
    Ok(name.parse().map_err(|_| Usage::new(format!("unsupported algorithm {name}")))?)
}
