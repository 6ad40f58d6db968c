//! OpenID Connect discovery: from the address that an operator configured to the
//! provider's endpoints and keys (OpenID Connect Discovery 1.0).

mod issuer;
mod offers;
mod place;

use serde::Deserialize;
use url::Url;

use crate::outbound::{FetchError, Fetched, Fetcher};
use crate::printable;

pub use offers::Offers;

/// What a provider says about itself, as far as it is used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer, exactly as its tokens must name it; the tenant is filled in.
    pub issuer: String,
    /// Where the provider's keys are.
    pub jwks_uri: Url,
    /// Where a person logs in.
    pub authorization_endpoint: Option<Url>,
    /// Where a code becomes a token.
    pub token_endpoint: Option<Url>,
    /// Where a device without a browser begins (RFC 8628).
    pub device_authorization_endpoint: Option<Url>,
    /// How a client may authenticate at the token endpoint; empty when not said.
    pub token_endpoint_auth_methods: Vec<String>,
    /// Whether every authorization response names its issuer (RFC 9207).
    pub issuer_in_response: bool,
    /// Whether it says that codes are bound to who asked for them (PKCE with S256, RFC 7636).
    pub binds_codes: bool,
}

/// Why a provider's metadata cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// What is configured is not an address.
    #[error("the configuration endpoint `{endpoint}` is not a URL: {reason}")]
    Endpoint {
        /// What is configured.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A document could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The document was fetched from one place and speaks for another.
    #[error(
        "the provider at {url} calls itself `{found}`, not `{expected}`: \
         configure the address of the issuer that its tokens name"
    )]
    Issuer {
        /// Where the document came from.
        url: String,
        /// The issuer that the address stands for.
        expected: String,
        /// The issuer that the document names.
        found: String,
    },
    /// The document is JSON, but not a provider's.
    #[error("the provider metadata at {url} cannot be used: {reason}")]
    Malformed {
        /// Where the document came from.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The document lacks something that is needed.
    #[error("the provider metadata at {url} has no `{member}`")]
    Missing {
        /// Where the document came from, or the issuer.
        url: String,
        /// The member that is missing.
        member: &'static str,
    },
    /// The document names an address that it has no business to send anybody to.
    #[error("the provider metadata at {url} names {place} as its `{member}`; nothing is asked there")]
    Misplaced {
        /// Where the document came from.
        url: String,
        /// The member with the address.
        member: &'static str,
        /// What is at the address.
        place: &'static str,
    },
    /// The issuer is a template and no tenant is configured.
    #[error("the provider at {url} serves many tenants: set `tenantID` to yours")]
    Tenant {
        /// Where the document came from.
        url: String,
    },
}

/// Where the metadata of the provider configured as `endpoint` are: the address itself if
/// it holds the well-known path, else that path below it.
pub fn discovery_url(endpoint: &str) -> Result<Url, OidcError> {
    let malformed =
        |reason: &str| OidcError::Endpoint { endpoint: printable(endpoint).into_owned(), reason: reason.to_owned() };
    let mut url: Url = endpoint.trim().parse().map_err(|error: url::ParseError| malformed(&error.to_string()))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(malformed("it names no host"));
    }
    url.set_fragment(None);
    if !url.path().contains(WELL_KNOWN) {
        // OpenID Connect Discovery §4.1: a terminating slash is removed first.
        let path = format!("{}{WELL_KNOWN}", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    Ok(url)
}

/// Fetch the metadata of the provider configured as `endpoint`, for one tenant of it if
/// `tenant` is not empty.
pub fn fetch_metadata(fetcher: &Fetcher, endpoint: &str, tenant: &str) -> Result<Metadata, OidcError> {
    let fetched = fetcher.get_json(&discovery_url(endpoint)?)?;
    Metadata::parse(&fetched.bytes, endpoint, tenant)
}

/// Fetch the key set of a provider, unparsed.
pub fn fetch_keys(fetcher: &Fetcher, metadata: &Metadata) -> Result<Fetched, OidcError> {
    Ok(fetcher.get_json(&metadata.jwks_uri)?)
}

impl Metadata {
    /// Read the document that came from [`discovery_url`]`(endpoint)` and check that it
    /// speaks for that endpoint.
    pub fn parse(document: &[u8], endpoint: &str, tenant: &str) -> Result<Self, OidcError> {
        let url = discovery_url(endpoint)?;
        let shown = || printable(url.as_str()).into_owned();
        let malformed = |reason: String| OidcError::Malformed { url: shown(), reason };
        let raw: Document =
            serde_json::from_slice(document).map_err(|error| malformed(printable(&error.to_string()).into_owned()))?;

        let missing = |member| OidcError::Missing { url: shown(), member };
        let issuer = raw.issuer.filter(|text| !text.is_empty()).ok_or(missing("issuer"))?;
        let issuer = issuer::check(endpoint, &url, &issuer, tenant)?;
        let address = |member: &str, text: Option<String>| match text {
            None => Ok(None),
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|error: url::ParseError| malformed(format!("`{member}` is not a URL: {error}"))),
        };
        let asked = |member: &'static str, text: Option<String>| {
            let address = address(member, text)?;
            match address.as_ref().and_then(|address| place::out_of_bounds(&url, address)) {
                Some(place) => Err(OidcError::Misplaced { url: shown(), member, place }),
                None => Ok(address),
            }
        };
        Ok(Self {
            issuer,
            jwks_uri: asked("jwks_uri", raw.jwks_uri)?.ok_or(missing("jwks_uri"))?,
            authorization_endpoint: address("authorization_endpoint", raw.authorization_endpoint)?,
            token_endpoint: asked("token_endpoint", raw.token_endpoint)?,
            device_authorization_endpoint: asked("device_authorization_endpoint", raw.device_authorization_endpoint)?,
            token_endpoint_auth_methods: raw.token_endpoint_auth_methods_supported.unwrap_or_default(),
            issuer_in_response: raw.authorization_response_iss_parameter_supported.unwrap_or_default(),
            binds_codes: raw.code_challenge_methods_supported.unwrap_or_default().iter().any(|method| method == "S256"),
        })
    }

    /// The authorization endpoint, or an error that says it is missing.
    pub fn authorization_endpoint(&self) -> Result<&Url, OidcError> {
        self.authorization_endpoint.as_ref().ok_or_else(|| self.missing("authorization_endpoint"))
    }

    /// The token endpoint, or an error that says it is missing.
    pub fn token_endpoint(&self) -> Result<&Url, OidcError> {
        self.token_endpoint.as_ref().ok_or_else(|| self.missing("token_endpoint"))
    }

    fn missing(&self, member: &'static str) -> OidcError {
        OidcError::Missing { url: printable(&self.issuer).into_owned(), member }
    }
}

#[derive(Deserialize)]
struct Document {
    issuer: Option<String>,
    jwks_uri: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
    code_challenge_methods_supported: Option<Vec<String>>,
}

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

#[cfg(test)]
mod tests;
