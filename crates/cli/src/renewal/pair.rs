//! A certificate with its key, as two files hold them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rung_pki::{Certificate, PrivateKey, Signer};

use super::schedule::Lifetime;
use crate::{input, output};

/// A chain and the key of its first certificate. Made only by [`Pair::new`].
pub(crate) struct Pair {
    chain: Vec<Certificate>,
    key: Arc<PrivateKey>,
}

impl Pair {
    /// Read two files that belong together; `read_key` reads the second one.
    pub(crate) fn read(
        certificate: &str,
        key: &str,
        read_key: impl FnOnce() -> anyhow::Result<PrivateKey>,
    ) -> anyhow::Result<Self> {
        // A command that wrote both and was interrupted may have left the one old and the other new.
        output::recover(Path::new(certificate))?;
        let contents = input::read("the certificate", certificate)?;
        let chain = Certificate::all_from_pem(&contents);
        let chain = chain.with_context(|| format!("the certificate, {}, cannot be used", input::name(certificate)))?;
        Self::new(chain, read_key()?)
            .with_context(|| format!("{} and {} cannot be used together", input::name(certificate), input::name(key)))
    }

    /// A chain and a key that belong together.
    pub(crate) fn new(chain: Vec<Certificate>, key: impl Into<Arc<PrivateKey>>) -> anyhow::Result<Self> {
        let key = key.into();
        let Some(leaf) = chain.first() else { bail!("there is no certificate") };
        if leaf.public_key_info() != key.public_key().spki() {
            bail!("the key is not the one of the certificate");
        }
        if leaf.is_ca() {
            bail!("the certificate is the one of a CA, and a CA does not renew CAs");
        }
        Ok(Self { chain, key })
    }

    /// The same key with the chain that replaces this one.
    pub(crate) fn renewed(&self, chain: Vec<Certificate>) -> anyhow::Result<Self> {
        Self::new(chain, Arc::clone(&self.key))
    }

    /// The certificate and its intermediates.
    pub(crate) fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The certificate.
    pub(crate) fn leaf(&self) -> &Certificate {
        self.chain.first().expect("a pair has a certificate")
    }

    /// The key.
    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// When it is valid.
    pub(crate) fn lifetime(&self) -> Lifetime {
        Lifetime::of(self.leaf())
    }

    /// How people call it: its common name, or else its first name.
    pub(crate) fn name(&self) -> String {
        name(self.leaf())
    }
}

/// How people call a certificate: its common name, or else its first name, or else its number.
pub(crate) fn name(leaf: &Certificate) -> String {
    let common = leaf.subject().common_name().map(str::to_owned);
    let first = || leaf.subject_alt_names().ok()?.first().map(ToString::to_string);
    common.or_else(first).unwrap_or_else(|| leaf.serial().to_string())
}
