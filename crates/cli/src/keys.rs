//! Reading the keys that commands are given: any clothing, any kind, with their passwords.
//!
//! [`read`] takes a file with one key (PEM, OpenSSH, JWK, encrypted JWK), [`find_in_set`] one key out of a JWK set.
//! Both answer with a [`Jwk`], the one form that holds keys of every kind.

mod algorithm;
mod container;
pub(crate) mod file;
pub(crate) mod json;

use anyhow::{Context as _, anyhow, bail};
use rung_api::outbound::Fetcher;
use rung_pki::jose::{Jwk, JwkError, jwe};
use rung_pki::keyfile;
use url::Url;
use zeroize::Zeroizing;

pub(crate) use self::algorithm::{Guess, Purpose, check_fits, unfit};
use crate::call::Call;
use crate::failure::Usage;
use crate::ui::{Question, shown};
use crate::{input, secret};

/// What a key is wanted for.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// Signatures or encryption.
    pub(crate) purpose: Purpose,
    /// The algorithm of `--alg`.
    pub(crate) algorithm: Option<&'a str>,
    /// The id of `--kid`.
    pub(crate) key_id: Option<&'a str>,
    /// Whether `--alg` may contradict the key.
    pub(crate) subtle: bool,
    /// What to take for an algorithm when nobody names one.
    pub(crate) guess: Guess,
}

/// Read the one key of a file or `https://` address.
///
/// What comes back has an algorithm if one was asked for, is in it, or can be guessed. A key from PEM has its
/// thumbprint for an id; a JWK only its own.
pub(crate) fn read(call: &Call, file: &str, wish: &Wish<'_>) -> anyhow::Result<Jwk> {
    let contents = contents(file)?;
    let mut jwk = if contents.starts_with(b"-----BEGIN ") {
        let mut jwk = container::from_pem(call, file, &contents)?;
        if wish.key_id.is_none() {
            jwk.key_id = jwk.thumbprint();
        }
        jwk
    } else {
        let plain = decrypted(call, file, contents)?;
        Jwk::from_json(&plain).map_err(|error| unusable(file, error))?
    };
    match (wish.key_id, &jwk.key_id) {
        (Some(wanted), Some(own)) if wanted != own => bail!("kid {wanted} does not match the kid on {file}"),
        (Some(wanted), None) => jwk.key_id = Some(wanted.to_owned()),
        _ => {}
    }
    settle(jwk, file, wish)
}

/// Find the key with the id of the wish in a JWK set, which may be encrypted, in a file or at an `https://` address.
pub(crate) fn find_in_set(call: &Call, file: &str, wish: &Wish<'_>) -> anyhow::Result<Jwk> {
    let key_id = wish.key_id.unwrap_or_default();
    let plain = decrypted(call, file, contents(file)?)?;
    let keys = container::set_members(&plain).ok_or_else(|| unsupported(file))?;
    let mut found = keys.into_iter().filter(|(id, _)| id.as_deref().unwrap_or_default() == key_id);
    let Some((_, text)) = found.next() else { bail!("cannot find key with kid {key_id} on {file}") };
    if found.next().is_some() {
        bail!("multiple keys with kid {key_id} have been found on {file}");
    }
    let jwk = Jwk::from_json(text.get().as_bytes()).map_err(|error| unusable(file, error))?;
    settle(jwk, file, wish)
}

/// Decrypt a text if it is an encrypted one; the password comes from `--password-file`, if the command has it, or
/// from the person.
pub(crate) fn decrypted(call: &Call, file: &str, contents: Zeroizing<Vec<u8>>) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    if !keyfile::is_encrypted(&contents) {
        return Ok(contents);
    }
    let text = std::str::from_utf8(&contents).map_err(|_| unsupported(file))?;
    let open = |password: &[u8]| match jwe::decrypt(text, password, keyfile::MAX_ITERATIONS) {
        Ok(plain) => Ok(Some(plain)),
        Err(jwe::JweError::WrongPassword) => Ok(None),
        Err(error) => Err(anyhow!(error).context(format!("error reading {}", input::name(file)))),
    };
    if let Some(password) = password(call)? {
        return open(password.as_bytes())?.ok_or_else(|| anyhow!("failed to decrypt JWE: invalid password"));
    }
    let label = format!("Please enter the password to decrypt {}", shown(input::name(file)));
    call.ui.unlock(&question(call, &label), open)
}

/// The password of `--password-file`; an empty one is none.
fn password(call: &Call) -> anyhow::Result<Option<Zeroizing<String>>> {
    if !call.knows(PASSWORD_FILE) {
        return Ok(None);
    }
    let Some(file) = call.text(PASSWORD_FILE)? else { return Ok(None) };
    Ok(Some(secret::password_file(PASSWORD_FILE, &file)?).filter(|password| !password.is_empty()))
}

fn question<'a>(call: &Call, label: &'a str) -> Question<'a> {
    let remedy = if call.knows(PASSWORD_FILE) {
        "put the password into a file and pass it with --password-file"
    } else {
        "run the command in a terminal"
    };
    Question { what: "the password of the key", remedy, heading: "", label }
}

/// What is in a file, or at an `https://` address.
pub(crate) fn contents(file: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    if !file.starts_with("https://") {
        let read = std::fs::symlink_metadata(file).map(drop);
        if let Err(error) = read
            && error.kind() == std::io::ErrorKind::NotFound
            && file != "-"
        {
            bail!("error reading {file}: open {file}: no such file or directory");
        }
        return input::read("the key", file);
    }
    let url = Url::parse(file).with_context(|| format!("error retrieving {file}"))?;
    let fetched = Fetcher::new(Vec::new()).get_json(&url).with_context(|| format!("error retrieving {file}"))?;
    Ok(Zeroizing::new(fetched.bytes))
}

/// Give the key the algorithm that it is used with.
fn settle(mut jwk: Jwk, file: &str, wish: &Wish<'_>) -> anyhow::Result<Jwk> {
    if jwk.usage.is_none() {
        jwk.usage = Some(wish.purpose.name().to_owned());
    }
    match (wish.algorithm, &jwk.algorithm) {
        (Some(wanted), Some(own)) if wanted != own && !wish.subtle => {
            return Err(Usage::new(format!("alg {wanted} does not match the alg on {file}")).into());
        }
        (Some(wanted), _) => jwk.algorithm = Some(wanted.to_owned()),
        (None, None) => jwk.algorithm = wish.guess.algorithm(&jwk).map(str::to_owned),
        (None, Some(_)) => {}
    }
    Ok(jwk)
}

fn unsupported(file: &str) -> anyhow::Error {
    let text = format!("error reading {}: unsupported format", input::name(file));
    Usage::new(text).with_hint("A key is a PEM file or a JWK; a shared secret is a JWK of type oct.".to_owned()).into()
}

/// A JWK that is no key: what has the form of a JWK is told what is wrong with it.
pub(crate) fn unusable(file: &str, error: JwkError) -> anyhow::Error {
    match error {
        JwkError::Json(_) | JwkError::Member("kty") => unsupported(file),
        other => anyhow!("error reading {}: {other}", input::name(file)),
    }
}

const PASSWORD_FILE: &str = "password-file";
