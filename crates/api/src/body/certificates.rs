//! Health, version, and the certificates that anybody may fetch.

use serde::{Deserialize, Deserializer, Serialize};

/// What `GET /health` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok` when the CA is up.
    pub status: String,
    /// Provisioners that depend on somebody else, and how they are.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub provisioners: Vec<ProvisionerHealth>,
}

impl Health {
    /// The answer of a CA that is up.
    pub fn ok() -> Self {
        Self { status: "ok".to_owned(), provisioners: Vec::new() }
    }
}

/// How one provisioner is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionerHealth {
    /// Its name.
    pub name: String,
    /// `ready`, `starting` or `degraded`.
    pub state: String,
    /// Since when, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why, in general words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What `GET /version` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The version of the server.
    pub version: String,
    /// Whether the CA wants a client certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_client_authentication: bool,
}

/// What `GET /root/{sha}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The root certificate, PEM.
    pub ca: String,
}

/// What `GET /roots`, `/intermediates` and `/federation` answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificates {
    /// One PEM certificate each.
    #[serde(default, deserialize_with = "or_default")]
    pub crts: Vec<String>,
}

/// What `GET /provisioners/{kid}/encrypted-key` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedKey {
    /// The private key, a compact JWE.
    pub key: String,
}

/// Read `null` as the default.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
