//! The files of the new CA.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rung_api::client::Fingerprint;
use rung_pki::keyfile;
use rung_spec::initial::{Initial, InitialProvisioner, indented};
use serde_json::json;

use super::answers::{Answers, Serving};
use super::authority::Authority;
use crate::call::Call;
use crate::output::{Commit, Existing, Mode, make_folder, recover};
use crate::settings::{Context, Folders, remember};

/// Where everything goes; none of it is there yet, or it may be replaced.
pub(super) struct Tree {
    pub(super) folders: Folders,
    context: Option<Context>,
}

impl Tree {
    /// Look whether there is a CA already.
    pub(super) fn claim(call: &Call, folders: Folders, context: Option<Context>) -> anyhow::Result<Self> {
        let tree = Self { folders, context };
        // A commit notes its renames beside its first file, which is one of these two.
        recover(&tree.root_key())?;
        recover(&tree.intermediate_key())?;
        let mut files = vec![tree.root(), tree.intermediate(), tree.root_key(), tree.intermediate_key()];
        if !call.switch("pki")? {
            files.extend([tree.folders.ca_config(), tree.folders.defaults()]);
        }
        let found: Vec<String> = files
            .iter()
            .filter(|file| fs::symlink_metadata(file).is_ok())
            .map(|file| file.strip_prefix(&tree.folders.authority).unwrap_or(file).display().to_string())
            .collect();
        if !found.is_empty() && !call.switch("force")? {
            bail!(
                "there is a CA in {} already ({}); name another folder with STEPPATH or another context with \
                 --context, or pass --force to replace it, which loses its keys",
                tree.folders.authority.display(),
                found.join(", ")
            );
        }
        Ok(tree)
    }

    fn certs(&self) -> PathBuf {
        self.folders.authority.join("certs")
    }

    fn secrets(&self) -> PathBuf {
        self.folders.authority.join("secrets")
    }

    fn root(&self) -> PathBuf {
        self.folders.root()
    }

    fn intermediate(&self) -> PathBuf {
        self.certs().join("intermediate_ca.crt")
    }

    fn root_key(&self) -> PathBuf {
        self.secrets().join("root_ca_key")
    }

    fn intermediate_key(&self) -> PathBuf {
        self.secrets().join("intermediate_ca_key")
    }

    fn database(&self) -> PathBuf {
        self.folders.authority.join("db")
    }

    /// The text of `ca.json`.
    pub(super) fn config(&self, serving: &Serving) -> anyhow::Result<String> {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let provisioner = &serving.provisioner;
        let initial = Initial {
            root: text(self.root()),
            crt: text(self.intermediate()),
            key: text(self.intermediate_key()),
            address: serving.address.clone(),
            dns_names: serving.names.clone(),
            database: serving.has_database.then(|| text(self.database().join("rung.sqlite"))),
            provisioner: Some(InitialProvisioner {
                name: provisioner.name.clone(),
                key: provisioner.key.clone(),
                encrypted_key: provisioner.encrypted_key.clone(),
            }),
        };
        Ok(initial.to_json())
    }

    /// Write everything, or nothing.
    pub(super) fn write(&self, answers: &Answers, authority: &Authority, config: Option<String>) -> anyhow::Result<()> {
        let password = answers.password.as_bytes();
        let mut commit = Commit::default();
        let mut add = |file: &Path, mode: Mode, contents: Vec<u8>| {
            commit.add_in_own_folder(file, Existing::Force, mode, contents)
        };
        if let Some(key) = authority.root.new_key() {
            add(&self.root_key(), Mode::Private, keyfile::to_encrypted_pkcs8_pem(key, password)?.into_bytes())?;
        }
        let key = keyfile::to_encrypted_pkcs8_pem(&authority.intermediate_key, password)?;
        add(&self.intermediate_key(), Mode::Private, key.into_bytes())?;
        add(&self.root(), Mode::Private, authority.root.certificate.to_pem().into_bytes())?;
        add(&self.intermediate(), Mode::Private, authority.intermediate.to_pem().into_bytes())?;
        if let (Some(config), Some(serving)) = (config, &answers.serving) {
            add(&self.folders.ca_config(), Mode::Private, config.into_bytes())?;
            let defaults = json!({
                "ca-url": serving.url(),
                "ca-config": self.folders.ca_config(),
                "fingerprint": fingerprint(authority),
                "root": self.root(),
            });
            add(&self.folders.defaults(), Mode::Readable, indented(&defaults).into_bytes())?;
        }
        if let Some(context) = &self.context {
            let profile = self.folders.profile_defaults();
            if !profile.exists() {
                add(&profile, Mode::Private, b"{}".into())?;
            }
            remember(&self.folders.base, context, &mut commit)?;
        }
        let mut made = Vec::new();
        if answers.serving.as_ref().is_some_and(|serving| serving.has_database) {
            make_folder(&self.database(), &mut made)?;
        }
        let written = commit.write();
        if written.is_err() {
            made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        }
        written
    }

    /// Say what was made, and where.
    pub(super) fn report(&self, call: &Call, answers: &Answers, authority: &Authority) {
        let ui = &call.ui;
        let done = |label: &str, path: &Path| ui.done(label, &path.to_string_lossy());
        done("Root certificate", &self.root());
        if authority.root.new_key().is_some() {
            done("Root private key", &self.root_key());
        }
        ui.done("Root fingerprint", &fingerprint(authority));
        done("Intermediate certificate", &self.intermediate());
        done("Intermediate private key", &self.intermediate_key());
        let Some(serving) = &answers.serving else { return };
        if serving.has_database {
            done("Database folder", &self.database());
        }
        done("Default configuration", &self.folders.defaults());
        if self.context.is_some() {
            done("Default profile configuration", &self.folders.profile_defaults());
        }
        done("Certificate Authority configuration", &self.folders.ca_config());
        let name = call.program.name;
        ui.line("");
        ui.line(&format!(
            "Your PKI is ready to go. Start the CA with '{name}-ca {}'; '{name} help ca' shows how to get certificates.",
            crate::ui::shown(&self.folders.ca_config().to_string_lossy())
        ));
    }
}

fn fingerprint(authority: &Authority) -> String {
    Fingerprint::of(authority.root.certificate.der()).to_string()
}
