//! `crypto jwk keyset find`

use super::file::KeySetFile;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Scope};
use crate::keys::json::pretty;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "find",
    summary: "print the keys of a JWK set that have an id",
    description: "Prints every key of the set with this id as JSON. When there is none it prints nothing and fails, so \
        that scripts notice.",
    arguments: std::slice::from_ref(&super::FILE),
    flags: &[&[super::KID]],
    examples: &[Example { purpose: "Print a key:", lines: &["crypto jwk keyset find jwks.json --kid my-key"] }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    if !call.is_typed("kid") {
        return Err(Usage::new(format!("'{}' requires the '--kid' flag", call.full_name())).into());
    }
    let key_id = call.text("kid")?.unwrap_or_default();
    let file = call.argument(0).unwrap_or_default();
    let set = KeySetFile::read(file)?;
    let found = set.keys().filter(|(own, _)| *own == key_id);
    let text: String = found.map(|(_, key)| pretty(&key.to_string()) + "\n").collect();
    if text.is_empty() {
        return Err(Usage::new(format!("cannot find key with kid {key_id} on {file}")).into());
    }
    print(text.as_bytes())
}
