//! The provider's token endpoint.

use rung_api::outbound::{Basic, FormReply};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::attempt::Attempt;
use super::claims::{self, Expected, Person};
use super::{Login, LoginError};

/// What a provider gave. What it did not give is empty.
#[derive(Clone, Default)]
pub struct Tokens {
    /// For the provider's own interfaces.
    pub access_token: Zeroizing<String>,
    /// Says who logged in. Its claims fit this login; its signature is not verified.
    pub id_token: Zeroizing<String>,
    /// Gets new tokens without a login.
    pub refresh_token: Zeroizing<String>,
    /// Seconds for which the access token is good; 0 when not said.
    pub expires_in: u64,
    /// How the access token is used, such as `Bearer`.
    pub token_type: String,
    /// What it is good for, where that is not what was asked for.
    pub scope: String,
}

/// Which token a login cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Any that the provider gives.
    Any,
    /// The id token.
    IdToken,
}

/// What the token endpoint answers, as far as it is used here.
#[derive(Deserialize, Default)]
pub(super) struct TokenReply {
    pub(super) access_token: Option<String>,
    pub(super) id_token: Option<String>,
    pub(super) refresh_token: Option<String>,
    /// A number; some providers write it as text.
    pub(super) expires_in: Option<Value>,
    pub(super) token_type: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

/// A reply that may be a refusal.
pub(super) trait Reply: DeserializeOwned {
    fn error(&self) -> Option<&str>;
}

impl Reply for TokenReply {
    fn error(&self) -> Option<&str> {
        self.error.as_deref().filter(|error| !error.is_empty())
    }
}

impl TryFrom<TokenReply> for Tokens {
    type Error = LoginError;

    fn try_from(reply: TokenReply) -> Result<Self, LoginError> {
        let expires_in = match &reply.expires_in {
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64().or_else(|| number.as_f64().map(|seconds| seconds as u64)),
            _ => None,
        };
        let tokens = Self {
            access_token: secret("access token", reply.access_token)?,
            id_token: secret("id token", reply.id_token)?,
            refresh_token: secret("refresh token", reply.refresh_token)?,
            expires_in: expires_in.unwrap_or_default(),
            token_type: reply.token_type.unwrap_or_default(),
            scope: reply.scope.unwrap_or_default(),
        };
        match tokens.access_token.is_empty() && tokens.id_token.is_empty() {
            true => Err(LoginError::Token("it holds no token".to_owned())),
            false => Ok(tokens),
        }
    }
}

/// Take the tokens out of a reply, or what it says instead.
pub(super) fn read(reply: FormReply<TokenReply>) -> Result<Tokens, LoginError> {
    let FormReply { status, body } = reply;
    if let Some(error) = body.error() {
        return Err(LoginError::refused(error, body.error_description.as_deref()));
    }
    if !(200..300).contains(&status) {
        return Err(LoginError::Token(format!("status {status} and no reason")));
    }
    body.try_into()
}

/// RFC 6749 §A.12 and §A.17: tokens are printable ASCII. Anything else could reach a
/// terminal or a header, since tokens are shown as they are.
fn secret(what: &str, text: Option<String>) -> Result<Zeroizing<String>, LoginError> {
    let text = Zeroizing::new(text.unwrap_or_default());
    match text.bytes().all(|octet| (0x20..0x7f).contains(&octet)) {
        true => Ok(text),
        false => Err(LoginError::Token(format!("the {what} has characters that no token has"))),
    }
}

impl Login {
    /// Exchange the code for tokens and check them.
    pub(super) fn exchange(&self, attempt: &Attempt, code: &str) -> Result<(Tokens, Option<Person>), LoginError> {
        let fields = [
            ("code", code),
            ("code_verifier", attempt.verifier.as_str()),
            ("grant_type", "authorization_code"),
            ("redirect_uri", &attempt.redirect_uri),
        ];
        let reply = self.post(self.endpoints.token()?, &fields)?;
        self.accept(reply, attempt.nonce.as_deref())
    }

    /// Get new tokens for a refresh token (RFC 6749 §6).
    pub(super) fn refresh(&self, refresh_token: &str) -> Result<Tokens, LoginError> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let reply = self.post(self.endpoints.token()?, &fields)?;
        let mut tokens = self.accept(reply, None)?.0;
        if self.need == Need::IdToken && claims::has_nonce(&tokens.id_token) {
            // OpenID Connect Core §12.2: it should not have one. An authority goes by it.
            let text = "the provider repeats the nonce of the first login, which authorities take for a replay";
            return Err(LoginError::Token(text.to_owned()));
        }
        if tokens.refresh_token.is_empty() {
            // It stays good when no other takes its place.
            tokens.refresh_token = Zeroizing::new(refresh_token.to_owned());
        }
        Ok(tokens)
    }

    /// Take the tokens out of a reply and check them.
    pub(super) fn accept(
        &self,
        reply: FormReply<TokenReply>,
        nonce: Option<&str>,
    ) -> Result<(Tokens, Option<Person>), LoginError> {
        self.check(read(reply)?, nonce)
    }

    /// Check that the tokens are what was wanted and belong to this login.
    pub(super) fn check(&self, tokens: Tokens, nonce: Option<&str>) -> Result<(Tokens, Option<Person>), LoginError> {
        if tokens.id_token.is_empty() {
            return match self.need {
                Need::IdToken => Err(LoginError::Token("it holds no id token".to_owned())),
                Need::Any => Ok((tokens, None)),
            };
        }
        let (issuer, client_id) = (self.endpoints.issuer.as_deref(), self.provider.client_id.as_str());
        let now = (self.clock.now)();
        let person = claims::check(&tokens.id_token, &Expected { issuer, client_id, nonce, now })?;
        Ok((tokens, Some(person)))
    }

    /// Send a form as the client that we are.
    pub(super) fn post<T: Reply>(&self, url: &Url, fields: &[(&str, &str)]) -> Result<FormReply<T>, LoginError> {
        let (id, secret) = (self.provider.client_id.as_str(), self.provider.client_secret.as_str());
        let methods = &self.endpoints.auth_methods;
        let offers = |method: &str| methods.iter().any(|offered| offered == method);
        let basic = || -> Result<FormReply<T>, LoginError> {
            Ok(self.fetcher.post_form(url, fields, Some(&Basic { id, secret }))?)
        };
        if !secret.is_empty() && offers("client_secret_basic") && !offers("client_secret_post") {
            return basic();
        }
        let mut all = vec![("client_id", id)];
        if !secret.is_empty() {
            all.push(("client_secret", secret));
        }
        all.extend(fields);
        all.sort();
        let reply: FormReply<T> = self.fetcher.post_form(url, &all, None)?;
        // RFC 6749 §2.3.1: every provider takes Basic, and some take nothing else.
        let may_want_basic = methods.is_empty() || offers("client_secret_basic");
        if !secret.is_empty() && may_want_basic && reply.body.error() == Some("invalid_client") {
            return basic();
        }
        Ok(reply)
    }
}
