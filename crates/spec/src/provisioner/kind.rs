//! The types of provisioners.

use std::fmt;

/// The type of a provisioner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvisionerKind {
    /// ACME clients.
    Acme,
    /// Amazon instance identities.
    Aws,
    /// Azure managed identities.
    Azure,
    /// Google instance identities.
    Gcp,
    /// Keys.
    Jwk,
    /// Kubernetes service accounts.
    K8sSa,
    /// Nebula certificates.
    Nebula,
    /// OpenID providers.
    Oidc,
    /// SCEP clients.
    Scep,
    /// SSH certificates.
    SshPop,
    /// Certificates of another authority.
    X5c,
}

impl ProvisionerKind {
    /// All types, in the order of their names.
    pub const ALL: [Self; 11] = [
        Self::Acme,
        Self::Aws,
        Self::Azure,
        Self::Gcp,
        Self::Jwk,
        Self::K8sSa,
        Self::Nebula,
        Self::Oidc,
        Self::Scep,
        Self::SshPop,
        Self::X5c,
    ];

    /// The type with that name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(text))
    }

    /// The type as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acme => "ACME",
            Self::Aws => "AWS",
            Self::Azure => "Azure",
            Self::Gcp => "GCP",
            Self::Jwk => "JWK",
            Self::K8sSa => "K8sSA",
            Self::Nebula => "Nebula",
            Self::Oidc => "OIDC",
            Self::Scep => "SCEP",
            Self::SshPop => "SSHPOP",
            Self::X5c => "X5C",
        }
    }
}

impl fmt::Display for ProvisionerKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
