//! The bodies of the HTTP API, read and written as the reference reads and writes them.

mod certificates;
mod error;
mod inventory;
mod lifecycle;
mod provisioner;
mod read;
mod sign;
mod write;

pub use certificates::{Certificates, EncryptedKey, Health, ProvisionerHealth, Root, Version};
pub use error::{ErrorBody, ErrorReport};
pub use inventory::{CertificatePage, ListedCertificate};
pub use lifecycle::{RekeyRequest, RevokeRequest, Revoked};
pub use provisioner::{Claims, JwkProvisioner, OidcProvisioner, OtherProvisioner, Provisioner, ProvisionerPage};
pub use read::{Malformed, Members, Text, read};
pub use sign::{PreviewResponse, SignRequest, SignResponse, SignResponseFrame, TlsOptions};
pub use write::to_json;

#[cfg(test)]
mod tests;
