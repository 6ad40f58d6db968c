//! The CA as it is.

use std::cell::RefCell;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use rung_pki::{Certificate, DistinguishedName, PrivateKey, Signer, keyfile};
use rung_spec::{Config, edit};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::ca::connection::read_roots;
use crate::call::Call;
use crate::input;
use crate::output::{Commit, Existing, Mode, Target, recover};
use crate::private_key::KeyFile;

/// The CA as it is.
pub(super) struct Present {
    /// Its configuration.
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) config: Config,
    /// The members of `retiredIntermediates`, as they are written.
    pub(super) retired: Vec<Value>,
    /// The certificate that issues.
    pub(super) certificate: Certificate,
    pub(super) roots: Vec<Certificate>,
}

/// The key that issues, and the password that it is under.
pub(super) struct Key {
    pub(super) key: PrivateKey,
    password: Option<Zeroizing<Vec<u8>>>,
}

impl Present {
    /// Read the configuration of the flags and the certificates that it names.
    pub(super) fn read(call: &Call) -> anyhow::Result<Self> {
        let path = match call.text("ca-config")? {
            Some(file) => PathBuf::from(file),
            None => call.folders()?.ca_config(),
        };
        recover(&path)?;
        let name = path.to_string_lossy();
        let contents = input::read("the configuration of the CA", &name)?;
        let text = String::from_utf8(contents.to_vec()).map_err(|_| anyhow!("{name} is not UTF-8 text"))?;
        let config = Config::parse(&text, &path)?;
        let retired = match edit::top_member(&text, "retiredIntermediates") {
            Some(Value::Array(all)) => all,
            _ => Vec::new(),
        };
        let crt = config.crt.to_string_lossy();
        let [certificate, ..] = &read_certificates(&crt)?[..] else { bail!("{crt} holds no certificate") };
        let certificate = certificate.clone();
        let mut roots = Vec::new();
        for root in &config.root {
            roots.extend(read_certificates(&root.to_string_lossy())?);
        }
        Ok(Self { certificate, roots, retired, config, text, path })
    }

    /// The key that issues: whoever can open it may say what comes after it.
    pub(super) fn key(&self, call: &Call) -> anyhow::Result<Key> {
        let opened = RefCell::new(None);
        let source =
            KeyFile { purpose: "the key of the intermediate", file: &self.config.key, password_flag: "password-file" };
        let key = source.read(call, |contents, password| {
            let key = keyfile::read_private_key(contents, password)?;
            *opened.borrow_mut() = password.map(|password| Zeroizing::new(password.to_vec()));
            Ok(key)
        })?;
        if self.certificate.public_key().ok() != Some(key.public_key()) {
            bail!("{} does not belong to {}", self.config.key, self.config.crt.display());
        }
        Ok(Key { key, password: opened.into_inner() })
    }

    /// Write the configuration with these members changed.
    pub(super) fn change(&self, call: &Call, changes: &[(&str, Option<Value>)]) -> anyhow::Result<()> {
        let changed = edit::change_members(&self.text, &self.path, changes)
            .map_err(|error| anyhow!("{}: {error}", self.path.display()))?;
        let mut commit = Commit::default();
        commit.put(Target::claim(&self.path, Existing::Replace)?, Mode::AsBefore, changed);
        commit.write()?;
        call.ui.done("CA Configuration", &self.path.to_string_lossy());
        call.ui.line("Send SIGHUP to the CA (kill -1 <pid>) to have it take this over.");
        Ok(())
    }

    /// The name of the intermediate with that number.
    pub(super) fn next_subject(&self, number: u32) -> anyhow::Result<DistinguishedName> {
        let present = self.certificate.subject();
        let name = present.common_name().unwrap_or("Intermediate CA");
        let bare = match name.rsplit_once(' ') {
            Some((bare, last)) if last.bytes().all(|octet| octet.is_ascii_digit()) => bare,
            _ => name,
        };
        let next = format!("{bare} {number}");
        present.clone().with_common_name(&next).with_context(|| format!("{next} cannot be the name of an intermediate"))
    }
}

impl Key {
    /// Another key, in a file like this one's.
    pub(super) fn dress(&self, other: &PrivateKey) -> anyhow::Result<String> {
        Ok(match &self.password {
            Some(password) => keyfile::to_encrypted_pkcs8_pem(other, password)?,
            None => keyfile::to_pkcs8_pem(other).to_string(),
        })
    }
}

pub(super) fn read_certificates(file: &str) -> anyhow::Result<Vec<Certificate>> {
    read_roots(file).with_context(|| format!("{file} cannot be used"))
}
