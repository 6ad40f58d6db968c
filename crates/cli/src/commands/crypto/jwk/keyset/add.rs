//! `crypto jwk keyset add`

use super::file::KeySetFile;
use crate::call::Call;
use crate::commands::crypto::jwk::from_input;
use crate::grammar::{Command, Example, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "add",
    summary: "add a key to a JWK set",
    description: "Reads a JWK from standard input, encrypted or not, and adds it to the set in the file, which is made \
        if it is not there. A set may hold several keys with one id. A set that is to be published holds public keys \
        alone; a private one is added with a warning.",
    arguments: std::slice::from_ref(&super::FILE),
    flags: &[std::slice::from_ref(&from_input::PASSWORD)],
    examples: &[Example { purpose: "Add a public key:", lines: &["crypto jwk keyset add jwks.json < jwk.pub.json"] }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let jwk = from_input::read(call)?;
    let (mut set, lock) = KeySetFile::lock(call.argument(0).unwrap_or_default())?;
    set.add(&jwk)?;
    set.write(lock)?;
    if !jwk.material.is_public() {
        call.ui.warning("The key that was added is secret: do not publish this set.");
    }
    Ok(())
}
