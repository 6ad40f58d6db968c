//! `crypto hash …`

mod compare;
mod digest;
mod tree;

use rung_pki::Hash;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Example, Flag, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "hash",
    summary: "hash files and folders",
    description: "Prints the hashes of files and folders, and compares them with what they should be.",
    examples: &[Example { purpose: "Print the SHA-256 of a file:", lines: &["crypto hash digest report.pdf"] }],
    children: &[Node::Command(&compare::COMMAND), Node::Command(&digest::COMMAND)],
};

/// The flags of both commands.
static FLAGS: &[Flag] = &[
    Flag::value(
        &["alg"],
        "<hash>",
        "The hash function: sha256 (the default), sha384, sha512, sha224, sha512-224, sha512-256, or one that is broken: \
         sha1, sha for short, and md5, which needs --insecure.",
    ),
    Flag::switch(&["insecure"], "Allow md5."),
];

/// The hash function of `--alg`.
fn function(call: &Call) -> anyhow::Result<Hash> {
    let name = call.text("alg")?.unwrap_or_else(|| "sha256".to_owned());
    let found = if name.eq_ignore_ascii_case("sha") { Ok(Hash::Sha1) } else { name.parse() };
    let hash = found.map_err(|_| Usage::new(format!("invalid value '{name}' for flag '--alg'")))?;
    if hash == Hash::Md5 && !call.switch("insecure")? {
        return Err(Usage::new(format!("flag '--alg {name}' requires the '--insecure' flag")).into());
    }
    Ok(hash)
}
