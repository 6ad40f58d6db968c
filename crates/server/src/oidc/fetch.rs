//! Fetching the discovery document and the keys of an identity provider over the web.

use std::{error::Error, time::Duration};

use rung_api::{
    oidc::{self, OidcError},
    outbound::{Fetcher, Problem},
};
use rung_authority::providers::ProviderKeys;
use rung_pki::jose::KeySet;

use super::Endpoint;

/// Fetches what an identity provider publishes. It blocks, within bounds.
pub trait ProviderFetch: Send + Sync + 'static {
    /// Fetch the discovery document and the keys it points to.
    ///
    /// # Errors
    /// What kept it from happening.
    fn fetch(&self, endpoint: &Endpoint) -> Result<Fetched, FetchError>;
}

/// What an identity provider publishes.
pub struct Fetched {
    /// Who it is and what it signs with.
    pub keys: ProviderKeys,
    /// For how long that is good.
    pub lifetime: Duration,
}

/// Why an identity provider's keys could not be fetched.
#[derive(Debug)]
pub struct FetchError {
    /// In words that may be shown to anybody.
    pub because: &'static str,
    /// For the log.
    pub detail: String,
}

impl FetchError {
    pub(super) fn defect(error: &dyn Error) -> Self {
        Self { because: "the certificate authority could not ask it", detail: error.to_string() }
    }
}

/// Fetches over the web.
pub struct WebFetch {
    fetcher: Fetcher,
}

impl WebFetch {
    /// Fetch with the bounds of `fetcher`.
    pub fn new(fetcher: Fetcher) -> Self {
        Self { fetcher }
    }
}

impl ProviderFetch for WebFetch {
    fn fetch(&self, endpoint: &Endpoint) -> Result<Fetched, FetchError> {
        let metadata =
            oidc::fetch_metadata(&self.fetcher, &endpoint.configuration, &endpoint.tenant).map_err(translate)?;
        let fetched = oidc::fetch_keys(&self.fetcher, &metadata).map_err(translate)?;
        let keys = KeySet::parse(&fetched.bytes).map_err(|error| FetchError {
            because: "its keys cannot be read",
            detail: format!("the keys at {} cannot be read: {error}", metadata.jwks_uri),
        })?;
        if keys.keys().is_empty() {
            let detail = format!("{} holds no key that can verify a token", metadata.jwks_uri);
            return Err(FetchError { because: "it publishes no usable keys", detail });
        }
        let lifetime = fetched.max_age.unwrap_or(DEFAULT_LIFETIME).clamp(SHORTEST_LIFETIME, LONGEST_LIFETIME);
        Ok(Fetched { keys: ProviderKeys { issuer: metadata.issuer, keys }, lifetime })
    }
}

/// How long keys are good when the provider does not say.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Keys are not fetched more often than this, whatever the provider says.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);
/// Keys are fetched at least this often, so that a withdrawn one does not stay.
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

fn translate(error: OidcError) -> FetchError {
    let because = match &error {
        OidcError::Fetch(fetch) => match fetch.problem {
            Problem::Insecure(_) => "one of its addresses must not be asked",
            Problem::NotJson { .. } => "it answers with something else than JSON",
            Problem::Redirected(_) => "it sends elsewhere",
            Problem::Status(_) => "it answers with an error",
            Problem::TimedOut(_) => "it takes too long to answer",
            Problem::Tls { .. } => "its TLS certificate is not trusted",
            Problem::TooLarge(_) => "its answer is too long",
            Problem::Unreachable(_) => "it cannot be reached",
        },
        OidcError::Issuer { .. } => "it names another issuer than the one configured",
        OidcError::Misplaced { .. } => "one of its addresses must not be asked",
        OidcError::Endpoint { .. }
        | OidcError::Malformed { .. }
        | OidcError::Missing { .. }
        | OidcError::Tenant { .. } => "its discovery document cannot be used",
    };
    FetchError { because, detail: error.to_string() }
}
