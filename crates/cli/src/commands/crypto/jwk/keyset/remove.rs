//! `crypto jwk keyset remove`

use super::file::KeySetFile;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Scope};
use crate::ui::shown;

pub(crate) static COMMAND: Command = Command {
    name: "remove",
    summary: "remove a key from a JWK set",
    description: "Removes all keys with an id from the set in the file. With --kid \"\" it removes those without one.",
    arguments: std::slice::from_ref(&super::FILE),
    flags: &[&[super::KID]],
    examples: &[Example { purpose: "Remove a key:", lines: &["crypto jwk keyset remove jwks.json --kid old-key"] }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    // Keys without an id are only removed when that is what was typed.
    if !call.is_typed("kid") {
        return Err(Usage::new(format!("'{}' requires the '--kid' flag", call.full_name())).into());
    }
    let key_id = call.text("kid")?.unwrap_or_default();
    let (mut set, lock) = KeySetFile::lock(call.argument(0).unwrap_or_default())?;
    if set.remove(&key_id) == 0 {
        call.ui.warning(&format!("There is no key with the id '{}'; nothing was removed.", shown(&key_id)));
        return Ok(());
    }
    set.write(lock)
}
