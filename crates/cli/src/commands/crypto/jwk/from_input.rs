//! The JWK that a command finds on its standard input.

use anyhow::bail;
use rung_pki::jose::{Jwk, JwkError};

use crate::call::Call;
use crate::grammar::Flag;
use crate::{input, keys};

/// The flag for the password of that key.
pub(super) static PASSWORD: Flag =
    Flag::value(&["password-file"], "<file>", "File with the password of the key, if it is encrypted.");

/// Read a JWK, which may be encrypted, from standard input.
pub(super) fn read(call: &Call) -> anyhow::Result<Jwk> {
    let plain = keys::decrypted(call, "-", input::read("the JWK", "-")?)?;
    match Jwk::from_json(&plain) {
        Ok(jwk) => Ok(jwk),
        Err(JwkError::Json(_) | JwkError::Member("kty")) => bail!("error reading JWK: unsupported format"),
        Err(error) => bail!("error reading JWK: {error}"),
    }
}
