//! The key of a new certificate: made, or taken from a file.

use rung_pki::{KeyAlgorithm, PrivateKey, PublicKey, Signer as _, keyfile};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::private_key::KeyFile;
use crate::ui::Question;
use crate::{input, secret};

/// The key that a certificate is for.
pub(super) enum OwnKey {
    /// Whoever is here has it.
    Private(Box<PrivateKey>),
    /// Somebody else has it.
    Public(PublicKey),
}

impl OwnKey {
    /// The key of --key, or a new one.
    pub(super) fn obtain(call: &Call, algorithm: KeyAlgorithm) -> anyhow::Result<Self> {
        let Some(file) = call.text("key")? else {
            return Ok(Self::Private(Box::new(PrivateKey::generate(algorithm)?)));
        };
        for flag in ["kty", "curve", "size"] {
            if call.is_typed(flag) {
                return Err(Usage::new(format!("flag '--key' is incompatible with '{flag}'")).into());
            }
        }
        let contents = input::read("the key of --key", &file)?;
        let is_private = keyfile::is_encrypted(&contents) || keyfile::read_private_key(&contents, None).is_ok();
        if let (false, Ok(public)) = (is_private, keyfile::read_public_key(&contents)) {
            if !call.switch("skip-csr-signature")? {
                return Err(Usage::new("flag '--skip-csr-signature' is required with a public key").into());
            }
            return Ok(Self::Public(public));
        }
        let source = KeyFile { purpose: "the key of --key", file: &file, password_flag: "password-file" };
        Ok(Self::Private(Box::new(source.read(call, keyfile::read_private_key)?)))
    }

    pub(super) fn public(&self) -> &PublicKey {
        match self {
            Self::Private(key) => key.public_key(),
            Self::Public(key) => key,
        }
    }

    pub(super) fn private(&self) -> Option<&PrivateKey> {
        match self {
            Self::Private(key) => Some(key),
            Self::Public(_) => None,
        }
    }

    /// The password that the key is written under; nothing with --no-password.
    pub(super) fn new_password(&self, call: &Call) -> anyhow::Result<Option<Zeroizing<String>>> {
        if call.switch("no-password")? {
            return Ok(None);
        }
        if let Some(file) = call.text("password-file")? {
            let password = secret::password_file("password-file", &file)?;
            if password.is_empty() {
                return Err(Usage::new(format!("the password file of --password-file, {file}, is empty")).into());
            }
            return Ok(Some(password));
        }
        let question = Question {
            what: "the password of the new key",
            remedy: "put it into a file and pass it with --password-file, or pass --no-password --insecure",
            heading: "",
            label: "Please enter the password to encrypt the private key",
        };
        loop {
            let password = call.ui.ask_password(&question)?;
            if !password.is_empty() {
                return Ok(Some(password));
            }
            call.ui.warning("The password must not be empty.");
        }
    }
}
