//! What a provider says that it can do.

use serde::Deserialize;

/// What a provider says that it can do (OpenID Connect Discovery §3, RFC 8414 §2). Where it says nothing there is no
/// list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Offers {
    /// The claims that its tokens may have.
    #[serde(rename = "claims_supported")]
    pub claims: Option<Vec<String>>,
    /// How a client may prove that a login is its own (RFC 7636).
    #[serde(rename = "code_challenge_methods_supported")]
    pub code_challenge_methods: Option<Vec<String>>,
    /// What may be answered to a login.
    #[serde(rename = "response_types_supported")]
    pub response_types: Option<Vec<String>>,
    /// The scopes that may be asked for.
    #[serde(rename = "scopes_supported")]
    pub scopes: Option<Vec<String>>,
    /// The algorithms that ID tokens are signed with.
    #[serde(rename = "id_token_signing_alg_values_supported")]
    pub signing_algorithms: Option<Vec<String>>,
}

impl Offers {
    /// Read the discovery document. One whose lists are none says nothing.
    pub fn read(document: &[u8]) -> Self {
        serde_json::from_slice(document).unwrap_or_default()
    }
}
