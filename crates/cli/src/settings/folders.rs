//! The folders that hold settings and state.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::Context;

/// The base of everything: `$STEPPATH`, else `~/.step`.
pub(crate) fn base() -> anyhow::Result<PathBuf> {
    if let Some(path) = env::var_os("STEPPATH").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let home = env::var_os("HOME").filter(|home| !home.is_empty());
    let home = home.ok_or_else(|| anyhow!("neither STEPPATH nor HOME is set: set STEPPATH to a folder of your own"))?;
    Ok(Path::new(&home).join(".step"))
}

/// The folders of one context, or of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folders {
    /// The base, which contexts share.
    pub(crate) base: PathBuf,
    /// Certificates, keys and settings of the authority: what `path` prints.
    pub(crate) authority: PathBuf,
    /// Settings of the person.
    pub(crate) profile: PathBuf,
}

impl Folders {
    /// Without contexts, all is one folder.
    pub(crate) fn plain(base: PathBuf) -> Self {
        Self { authority: base.clone(), profile: base.clone(), base }
    }

    /// Those of a context.
    pub(crate) fn of(base: PathBuf, context: &Context) -> Self {
        let authority = base.join("authorities").join(&context.authority);
        let profile = base.join("profiles").join(&context.profile);
        Self { base, authority, profile }
    }

    /// Where the root certificate lies unless something else is said.
    pub(crate) fn root(&self) -> PathBuf {
        self.authority.join("certs").join("root_ca.crt")
    }

    /// Where the CA's configuration lies unless something else is said.
    pub(crate) fn ca_config(&self) -> PathBuf {
        self.authority.join("config").join("ca.json")
    }

    /// The authority's defaults for flags.
    pub(crate) fn defaults(&self) -> PathBuf {
        self.authority.join("config").join("defaults.json")
    }

    /// The person's defaults for flags, which go before the authority's.
    pub(crate) fn profile_defaults(&self) -> PathBuf {
        self.profile.join("config").join("defaults.json")
    }

    /// The same folders, from the root of the file system.
    pub(crate) fn absolute(&self) -> anyhow::Result<Self> {
        let absolute = |path: &Path| {
            std::path::absolute(path).with_context(|| format!("could not tell where {} is", path.display()))
        };
        Ok(Self {
            base: absolute(&self.base)?,
            authority: absolute(&self.authority)?,
            profile: absolute(&self.profile)?,
        })
    }
}
