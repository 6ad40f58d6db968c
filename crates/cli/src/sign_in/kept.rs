//! Logins that are kept because the person asked for it: the provider's refresh token, encrypted, in the folder
//! `logins`. The key is in the key ring of the system; where there is none, the person has a password for it.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use aws_lc_rs::digest::{SHA256, digest};
use rung_pki::jose::jwe::{self, JweError};
use rung_pki::keyfile::MAX_ITERATIONS;
use rung_spec::file;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::keyring::Item;
use crate::call::Call;
use crate::login::{Provider, Tokens};
use crate::output::{Commit, Existing, Mode};
use crate::ui::{Question, Ui};

/// Where the login at one provider is kept.
pub(super) struct Kept<'a> {
    ui: &'a Ui,
    file: PathBuf,
    account: String,
}

/// What is in the file.
#[derive(Serialize, Deserialize)]
struct File {
    key: KeyPlace,
    /// The refresh token, as a compact JWE.
    login: String,
    /// A hash of the id token that was used last; empty when there was none.
    #[serde(default)]
    last: String,
}

/// Where the key of a kept login is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeyPlace {
    Keyring,
    Password,
}

impl<'a> Kept<'a> {
    /// The place for this provider, client, set of scopes and account: a token is never sent or used elsewhere.
    pub(super) fn of(call: &'a Call, provider: &Provider) -> anyhow::Result<Self> {
        let base = std::path::absolute(&call.folders()?.base).context("could not tell where the logins are kept")?;
        let token = provider.endpoints.as_ref().and_then(|endpoints| endpoints.token.as_ref());
        let place = token.map_or(provider.configuration_endpoint.as_str(), |url| url.as_str());
        let scopes = provider.scopes.join(" ");
        let hint = provider.auth_params.iter().find(|parameter| parameter.starts_with("login_hint="));
        let account = hint.map_or("", String::as_str);
        let parts = [place, &provider.tenant_id, &provider.client_id, &scopes, account];
        let file = base.join("logins").join(format!("{}.json", hash(&parts.join("\n"))));
        Ok(Self { ui: &call.ui, file, account: hash(&base.to_string_lossy()) })
    }

    /// The refresh token, if one is kept and can be decrypted.
    pub(super) fn token(&self) -> anyhow::Result<Option<Zeroizing<String>>> {
        let Some(file) = self.file()? else { return Ok(None) };
        let open = |key: &[u8]| match jwe::decrypt(&file.login, key, MAX_ITERATIONS) {
            Ok(token) => Ok(Some(token)),
            Err(JweError::WrongPassword) => Ok(None),
            Err(error) => Err(self.wrong(anyhow!(error))),
        };
        let token = match file.key {
            KeyPlace::Keyring => match self.item().secret() {
                Some(key) => open(key.as_bytes())?,
                None => None,
            },
            KeyPlace::Password => Some(self.ui.unlock(&QUESTION, open)?),
        };
        let Some(token) = token else {
            self.ui.warning("The key of the kept login is not in the key ring of this system any more.");
            return Ok(None);
        };
        let text = std::str::from_utf8(&token).map_err(|error| self.wrong(anyhow!(error)))?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    /// Whether this id token is the one that was used last.
    pub(super) fn was_used(&self, id_token: &str) -> bool {
        matches!(self.file(), Ok(Some(file)) if file.last == hash(id_token))
    }

    /// Keep these tokens: the refresh token in place of what is kept, unless it is `old`.
    pub(super) fn keep(&self, tokens: &Tokens, old: Option<&str>) -> anyhow::Result<()> {
        let last = if tokens.id_token.is_empty() { String::new() } else { hash(&tokens.id_token) };
        if old == Some(tokens.refresh_token.as_str())
            && let Some(file) = self.file()?
        {
            return self.write(&File { last, ..file });
        }
        let (key, place) = match self.key_in_keyring()? {
            Some(key) => (key, KeyPlace::Keyring),
            None => (self.ui.ask_password(&QUESTION)?, KeyPlace::Password),
        };
        if key.is_empty() {
            return Err(anyhow!("the password is empty, so the login was not kept"));
        }
        let login = jwe::encrypt_compact(tokens.refresh_token.as_bytes(), key.as_bytes(), None)?;
        self.write(&File { key: place, login, last })
    }

    /// Keep it no longer; whether there was something.
    pub(super) fn forget(&self) -> anyhow::Result<bool> {
        match fs::remove_file(&self.file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.wrong(anyhow!(error))),
        }
    }

    fn file(&self) -> anyhow::Result<Option<File>> {
        match file::read_text(&self.file) {
            Ok(contents) => serde_json::from_str(&contents).map(Some).map_err(|error| self.wrong(anyhow!(error))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.wrong(anyhow!(error))),
        }
    }

    fn write(&self, file: &File) -> anyhow::Result<()> {
        let mut commit = Commit::default();
        let contents = serde_json::to_vec_pretty(file)?;
        commit.add_in_own_folder(&self.file, Existing::Replace, Mode::Private, contents)?;
        commit.write()
    }

    fn key_in_keyring(&self) -> anyhow::Result<Option<Zeroizing<String>>> {
        if let Some(key) = self.item().secret() {
            return Ok(Some(key));
        }
        let mut octets = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *octets).map_err(|_| anyhow!("the system has no randomness"))?;
        let key = Zeroizing::new(rung_pki::hex(&*octets));
        Ok(self.item().keep(&key).then_some(key))
    }

    fn item(&self) -> Item<'_> {
        Item { account: &self.account }
    }

    fn wrong(&self, error: anyhow::Error) -> anyhow::Error {
        error.context(format!("the kept login, {}, cannot be used; --forget removes it", self.file.display()))
    }
}

fn hash(text: &str) -> String {
    rung_pki::hex(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

const QUESTION: Question<'_> = Question {
    what: "the password of the kept logins",
    remedy: "log in without --remember",
    heading: "",
    label: "Please enter the password of your kept logins",
};
