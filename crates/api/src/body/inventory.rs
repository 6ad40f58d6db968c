//! Certificates on record, as `GET /certificates` tells of them.

use serde::{Deserialize, Serialize};

/// A page of certificates, in the order of their ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificatePage {
    /// The certificates.
    pub certificates: Vec<ListedCertificate>,
    /// What to ask with as `after` for the next page, when there may be more.
    pub next: Option<String>,
}

/// A certificate on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedCertificate {
    /// Its serial number, decimal.
    pub serial: String,
    /// Its subject.
    pub subject: String,
    /// The common name in it, or its first alternative name.
    pub name: String,
    /// Its alternative names.
    pub names: Vec<String>,
    /// The name of the provisioner that granted it.
    pub provisioner: String,
    /// The type of that provisioner.
    pub provisioner_type: String,
    /// `valid`, `expired` or `revoked`.
    pub state: String,
    /// When it begins, RFC 3339.
    pub not_before: String,
    /// When it ends, RFC 3339.
    pub not_after: String,
    /// When it was revoked, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// Why it was revoked, by its name in RFC 5280 §5.3.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// SHA-256 of it, hexadecimal.
    pub fingerprint: String,
    /// The certificate itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pem: String,
}
