//! Changing `ca.json`.

use std::path::PathBuf;

use anyhow::anyhow;
use rung_spec::edit::EditError;

use crate::call::Call;
use crate::grammar::Flag;
use crate::input;
use crate::output::{Commit, Existing, Mode, Target};

/// Flags that say which file to change, and those of the reference that this version has no use for.
pub(super) static FLAGS: &[Flag] = &[
    Flag::value(&["ca-config"], "<file>", "The ca.json to change; config/ca.json in the folder of 'path' without it."),
    Flag::value(&["ca-url"], "<url>", "Accepted for scripts; the file is changed without asking the CA."),
    Flag::value(&["root"], "<file>", "Accepted for scripts; the file is changed without asking the CA."),
    Flag::value(&["context"], "<name>", "Use this context instead of the current one."),
    Flag::refused_value(&["admin-cert"], "provisioners live in ca.json"),
    Flag::refused_value(&["admin-key"], "provisioners live in ca.json"),
    Flag::refused_value(&["admin-subject", "admin-name"], "provisioners live in ca.json"),
    Flag::refused_value(&["admin-provisioner", "admin-issuer"], "provisioners live in ca.json"),
    Flag::refused_value(&["admin-password-file"], "provisioners live in ca.json"),
];

/// The configuration of the flags: where it is, and its text.
pub(super) fn read(call: &Call) -> anyhow::Result<(PathBuf, String)> {
    let path = match call.text("ca-config")? {
        Some(file) => PathBuf::from(file),
        None => call.folders()?.ca_config(),
    };
    let name = path.to_string_lossy();
    let contents = input::read("the configuration of the CA", &name)?;
    let text = String::from_utf8(contents.to_vec()).map_err(|_| anyhow!("{name} is not UTF-8 text"))?;
    Ok((path, text))
}

/// A configuration that is about to be changed.
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    target: Target,
}

impl ConfigFile {
    /// Read the file of the flags.
    pub(super) fn open(call: &Call) -> anyhow::Result<Self> {
        let (path, text) = read(call)?;
        let name = path.to_string_lossy();
        let target = Target::claim(&path, Existing::Replace)?;
        call.ui.done("CA Configuration", &name);
        Ok(Self { target, text, path })
    }

    /// Write the changed text in place of the old one, or say why there is none.
    pub(super) fn save(self, call: &Call, changed: Result<String, EditError>) -> anyhow::Result<()> {
        call.ui.line("");
        let changed = changed.map_err(|error| self.explain(error))?;
        let mut commit = Commit::default();
        commit.put(self.target, Mode::Private, changed);
        commit.write()?;
        call.ui.line(
            "Success! The configuration of the CA has been updated. To pick up the new configuration, send SIGHUP \
             (kill -1 <pid>) to the CA or restart it.",
        );
        Ok(())
    }

    /// The error in the words of the commands.
    pub(super) fn explain(&self, error: EditError) -> anyhow::Error {
        let file = self.path.display();
        match error {
            EditError::NotFound(_) => anyhow!("error loading provisioner: {error}"),
            EditError::NotJson(reason) => anyhow!("error loading configuration: {file}:{reason}"),
            EditError::Bad(_) | EditError::Exists(_) | EditError::Managed => {
                anyhow!("error storing provisioner: {error}")
            }
        }
    }
}
