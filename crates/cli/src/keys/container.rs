//! The clothing that keys come in.

use anyhow::{anyhow, bail};
use rung_pki::jose::{Jwk, Material};
use rung_pki::keyfile::{self, Extent, KeyFileError};
use rung_pki::pem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{password, question};
use crate::call::Call;
use crate::input;
use crate::ui::shown;

/// The key of a PEM file with exactly one block; `file` is its name in errors.
pub(super) fn from_pem(call: &Call, file: &str, contents: &[u8]) -> anyhow::Result<Jwk> {
    let file = input::name(file);
    let Ok(mut blocks) = pem::decode_all(contents) else {
        bail!("error decoding {file}: not a valid PEM encoded block");
    };
    // OpenSSL writes the name of the curve before a key; the key names it again.
    blocks.retain(|block| block.label != "EC PARAMETERS");
    let [block] = &blocks[..] else {
        match blocks.len() {
            0 => bail!("error decoding {file}: not a valid PEM encoded block"),
            _ => bail!("error decoding {file}: contains more than one PEM encoded block"),
        }
    };
    match block.label.as_str() {
        "CERTIFICATE" | "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" | "PUBLIC KEY" | "RSA PUBLIC KEY" => {
            let key = keyfile::read_key(contents, None, Extent::Only).and_then(Material::try_from);
            Ok(Jwk::new(key.map_err(|error| anyhow!("error parsing {file}: {error}"))?))
        }
        "DSA PRIVATE KEY"
        | "EC PRIVATE KEY"
        | "ENCRYPTED PRIVATE KEY"
        | "OPENSSH PRIVATE KEY"
        | "PRIVATE KEY"
        | "RSA PRIVATE KEY" => private(call, file, contents),
        other => bail!("error decoding {file}: contains an unexpected header '{other}'"),
    }
}

/// The keys of a JWK set with their ids, unread.
pub(super) fn set_members(text: &[u8]) -> Option<Vec<(Option<String>, Box<RawValue>)>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Box<RawValue>>,
    }
    #[derive(Deserialize)]
    struct Named {
        kid: Option<String>,
    }
    let set: Set = serde_json::from_slice(text).ok()?;
    let named = |key: Box<RawValue>| Some((serde_json::from_str::<Named>(key.get()).ok()?.kid, key));
    set.keys.into_iter().map(named).collect()
}

fn private(call: &Call, file: &str, contents: &[u8]) -> anyhow::Result<Jwk> {
    let read = |password: Option<&[u8]>| {
        let key = keyfile::read_key(contents, password, Extent::Only)?;
        Ok(Jwk::new(key.try_into()?))
    };
    let damaged = |error: KeyFileError| anyhow!("error parsing {file}: {error}");
    if !keyfile::is_encrypted(contents) {
        return read(None).map_err(damaged);
    }
    if let Some(password) = password(call)? {
        return match read(Some(password.as_bytes())) {
            Err(KeyFileError::WrongPassword) => {
                bail!("error decrypting {file}: x509: decryption password incorrect")
            }
            outcome => outcome.map_err(damaged),
        };
    }
    let label = format!("Please enter the password to decrypt {}", shown(file));
    call.ui.unlock(&question(call, &label), |password| match read(Some(password)) {
        Err(KeyFileError::WrongPassword) => Ok(None),
        outcome => outcome.map(Some).map_err(damaged),
    })
}
