//! Where a provider's services are.

use rung_api::oidc::{Metadata, OidcError, fetch_metadata};
use rung_api::outbound::Fetcher;
use rung_api::printable;
use url::Url;

use super::{LoginError, Provider};

/// Where a provider's services are, and how it wants to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Who its id tokens are from, if that is known.
    pub issuer: Option<String>,
    /// Where a person logs in.
    pub authorization: Option<Url>,
    /// Where a code becomes a token.
    pub token: Option<Url>,
    /// Where a device without a browser begins (RFC 8628).
    pub device: Option<Url>,
    /// How a client may authenticate at the token endpoint; empty when not known.
    pub auth_methods: Vec<String>,
    /// Whether every authorization response names its issuer (RFC 9207).
    pub issuer_in_response: bool,
    /// Whether codes are known to be bound to who asked for them (PKCE).
    pub binds_codes: bool,
}

impl Endpoints {
    pub(super) fn discover(fetcher: &Fetcher, provider: &Provider) -> Result<Self, LoginError> {
        Ok(fetch_metadata(fetcher, &provider.configuration_endpoint, &provider.tenant_id)?.into())
    }

    /// The authorization endpoint, or an error that says it is missing.
    pub(super) fn authorization(&self) -> Result<&Url, LoginError> {
        self.authorization.as_ref().ok_or_else(|| self.missing("authorization_endpoint"))
    }

    /// The token endpoint, or an error that says it is missing.
    pub(super) fn token(&self) -> Result<&Url, LoginError> {
        self.token.as_ref().ok_or_else(|| self.missing("token_endpoint"))
    }

    /// The device authorization endpoint, or an error that says it is missing.
    pub(super) fn device(&self) -> Result<&Url, LoginError> {
        self.device.as_ref().ok_or_else(|| self.missing("device_authorization_endpoint"))
    }

    fn missing(&self, member: &'static str) -> LoginError {
        match &self.issuer {
            Some(issuer) => OidcError::Missing { url: printable(issuer).into_owned(), member }.into(),
            None => LoginError::NoEndpoint(member),
        }
    }
}

impl From<Metadata> for Endpoints {
    fn from(metadata: Metadata) -> Self {
        Self {
            issuer: Some(metadata.issuer),
            authorization: metadata.authorization_endpoint,
            token: metadata.token_endpoint,
            device: metadata.device_authorization_endpoint,
            auth_methods: metadata.token_endpoint_auth_methods,
            issuer_in_response: metadata.issuer_in_response,
            binds_codes: metadata.binds_codes,
        }
    }
}
