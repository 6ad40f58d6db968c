//! Provisioners of type JWK: their flags, and what they become in `ca.json`.

use anyhow::Context as _;
use rung_pki::jose::{PrivateJwk, PublicJwk, jwe};
use rung_pki::{KeyAlgorithm, PrivateKey, keyfile};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::ca::password::{self, Wish};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::{input, secret};

/// Flags of a provisioner of type JWK.
pub(super) static FLAGS: &[Flag] = &[
    Flag::switch(&["create"], "JWK: make a new key."),
    Flag::value(&["public-key"], "<file>", "JWK: use this public key (JWK or PEM); the CA then has no private key."),
    Flag::value(&["private-key"], "<file>", "JWK: keep this private key (JWK, JWE or PEM) with the CA, encrypted."),
    Flag::value(&["password-file"], "<file>", "JWK: file with the password that encrypts the private key."),
];

/// Put the key that the flags ask for into a provisioner.
pub(super) fn apply(call: &Call, provisioner: &mut Map<String, Value>) -> anyhow::Result<()> {
    let (public, private) = (call.text("public-key")?, call.text("private-key")?);
    if call.switch("create")? {
        if public.is_some() || private.is_some() {
            let other = if public.is_some() { "public-key" } else { "private-key" };
            return Err(Usage::new(format!("flag '--create' is incompatible with '{other}'")).into());
        }
        let key = PrivateJwk::describe(PrivateKey::generate(KeyAlgorithm::EcP256)?);
        return put_private(call, provisioner, &key);
    }
    if let Some(file) = private {
        return from_file(call, provisioner, &file, public.as_deref());
    }
    let Some(file) = public else { return Ok(()) };
    let key = read_public(&file)?;
    put_public(provisioner, &key)?;
    // The old private key does not belong to the new public one.
    provisioner.shift_remove("encryptedKey");
    Ok(())
}

fn read_public(file: &str) -> anyhow::Result<PublicJwk> {
    let contents = input::read("the file of --public-key", file)?;
    if let Ok(jwk) = PublicJwk::from_json(&contents) {
        return Ok(jwk);
    }
    let key = keyfile::read_public_key(&contents);
    Ok(PublicJwk::describe(key.with_context(|| format!("{file} is not a public key"))?))
}

fn from_file(
    call: &Call,
    provisioner: &mut Map<String, Value>,
    file: &str,
    public: Option<&str>,
) -> anyhow::Result<()> {
    let contents = input::read("the file of --private-key", file)?;
    let text = std::str::from_utf8(&contents).unwrap_or_default().trim();
    let is_jwe = text.split('.').count() == 5 && !text.starts_with('{');
    if let (true, Some(public)) = (is_jwe, public) {
        // A key that is encrypted already keeps its password.
        put_public(provisioner, &read_public(public)?)?;
        provisioner.insert("encryptedKey".to_owned(), text.into());
        return Ok(());
    }
    let key = match PrivateJwk::from_json(&contents) {
        Ok(jwk) => jwk,
        Err(_) => {
            let key = keyfile::read_private_key(&contents, None);
            PrivateJwk::describe(key.with_context(|| format!("{file} is not a private key that can be read"))?)
        }
    };
    if let Some(public) = public
        && read_public(public)?.thumbprint() != key.public().thumbprint()
    {
        anyhow::bail!("{public} and {file} are not two halves of one key");
    }
    put_private(call, provisioner, &key)
}

fn put_private(call: &Call, provisioner: &mut Map<String, Value>, key: &PrivateJwk) -> anyhow::Result<()> {
    let password = match call.text("password-file")? {
        Some(file) => secret::password_file("password-file", &file)?,
        None => Zeroizing::default(),
    };
    let password = if password.is_empty() {
        password::ask_new(
            &call.ui,
            &Wish {
                what: "the password of the provisioner's new key",
                heading: "",
                label: "Please enter a password to encrypt the provisioner private key? [leave empty and we'll generate one]",
            },
        )?
    } else {
        password
    };
    put_public(provisioner, key.public())?;
    let encrypted = jwe::encrypt_compact(key.to_json().as_bytes(), password.as_bytes(), Some("jwk+json"))?;
    provisioner.insert("encryptedKey".to_owned(), encrypted.into());
    Ok(())
}

fn put_public(provisioner: &mut Map<String, Value>, key: &PublicJwk) -> anyhow::Result<()> {
    provisioner.insert("key".to_owned(), serde_json::from_str(&key.to_json())?);
    Ok(())
}
