//! `crypto key fingerprint`

use rung_pki::Hash;
use rung_pki::keyfile::{AnyKey, Extent, KeyFileError};

use crate::call::Call;
use crate::failure::Usage;
use crate::fingerprint::encoder;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::keys::file;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "fingerprint",
    summary: "print the fingerprint of a key",
    description: "Prints the SHA-256 of a public key, or of the public half of a private one, in base64 after the name \
        of the hash. What is hashed is the key itself, as in the key identifier of certificates; with --pkix the whole \
        structure that certificates hold, with --ssh what OpenSSH hashes.",
    arguments: &[Argument {
        name: "<key-file>",
        count: Count::Optional,
        help: "A key or certificate; standard input without it or with '-'.",
    }],
    flags: &[&[
        Flag::switch(&["sha1"], "Use SHA-1: with neither --pkix nor --ssh this is the key identifier of certificates."),
        Flag::switch(&["pkix"], "Hash the SubjectPublicKeyInfo, as for pinned keys."),
        Flag::switch(&["ssh"], "Hash what OpenSSH hashes."),
        Flag::switch(&["raw"], "Print the octets that would be hashed."),
        Flag::value(
            &["format"],
            "<format>",
            "base64 (the default; hex with --sha1), hex, base64-url, base64-raw, base64-url-raw or emoji.",
        ),
        Flag::value(&["password-file"], "<file>", "File with the password of the key, if it is encrypted."),
    ]],
    examples: &[
        Example { purpose: "Print the fingerprint of a key:", lines: &["crypto key fingerprint svc.key"] },
        Example {
            purpose: "Print the key identifier that is in the certificates of the key:",
            lines: &["crypto key fingerprint --sha1 svc.crt"],
        },
        Example {
            purpose: "Print the fingerprint that OpenSSH shows:",
            lines: &["crypto key fingerprint --ssh --format base64-raw svc.key"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let (pkix, ssh) = (call.switch("pkix")?, call.switch("ssh")?);
    if pkix && ssh {
        return Err(Usage::new("flag '--pkix' and flag '--ssh' are mutually exclusive").into());
    }
    let (hash, name, usual) =
        if call.switch("sha1")? { (Hash::Sha1, "SHA1", "hex") } else { (Hash::Sha256, "SHA256", "base64") };
    let format = call.text("format")?.unwrap_or_else(|| usual.to_owned());
    let encode = encoder(&format).ok_or_else(|| {
        Usage::new(format!("error parsing fingerprint format: '{format}' is not a valid fingerprint format"))
    })?;
    let key = file::read(call, call.argument(0).unwrap_or("-"), Extent::First)?;
    let octets = hashed(&key, pkix, ssh)?;
    match call.switch("raw")? {
        true => print(&octets),
        false => print(format!("{name}:{}\n", encode(&hash.digest(&octets))).as_bytes()),
    }
}

fn hashed(key: &AnyKey, pkix: bool, ssh: bool) -> Result<Vec<u8>, KeyFileError> {
    match (pkix, ssh) {
        (true, _) => Ok(key.spki().to_vec()),
        (_, true) => key.ssh_blob(),
        _ => Ok(key.bits().to_vec()),
    }
}
