//! Files with one key, private or public, in any clothing; and the password of a new one.

use anyhow::{anyhow, bail};
use rung_pki::keyfile::{AnyKey, Extent, KeyFileError, read_key};
use zeroize::Zeroizing;

use super::{password, question};
use crate::call::Call;
use crate::ui::{Question, shown};
use crate::{input, secret};

/// Read the key in a file, or in standard input for `-`. The password comes from `--password-file` if the command has
/// that flag, else from the person.
pub(crate) fn read(call: &Call, file: &str, extent: Extent) -> anyhow::Result<AnyKey> {
    parse(call, file, &input::read("the key", file)?, extent)
}

/// The same for what was read from the file.
pub(crate) fn parse(call: &Call, file: &str, contents: &[u8], extent: Extent) -> anyhow::Result<AnyKey> {
    let unusable = |error| unusable(file, error);
    match read_key(contents, None, extent) {
        Err(KeyFileError::PasswordRequired) => {}
        outcome => return outcome.map_err(unusable),
    }
    if let Some(password) = password(call)? {
        return read_key(contents, Some(password.as_bytes()), extent).map_err(unusable);
    }
    let label = format!("Please enter the password to decrypt {}", shown(input::name(file)));
    call.ui.unlock(&question(call, &label), |password| match read_key(contents, Some(password), extent) {
        Err(KeyFileError::WrongPassword) => Ok(None),
        outcome => outcome.map(Some).map_err(unusable),
    })
}

/// The password that a new file is encrypted with: from the file of a flag, else from the person, who is asked with
/// this label.
pub(crate) fn new_password(call: &Call, flag: &'static str, label: &str) -> anyhow::Result<Zeroizing<String>> {
    let password = match call.text(flag)? {
        Some(file) => secret::password_file(flag, &file)?,
        None => call.ui.ask_password(&Question {
            what: "the new password of the key",
            remedy: &format!("put the password into a file and pass it with --{flag}"),
            heading: "",
            label,
        })?,
    };
    if password.is_empty() {
        bail!("the new password is empty; to write the key without encryption pass --no-password --insecure");
    }
    Ok(password)
}

/// What is wrong with the file.
fn unusable(file: &str, error: KeyFileError) -> anyhow::Error {
    let file = input::name(file);
    match error {
        KeyFileError::SeveralKeys => anyhow!("error decoding {file}: contains more than one PEM encoded block"),
        KeyFileError::WrongPassword => anyhow!("error decrypting {file}: x509: decryption password incorrect"),
        KeyFileError::NotAKey(_) => {
            anyhow!("error decoding {file}: it is not a key in PEM, DER, JWK or OpenSSH format")
        }
        other => anyhow!("error decoding {file}: {other}"),
    }
}
