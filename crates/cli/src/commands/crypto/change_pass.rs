//! `crypto change-pass`

use std::path::Path;

use anyhow::bail;
use rung_pki::jose::{PrivateJwk, jwe};
use rung_pki::{PrivateKey, keyfile};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode, Target};
use crate::private_key::KeyFile;
use crate::secret;
use crate::ui::{Question, shown};

pub(crate) static COMMAND: Command = Command {
    name: "change-pass",
    summary: "change the password of a private key",
    description: "Encrypts a private key with another password, or for the first time. PEM keys become encrypted \
        PKCS#8, whatever they were; JSON keys (JWK, JWE) stay JSON. The file is replaced in one step and readable by \
        you alone; the old one stays as it is if anything goes wrong.",
    arguments: &[Argument { name: "<key-file>", count: Count::One, help: "The key: PEM, DER, JWK or JWE." }],
    flags: &[&[
        Flag::value(&["password-file"], "<file>", "File with the present password."),
        Flag::value(&["new-password-file"], "<file>", "File with the new password."),
        Flag::value(&["out", "output-file"], "<file>", "Write to this <file> and leave the key file alone."),
        Flag::switch(&["no-password"], "Write the key without encryption; needs --insecure."),
        Flag::switch(&["insecure"], "Allow what is not safe."),
        Flag::switch(&["force", "f"], "Overwrite the file of --out without asking."),
    ]],
    examples: &[
        Example { purpose: "Change the password in place:", lines: &["crypto change-pass svc.key"] },
        Example {
            purpose: "Decrypt a key for a server that cannot ask for passwords:",
            lines: &["crypto change-pass svc.key --out plain.key --no-password --insecure"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

/// A private key, and how it was written.
enum Key {
    Json(Box<PrivateJwk>),
    Pem(PrivateKey),
}

fn run(call: &Call) -> anyhow::Result<()> {
    let file = call.argument(0).unwrap_or_default();
    let is_plain = call.switch("no-password")?;
    if is_plain && !call.switch("insecure")? {
        return Err(Usage::new("flag '--no-password' requires the '--insecure' flag").into());
    }
    let new_file = call.text("new-password-file")?;
    if is_plain && new_file.is_some() {
        return Err(Usage::new("flag '--no-password' is incompatible with '--new-password-file'").into());
    }
    let out = call.text("out")?;
    let target = match &out {
        Some(out) if out != file => Target::claim(Path::new(out), Existing::forced(call.switch("force")?, &call.ui))?,
        // Replacing its own file is what was asked for.
        _ => Target::claim(Path::new(file), Existing::Replace)?,
    };
    let out = out.as_deref().unwrap_or(file);
    let key_file = KeyFile { purpose: "the key", file, password_flag: "password-file" };
    let key = key_file.read(call, Key::parse)?;
    let contents = if is_plain { key.plain()? } else { key.encrypted(&new_password(call, new_file, out)?)? };
    let mut commit = Commit::default();
    commit.put(target, Mode::Private, contents.as_bytes());
    commit.write()?;
    call.ui.line(&format!("Your key has been saved in {}.", shown(out)));
    Ok(())
}

impl Key {
    fn parse(contents: &[u8], password: Option<&[u8]>) -> Result<Self, keyfile::KeyFileError> {
        let text = std::str::from_utf8(contents).unwrap_or_default().trim();
        let is_json = text.starts_with('{') || text.split('.').count() == 5;
        if !is_json {
            return keyfile::read_private_key(contents, password).map(Self::Pem);
        }
        // The members of a JWK, such as its id, are kept; so it is not enough to read the key.
        if !keyfile::is_encrypted(contents) {
            return json(contents);
        }
        let password = password.ok_or(keyfile::KeyFileError::PasswordRequired)?;
        json(&jwe::decrypt(text, password, keyfile::MAX_ITERATIONS)?)
    }

    fn plain(&self) -> anyhow::Result<Zeroizing<String>> {
        match self {
            Self::Json(jwk) => {
                let value: serde_json::Value = serde_json::from_str(&jwk.to_json())?;
                Ok(Zeroizing::new(serde_json::to_string_pretty(&value)? + "\n"))
            }
            Self::Pem(key) => Ok(keyfile::to_pem(key)),
        }
    }

    fn encrypted(&self, password: &str) -> anyhow::Result<Zeroizing<String>> {
        let text = match self {
            Self::Json(jwk) => {
                jwe::encrypt_json(jwk.to_json().as_bytes(), password.as_bytes(), Some("jwk+json"))? + "\n"
            }
            Self::Pem(key) => keyfile::to_encrypted_pkcs8_pem(key, password.as_bytes())?,
        };
        Ok(Zeroizing::new(text))
    }
}

fn json(text: &[u8]) -> Result<Key, keyfile::KeyFileError> {
    let key = PrivateJwk::from_json(text).map_err(|error| keyfile::KeyFileError::Malformed(error.to_string()))?;
    Ok(Key::Json(Box::new(key)))
}

fn new_password(call: &Call, file: Option<String>, out: &str) -> anyhow::Result<Zeroizing<String>> {
    let password = match file {
        Some(file) => secret::password_file("new-password-file", &file)?,
        None => {
            let label = format!("Please enter the password to encrypt {}", shown(out));
            call.ui.ask_password(&Question {
                what: "the new password of the key",
                remedy: "put the password into a file and pass it with --new-password-file",
                heading: "",
                label: &label,
            })?
        }
    };
    if password.is_empty() {
        bail!("the new password is empty; to write the key without encryption pass --no-password --insecure");
    }
    Ok(password)
}
