//! The public view of provisioners: what `GET /provisioners` lists.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::certificates::or_default;

/// One page of the listing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionerPage {
    /// The provisioners of this page; an empty list is written `null`.
    #[serde(serialize_with = "null_if_empty", deserialize_with = "or_default", default)]
    pub provisioners: Vec<Provisioner>,
    /// Where the next page starts; empty at the end.
    #[serde(deserialize_with = "or_default", default)]
    pub next_cursor: String,
}

/// A provisioner as anybody may see it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Provisioner {
    /// Tokens signed by a key of the provisioner.
    Jwk(Box<JwkProvisioner>),
    /// Tokens of an OpenID Connect identity provider.
    Oidc(Box<OidcProvisioner>),
    /// A type that this program does not know closer.
    Other(OtherProvisioner),
}

impl Provisioner {
    /// The name of the provisioner.
    pub fn name(&self) -> &str {
        match self {
            Self::Jwk(jwk) => &jwk.name,
            Self::Oidc(oidc) => &oidc.name,
            Self::Other(other) => &other.name,
        }
    }

    /// The type, as it is written in the configuration.
    pub fn kind(&self) -> &str {
        match self {
            Self::Jwk(jwk) => &jwk.kind,
            Self::Oidc(oidc) => &oidc.kind,
            Self::Other(other) => &other.kind,
        }
    }

    /// What keeps the provisioner from working, and why; nothing when it works.
    pub fn trouble(&self) -> Option<(&str, &str)> {
        let (state, reason) = match self {
            Self::Jwk(jwk) => (&jwk.state, &jwk.state_reason),
            Self::Oidc(oidc) => (&oidc.state, &oidc.state_reason),
            Self::Other(other) => (&other.state, &other.state_reason),
        };
        // A provisioner that has not been heard of yet may well work.
        let works = ["", "ready", "starting"].contains(&state.as_str());
        (!works).then_some((state, reason))
    }
}

impl<'de> Deserialize<'de> for Provisioner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let kind = value["type"].as_str().unwrap_or_default().to_ascii_uppercase();
        match kind.as_str() {
            "JWK" => serde_json::from_value(value).map(Self::Jwk),
            "OIDC" => serde_json::from_value(value).map(Self::Oidc),
            _ => serde_json::from_value(value).map(Self::Other),
        }
        .map_err(|error| D::Error::custom(format!("a provisioner of type `{kind}`: {error}")))
    }
}

/// The public view of a JWK provisioner.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JwkProvisioner {
    /// The type, as written in the configuration.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The public JWK.
    pub key: Box<RawValue>,
    /// The private key, a compact JWE.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub encrypted_key: String,
    /// Its claims, as configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
    /// Its options, as configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Box<RawValue>>,
    /// `Uninitialized` or `degraded`; `ready`, `starting` or empty when it works as it should.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Since when and why, in general words.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub state_reason: String,
}

/// The public view of an OIDC provisioner. The client secret is in it: every user's
/// command line needs it, so it is no secret.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OidcProvisioner {
    /// The type, as written in the configuration.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The client id at the identity provider.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// The client secret, empty for a public client.
    #[serde(default, deserialize_with = "or_default")]
    pub client_secret: String,
    /// The issuer, or the URL of its discovery document.
    #[serde(default, deserialize_with = "or_default")]
    pub configuration_endpoint: String,
    /// What `{tenantid}` in the issuer stands for.
    #[serde(rename = "tenantID", default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub tenant_id: String,
    /// E-mail addresses of administrators.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<String>,
    /// E-mail domains that are let in.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Groups that are let in.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Where the command line waits for the browser.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub listen_address: String,
    /// Its claims, as configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
    /// Its options, as configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Box<RawValue>>,
    /// Scopes to ask for.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// `key=value` pairs for the authorization URL.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub auth_params: Vec<String>,
    /// Groups whose members are administrators.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub admin_groups: Vec<String>,
    /// Whether an unverified e-mail address counts; only present when switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_verified_email: Option<bool>,
    /// Whether rules of the provisioner, which are not published, decide on the names of certificates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identity_by_rules: bool,
    /// `Uninitialized` or `degraded`; `ready`, `starting` or empty when it works as it should.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Since when and why, in general words.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub state_reason: String,
}

/// A provisioner of which only type and name are known here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherProvisioner {
    /// The type, as written in the configuration.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// `Uninitialized` or `degraded`; `ready`, `starting` or empty when it works as it should.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Since when and why, in general words.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub state_reason: String,
    /// Everything else it says.
    #[serde(flatten)]
    pub members: serde_json::Map<String, Value>,
}

/// The claims of a provisioner: durations in Go's form, only what is configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Claims {
    /// Shortest lifetime of a certificate.
    #[serde(rename = "minTLSCertDuration", skip_serializing_if = "Option::is_none")]
    pub min_tls: Option<String>,
    /// Longest lifetime of a certificate.
    #[serde(rename = "maxTLSCertDuration", skip_serializing_if = "Option::is_none")]
    pub max_tls: Option<String>,
    /// Lifetime when none is asked for.
    #[serde(rename = "defaultTLSCertDuration", skip_serializing_if = "Option::is_none")]
    pub default_tls: Option<String>,
    /// Shortest lifetime of an SSH user certificate.
    #[serde(rename = "minUserSSHCertDuration", skip_serializing_if = "Option::is_none")]
    pub min_user_ssh: Option<String>,
    /// Longest lifetime of an SSH user certificate.
    #[serde(rename = "maxUserSSHCertDuration", skip_serializing_if = "Option::is_none")]
    pub max_user_ssh: Option<String>,
    /// Lifetime of an SSH user certificate when none is asked for.
    #[serde(rename = "defaultUserSSHCertDuration", skip_serializing_if = "Option::is_none")]
    pub default_user_ssh: Option<String>,
    /// Shortest lifetime of an SSH host certificate.
    #[serde(rename = "minHostSSHCertDuration", skip_serializing_if = "Option::is_none")]
    pub min_host_ssh: Option<String>,
    /// Longest lifetime of an SSH host certificate.
    #[serde(rename = "maxHostSSHCertDuration", skip_serializing_if = "Option::is_none")]
    pub max_host_ssh: Option<String>,
    /// Lifetime of an SSH host certificate when none is asked for.
    #[serde(rename = "defaultHostSSHCertDuration", skip_serializing_if = "Option::is_none")]
    pub default_host_ssh: Option<String>,
    /// Whether SSH certificates may be asked for.
    #[serde(rename = "enableSSHCA", skip_serializing_if = "Option::is_none")]
    pub enable_ssh_ca: Option<bool>,
    /// Whether certificates cannot be renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_renewal: Option<bool>,
    /// Whether an expired certificate can be renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_renewal_after_expiry: Option<bool>,
    /// Whether the provisioner extension is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_smallstep_extensions: Option<bool>,
}

fn null_if_empty<S: Serializer>(list: &[Provisioner], serializer: S) -> Result<S::Ok, S::Error> {
    if list.is_empty() {
        return serializer.serialize_none();
    }
    serializer.collect_seq(list)
}
