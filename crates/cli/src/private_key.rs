//! Private keys in files, with their passwords.

use anyhow::Context as _;
use rung_pki::keyfile::{self, KeyFileError};

use crate::call::Call;
use crate::ui::{Question, shown};
use crate::{input, secret};

/// A file with a private key.
pub(crate) struct KeyFile<'a> {
    /// What the key is for, such as `the key of --key`.
    pub(crate) purpose: &'a str,
    /// The file, or `-`.
    pub(crate) file: &'a str,
    /// The flag that names the file with its password.
    pub(crate) password_flag: &'static str,
}

impl KeyFile<'_> {
    /// Read the key with `parse`; the password comes from its flag, or from the person, who has three tries.
    pub(crate) fn read<T>(
        &self,
        call: &Call,
        parse: impl Fn(&[u8], Option<&[u8]>) -> Result<T, KeyFileError>,
    ) -> anyhow::Result<T> {
        let contents = input::read(self.purpose, self.file)?;
        let unusable = || format!("{}, {}, cannot be used", self.purpose, input::name(self.file));
        if !keyfile::is_encrypted(&contents) {
            return parse(&contents, None).with_context(unusable);
        }
        if let Some(file) = call.text(self.password_flag)? {
            let password = secret::password_file(self.password_flag, &file)?;
            return parse(&contents, Some(password.as_bytes())).with_context(unusable);
        }
        let label = format!("Please enter the password to decrypt {}", shown(self.file));
        let what = format!("the password of {}", self.purpose);
        let remedy = format!("put the password into a file and pass it with --{}", self.password_flag);
        let question = Question { what: &what, remedy: &remedy, heading: "", label: &label };
        call.ui.unlock(&question, |password| match parse(&contents, Some(password)) {
            Err(KeyFileError::WrongPassword) => Ok(None),
            read => read.map(Some).with_context(unusable),
        })
    }
}
