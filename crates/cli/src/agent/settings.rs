//! The file that lists the certificates of an agent.

#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rung_spec::{GoDuration, file};
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::grammar::Flag;
use crate::output::{Commit, Existing, Mode, Target};
use crate::renewal::after::{After, Recipient};
use crate::renewal::schedule::Rule;

/// The flag that names the file.
pub(crate) const FLAG: Flag = Flag::value(
    &["agent-config"],
    "<file>",
    "The list of certificates; config/agent.json in the folder of 'path' without it.",
);

/// What an agent is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where metrics are served: an address of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics: Option<SocketAddr>,
    /// The certificates.
    #[serde(default)]
    pub(crate) certificates: Vec<Entry>,
}

/// One certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Entry {
    /// Its file.
    pub(crate) crt: String,
    /// The file of its key.
    pub(crate) key: String,
    /// The CA.
    pub(crate) ca_url: String,
    /// The file with the CA's roots.
    pub(crate) root: String,
    /// The command that its users need when it changes, word by word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) exec: Vec<String>,
    /// The file with the number of the process that needs a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pid_file: Option<String>,
    /// The signal; 1 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signal: Option<i32>,
    /// Renew when so much is left, such as `8h`; at two thirds of the lifetime without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_in: Option<String>,
    /// Make a new key each time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) rekey: bool,
    /// Prove possession with a token instead of in the TLS handshake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) token: bool,
    /// The file with the password of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_file: Option<String>,
}

impl Entry {
    /// When to renew.
    pub(crate) fn rule(&self) -> anyhow::Result<Rule> {
        let Some(text) = &self.expires_in else { return Ok(Rule::Third) };
        let duration: Option<Duration> = text.parse::<GoDuration>().ok().and_then(GoDuration::positive);
        let duration = duration.filter(|duration| !duration.is_zero());
        let wrong = || format!("expiresIn of {} is '{text}', which is not a duration such as 8h", self.crt);
        Ok(Rule::Left(duration.with_context(wrong)?))
    }

    /// Whom to tell.
    pub(crate) fn after(&self) -> After {
        let recipient = self.pid_file.clone().map(Recipient::File);
        let signal = recipient.map(|recipient| (recipient, self.signal.unwrap_or(1)));
        After { signal, command: (!self.exec.is_empty()).then(|| self.exec.clone()) }
    }

    fn check(&self) -> anyhow::Result<()> {
        for (name, path) in [("crt", &self.crt), ("key", &self.key), ("root", &self.root)] {
            if !Path::new(path).is_absolute() {
                bail!("{name} is '{path}', which is not a path from the root of the file system");
            }
        }
        if self.crt == self.key {
            bail!("crt and key are both '{}'", self.crt);
        }
        if self.rekey && self.token {
            bail!("{} has both rekey and token, and a new key needs the TLS handshake", self.crt);
        }
        if self.rekey && self.password_file.is_some() {
            bail!("{} has both rekey and passwordFile, and new keys are not encrypted", self.crt);
        }
        let url: Result<rung_api::client::CaUrl, _> = self.ca_url.parse();
        url.with_context(|| format!("caUrl of {}", self.crt))?;
        self.rule()?;
        Ok(())
    }
}

impl Settings {
    /// Read a file and check everything that can be checked without looking at certificates.
    pub(crate) fn parse(contents: &[u8]) -> anyhow::Result<Self> {
        let settings: Self = serde_json::from_slice(contents)?;
        if let Some(address) = settings.metrics.filter(|address| !address.ip().is_loopback()) {
            bail!("metrics is '{address}'; it has to be an address of this machine alone, such as 127.0.0.1:9109");
        }
        for (place, entry) in settings.certificates.iter().enumerate() {
            entry.check()?;
            let others = &settings.certificates[..place];
            if others.iter().any(|other| other.crt == entry.crt) {
                bail!("{} stands there twice", entry.crt);
            }
        }
        Ok(settings)
    }

    /// Read the file at `path`; a missing one lists nothing.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let contents = match file::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            contents => contents.with_context(|| format!("could not read {}", path.display()))?,
        };
        Self::parse(&contents).with_context(|| format!("{} cannot be used", path.display()))
    }

    /// Write the file.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let target = Target::claim_in_own_folder(path, Existing::Replace)?;
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        let mut commit = Commit::default();
        commit.put(target, Mode::AsBefore, text);
        commit.write()
    }
}

/// The file of the flag, or the one in its usual place.
pub(crate) fn path(call: &Call) -> anyhow::Result<PathBuf> {
    let given = call.text("agent-config")?.map(PathBuf::from);
    let path = match given {
        Some(path) => path,
        None => call.folders()?.authority.join("config").join("agent.json"),
    };
    std::path::absolute(&path).with_context(|| format!("could not tell where {} is", path.display()))
}

/// The folder of the notes that belong to that file: `agent` in the same folder as its own.
pub(crate) fn notes_folder(path: &Path) -> PathBuf {
    let name = path.file_stem().unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let above = folder.parent().filter(|_| folder.file_name().is_some_and(|name| name == "config"));
    above.unwrap_or(folder).join(format!("{}.state", name.to_string_lossy()))
}
