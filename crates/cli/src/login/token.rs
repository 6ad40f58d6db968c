//! The provider's token endpoint.

use rung_api::outbound::{Basic, FormReply};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::attempt::Attempt;
use super::claims::{self, Expected, Person};
use super::{IdToken, Login, LoginError};

/// What the token endpoint answers, as far as it is used here.
#[derive(Deserialize)]
pub(super) struct TokenReply {
    pub(super) id_token: Option<String>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

/// A reply that may be a refusal.
pub(super) trait Reply: DeserializeOwned {
    fn error(&self) -> Option<&str>;
}

impl Reply for TokenReply {
    fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}

impl Login {
    /// Exchange the code for an id token and check that.
    pub(super) fn exchange(&self, attempt: &Attempt, code: &str) -> Result<(IdToken, Person), LoginError> {
        let fields = [
            ("code", code),
            ("code_verifier", attempt.verifier.as_str()),
            ("grant_type", "authorization_code"),
            ("redirect_uri", &attempt.redirect_uri),
        ];
        let reply = self.post(self.metadata.token_endpoint()?, &fields)?;
        self.accept(reply, Some(&attempt.nonce))
    }

    /// Take the id token out of a reply and check it.
    pub(super) fn accept(
        &self,
        reply: FormReply<TokenReply>,
        nonce: Option<&str>,
    ) -> Result<(IdToken, Person), LoginError> {
        let FormReply { status, body } = reply;
        if let Some(error) = body.error {
            return Err(LoginError::refused(&error, body.error_description.as_deref()));
        }
        if status != 200 {
            return Err(LoginError::Token(format!("status {status} and no reason")));
        }
        let token = body.id_token.filter(|token| !token.is_empty()).map(IdToken::new);
        let token = token.ok_or_else(|| LoginError::Token("it holds no id token".to_owned()))?;
        let (issuer, client_id) = (&self.metadata.issuer, &self.provider.client_id);
        let now = (self.clock.now)();
        let person = claims::check(&token, &Expected { issuer, client_id, nonce, now })?;
        Ok((token, person))
    }

    /// Send a form as the client that we are.
    pub(super) fn post<T: Reply>(&self, url: &Url, fields: &[(&str, &str)]) -> Result<FormReply<T>, LoginError> {
        let (id, secret) = (self.provider.client_id.as_str(), self.provider.client_secret.as_str());
        let methods = &self.metadata.token_endpoint_auth_methods;
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
