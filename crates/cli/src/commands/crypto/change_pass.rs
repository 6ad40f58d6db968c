//! `crypto change-pass`

use std::path::Path;

use anyhow::{Context as _, bail};
use rung_pki::PrivateKey;
use rung_pki::jose::{Jwk, jwe};
use rung_pki::keyfile::{self, AnyKey, Container, Extent, PrivateRef};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::keys::json::pretty;
use crate::output::{Commit, Existing, Mode, Target};
use crate::private_key::KeyFile;
use crate::secret;
use crate::ui::{Question, shown};

pub(crate) static COMMAND: Command = Command {
    name: "change-pass",
    summary: "change the password of a private key",
    description: "Encrypts a private key with another password, or for the first time, or takes the password away. A key \
        of OpenSSH stays one, DER stays DER, and JSON (JWK, JWE) stays JSON; what is encrypted in PEM and DER is PKCS#8, \
        whatever it was before. The file is replaced in one step and readable by you alone; the old one stays as it is \
        if anything goes wrong.",
    arguments: &[Argument { name: "<key-file>", count: Count::One, help: "The key: PEM, DER, OpenSSH, JWK or JWE." }],
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
    Json(Box<Jwk>),
    OpenSsh(PrivateKey, String),
    Other(AnyKey, Container),
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
    commit.put(target, Mode::Private, contents.as_slice());
    commit.write()?;
    call.ui.line(&format!("Your key has been saved in {}.", shown(out)));
    Ok(())
}

impl Key {
    fn parse(contents: &[u8], password: Option<&[u8]>) -> Result<Self, keyfile::KeyFileError> {
        let container = Container::of(contents)?;
        if container == Container::OpenSsh {
            let comment = keyfile::openssh_comment(contents, password)?;
            return Ok(Self::OpenSsh(keyfile::read_private_key(contents, password)?, comment));
        }
        if container != Container::Json {
            let key = keyfile::read_key(contents, password, Extent::Only)?;
            return match key.private() {
                Some(_) => Ok(Self::Other(key, container)),
                None => Err(keyfile::KeyFileError::NotAKey("private key")),
            };
        }
        // The members of a JWK, such as its id, are kept; so it is not enough to read the key.
        if !keyfile::is_encrypted(contents) {
            return json(contents);
        }
        let password = password.ok_or(keyfile::KeyFileError::PasswordRequired)?;
        let text = std::str::from_utf8(contents).unwrap_or_default().trim();
        json(&jwe::decrypt(text, password, keyfile::MAX_ITERATIONS)?)
    }

    fn plain(&self) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        let octets = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        Ok(match self {
            Self::Json(jwk) => octets(&Zeroizing::new(pretty(&jwk.to_json()) + "\n")),
            Self::Other(key, Container::Der) => keyfile::to_der(private(key)?),
            Self::OpenSsh(key, comment) => octets(&keyfile::to_openssh_pem(key, None, comment)?),
            Self::Other(key, _) => octets(&keyfile::to_pem(private(key)?)),
        })
    }

    fn encrypted(&self, password: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        let password = password.as_bytes();
        Ok(match self {
            Self::Json(jwk) => {
                let text = jwe::encrypt_json(jwk.to_json().as_bytes(), password, Some("jwk+json"))? + "\n";
                text.into_bytes().into()
            }
            Self::Other(key, Container::Der) => keyfile::to_encrypted_pkcs8_der(private(key)?, password)?.into(),
            Self::OpenSsh(key, comment) => {
                keyfile::to_openssh_pem(key, Some(password), comment)?.as_bytes().to_vec().into()
            }
            Self::Other(key, _) => keyfile::to_encrypted_pkcs8_pem(private(key)?, password)?.into_bytes().into(),
        })
    }
}

fn private(key: &AnyKey) -> anyhow::Result<PrivateRef<'_>> {
    key.private().context("it is not a private key")
}

fn json(text: &[u8]) -> Result<Key, keyfile::KeyFileError> {
    let jwk = Jwk::from_json(text)?;
    match jwk.material.is_public() {
        false => Ok(Key::Json(Box::new(jwk))),
        true => Err(keyfile::KeyFileError::NotAKey("private key")),
    }
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
