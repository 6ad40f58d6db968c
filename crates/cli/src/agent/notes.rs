//! What the agent remembers of a certificate across restarts: one small file for each.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rung_spec::file;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::output::{Commit, Existing, Mode, Target};

/// What is remembered of one certificate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Notes {
    /// The file of the certificate, for people who look at the notes.
    pub(crate) certificate: String,
    /// The fingerprint of the certificate whose users have not been told yet.
    pub(crate) owed: Option<String>,
    /// When it was renewed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) renewed: Option<OffsetDateTime>,
    /// When it will be tried next.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) next: Option<OffsetDateTime>,
    /// How many failures there were in a row.
    pub(crate) failures: u32,
    /// The last of them.
    pub(crate) trouble: Option<Trouble>,
    /// The last time that its users were told.
    pub(crate) hook: Option<HookRun>,
    /// How often it was renewed.
    pub(crate) renewals: u64,
    /// How often that failed.
    pub(crate) failed: u64,
    /// How often users were told.
    pub(crate) hooks: u64,
    /// How often that failed.
    pub(crate) hook_failures: u64,
}

/// Why a certificate was not renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    /// Why.
    pub(crate) why: String,
}

/// A run of a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HookRun {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    /// Why it failed, if it did.
    pub(crate) error: Option<String>,
}

impl Notes {
    /// Those of the certificate in that file; empty ones when there are none.
    pub(crate) fn read(folder: &Path, certificate: &str) -> anyhow::Result<Self> {
        let path = path(folder, certificate);
        let empty = || Self { certificate: certificate.to_owned(), ..Self::default() };
        let contents = match file::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(empty()),
            contents => contents.with_context(|| format!("could not read {}", path.display()))?,
        };
        serde_json::from_slice(&contents).with_context(|| format!("{} cannot be used; remove it", path.display()))
    }

    /// Write them so that they survive a crash.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let target = Target::claim_in_own_folder(&path(folder, &self.certificate), Existing::Replace)?;
        let mut commit = Commit::default();
        commit.put(target, Mode::Private, serde_json::to_vec_pretty(self)?);
        commit.write()
    }

    /// Forget them.
    pub(crate) fn remove(folder: &Path, certificate: &str) -> anyhow::Result<()> {
        let path = path(folder, certificate);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done.with_context(|| format!("could not remove {}", path.display())),
        }
    }
}

/// The name is a digest, since paths are longer than names of files may be and have slashes.
fn path(folder: &Path, certificate: &str) -> PathBuf {
    let digest: String = rung_pki::hex(&rung_pki::sha256(certificate.as_bytes())[..16]);
    folder.join(format!("{digest}.json"))
}
