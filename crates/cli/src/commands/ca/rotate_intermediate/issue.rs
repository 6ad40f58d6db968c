//! Roots that sign intermediates.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use rung_pki::extension::{self, Extension, oid};
use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, PrivateKey, PublicKey, SerialNumber, Signer, SystemRandom,
    keyfile,
};

use super::files;
use super::present::Present;
use crate::ca::connection::read_roots;
use crate::call::Call;
use crate::issuer;
use crate::private_key::KeyFile;

/// A root, with its key if that is here.
pub(super) struct Signatory {
    pub(super) certificate: Certificate,
    /// The file of the certificate, by its whole name.
    pub(super) file: String,
    key: Option<PrivateKey>,
}

impl Signatory {
    /// The root of `--ca` and `--ca-key`, or the first of the configuration.
    pub(super) fn of(call: &Call, present: &Present) -> anyhow::Result<Self> {
        let file = match call.text("ca")? {
            Some(file) => file,
            None => present.config.root[0].to_string_lossy().into_owned(),
        };
        let key = match call.text("ca-key")? {
            Some(key) => key,
            None => {
                let key = files::root_key(present);
                if !key.exists() {
                    bail!(
                        "the key of the root is not at {}: name it with --ca-key, or make a request for it with --csr",
                        key.display()
                    );
                }
                key.to_string_lossy().into_owned()
            }
        };
        Self::with_key(call, &file, &key)
    }

    /// The root of `--cross-ca` and `--cross-ca-key`.
    pub(super) fn across(call: &Call) -> anyhow::Result<Option<Self>> {
        match (call.text("cross-ca")?, call.text("cross-ca-key")?) {
            (Some(file), Some(key)) => Self::with_key(call, &file, &key).map(Some),
            (None, None) => Ok(None),
            _ => bail!("--cross-ca and --cross-ca-key go together"),
        }
    }

    /// A root whose key is elsewhere.
    pub(super) fn without_key(file: &str) -> anyhow::Result<Self> {
        let [certificate] = &read_roots(file)?[..] else { bail!("{file} must hold exactly one certificate") };
        let whole = std::path::absolute(Path::new(file)).with_context(|| format!("{file} cannot be used"))?;
        Ok(Self { certificate: certificate.clone(), file: whole.to_string_lossy().into_owned(), key: None })
    }

    fn with_key(call: &Call, file: &str, key_file: &str) -> anyhow::Result<Self> {
        let root = Self::without_key(file)?;
        let has_own = call.text("ca-password-file")?.is_some();
        let password_flag = if has_own { "ca-password-file" } else { "password-file" };
        let key = KeyFile { purpose: "the key of the root", file: key_file, password_flag };
        let key = key.read(call, keyfile::read_private_key)?;
        if root.certificate.public_key().ok() != Some(key.public_key()) {
            bail!("the key in {key_file} does not belong to the certificate in {file}");
        }
        Ok(Self { key: Some(key), ..root })
    }
}

/// An intermediate that roots are asked to sign.
pub(super) struct Order<'a> {
    pub(super) subject: DistinguishedName,
    pub(super) public: &'a PublicKey,
    /// The one before, which it resembles.
    pub(super) present: &'a Certificate,
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
}

impl Order<'_> {
    /// Have a root sign it.
    pub(super) fn sign(&self, root: &Signatory) -> anyhow::Result<Certificate> {
        let Some(key) = &root.key else { bail!("the key of {} is not here", root.file) };
        let own_id = key.public_key().key_identifier();
        let issuer_id = root.certificate.subject_key_identifier().unwrap_or(&own_id);
        let mut extensions: Vec<Extension> =
            self.present.extensions().iter().filter(|extension| is_kept(extension)).cloned().collect();
        extensions.push(extension::subject_key_identifier(&self.public.key_identifier()));
        extensions.push(extension::authority_key_identifier(issuer_id));
        let content = CertificateContent {
            serial: SerialNumber::random(&SystemRandom)?,
            issuer_der: root.certificate.subject_der().to_vec(),
            subject: self.subject.clone(),
            // Nothing begins before its issuer, or outlives it.
            not_before: self.not_before.max(root.certificate.not_before()),
            not_after: self.not_after.min(root.certificate.not_after()),
            public_key: self.public.clone(),
            extensions,
        };
        if content.not_after <= crate::clock::now() {
            bail!("the intermediate would have ended already: look at --not-after and at the end of {}", root.file);
        }
        issuer::assemble(&content, key, key.algorithm().default_signature())
    }
}

/// Whether the next intermediate says it as well: what does not name keys, or places of another issuer.
pub(super) fn is_kept(extension: &Extension) -> bool {
    !matches!(
        extension.oid,
        oid::SUBJECT_KEY_IDENTIFIER
            | oid::AUTHORITY_KEY_IDENTIFIER
            | oid::CRL_DISTRIBUTION_POINTS
            | oid::AUTHORITY_INFORMATION_ACCESS
    )
}
