//! Account files: a client of type `installed`, or a service account that signs for itself.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use rung_pki::jose::{SignHeader, sign_compact};
use rung_pki::{PrivateKey, keyfile};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use crate::call::Call;
use crate::clock::{self, unix_seconds};
use crate::login::{self, Tokens};
use crate::{input, sign_in};

/// What an account file holds.
pub(super) enum Account {
    Installed(Box<Installed>),
    Service(Box<Service>),
}

/// A client for logins of people.
pub(super) struct Installed {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

/// An account that needs nobody.
pub(super) struct Service {
    token: Url,
    email: String,
    key_id: String,
    key: PrivateKey,
}

impl Account {
    /// Read the file of `--account`.
    pub(super) fn read(file: &str) -> anyhow::Result<Self> {
        let contents = input::read("the account", file)?;
        let wrong = || format!("the account file, {}, cannot be used", input::name(file));
        Self::parse(&contents).with_context(wrong)
    }

    fn parse(contents: &[u8]) -> anyhow::Result<Self> {
        let raw: File = serde_json::from_slice(contents).context("it is not the JSON that it should be")?;
        match (raw.installed, raw.kind.as_deref()) {
            (Some(installed), _) => Ok(Self::Installed(Box::new(Installed {
                authorization: address("auth_uri", &installed.auth_uri)?,
                token: address("token_uri", &installed.token_uri)?,
                client_id: installed.client_id,
                client_secret: installed.client_secret,
            }))),
            (None, Some("service_account")) => {
                let pem = Zeroizing::new(raw.private_key.ok_or_else(|| anyhow!("it has no `private_key`"))?);
                let key = keyfile::read_private_key(pem.as_bytes(), None).context("its `private_key`")?;
                Ok(Self::Service(Box::new(Service {
                    token: address("token_uri", &raw.token_uri.unwrap_or_default())?,
                    email: raw.client_email.ok_or_else(|| anyhow!("it has no `client_email`"))?,
                    key_id: raw.private_key_id.unwrap_or_default(),
                    key,
                })))
            }
            (None, Some(kind)) => bail!("its type is '{kind}'; known are 'service_account' and 'installed'"),
            (None, None) => bail!("it has neither an `installed` client nor the type 'service_account'"),
        }
    }
}

impl Service {
    /// Get tokens with the account's key, or make one with it if the flags say so.
    pub(super) fn tokens(&self, call: &Call) -> anyhow::Result<Tokens> {
        let scopes = super::scopes(call)?;
        let scope = if scopes.is_empty() { "openid email".to_owned() } else { scopes.join(" ") };
        let now = unix_seconds(clock::now());
        let expires = now + LIFETIME.as_secs();
        if call.switch("jwt")? {
            let token = self.sign(&json!({
                "aud": scope, "exp": expires, "iat": now, "iss": self.email, "nbf": now, "sub": self.email,
            }))?;
            let (expires_in, token_type) = (LIFETIME.as_secs(), "Bearer".to_owned());
            return Ok(Tokens { access_token: token, expires_in, token_type, ..Tokens::default() });
        }
        let assertion = self.sign(&json!({
            "aud": self.token.as_str(), "exp": expires, "iat": now, "iss": self.email, "nbf": now, "scope": scope,
        }))?;
        login::tokens_for_assertion(&self.token, &assertion).map_err(sign_in::told)
    }

    fn sign(&self, claims: &Value) -> anyhow::Result<Zeroizing<String>> {
        let key_id = (!self.key_id.is_empty()).then_some(self.key_id.as_str());
        let header = SignHeader { key_id, typ: Some("JWT"), ..SignHeader::default() };
        let token = sign_compact(&header, claims.to_string().as_bytes(), &self.key);
        Ok(Zeroizing::new(token.context("the account's key did not sign")?))
    }
}

fn address(member: &str, text: &str) -> anyhow::Result<Url> {
    sign_in::web_address(member, text).map_err(|_| anyhow!("its `{member}` is not a web address"))
}

#[derive(Deserialize)]
struct File {
    installed: Option<InstalledClient>,
    #[serde(rename = "type")]
    kind: Option<String>,
    token_uri: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<String>,
    client_email: Option<String>,
}

#[derive(Deserialize)]
struct InstalledClient {
    auth_uri: String,
    token_uri: String,
    client_id: String,
    #[serde(default)]
    client_secret: String,
}

const LIFETIME: Duration = Duration::from_secs(3600);
