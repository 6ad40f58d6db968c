//! Who may look through the certificates on record.

use crate::{
    Error,
    error::{CertificateFault, Denial},
    presented::Presented,
    renew::store_failed,
    sign::Authority,
};

/// Somebody who may look through the certificates on record. Made only by [`Authority::reader`].
#[derive(Debug)]
pub struct Reader {
    name: String,
}

impl Reader {
    /// The name that lets them in.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Authority {
    /// Whether the holder of a certificate is one of `readers`.
    ///
    /// The certificate has to be on record, since only then is it known what this authority has granted; and its names
    /// are those of the list of alternative names, which have a kind, never the common name.
    ///
    /// # Errors
    /// Which check failed, or what did not answer.
    pub async fn reader(&self, presented: &Presented, readers: &[String]) -> Result<Reader, Error> {
        let now = self.clock.now();
        let certificate = presented.certificate();
        let refuse = |fault: CertificateFault| Err(Error::Unrenewable(fault.into()));
        let standing = self.store.standing(certificate.serial()).await.map_err(store_failed)?;
        if standing.certificate.is_none_or(|record| record.certificate != *certificate) {
            return refuse(CertificateFault::NotOurs);
        }
        if standing.revocation.is_some() {
            return refuse(CertificateFault::Revoked);
        }
        // The connection may be older than that.
        if now > certificate.not_after() {
            return refuse(CertificateFault::Expired(certificate.not_after()));
        }
        let names = certificate.subject_alt_names().unwrap_or_default();
        let found = names.iter().map(ToString::to_string).find(|name| readers.contains(name));
        match found {
            Some(name) => Ok(Reader { name }),
            None => Err(Denial::Inventory.into()),
        }
    }
}
