//! What the server proves itself with, and whom it lets in.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, bail};
use rung_spec::file;
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The files.
pub(crate) struct Credentials {
    /// The certificate with its intermediates.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
    /// The roots that certificates of clients have to lead to.
    pub(crate) roots: Option<PathBuf>,
}

/// What the files held when they were last read.
pub(super) struct Current {
    files: Credentials,
    config: RwLock<Arc<ServerConfig>>,
}

impl Current {
    /// Read the files.
    pub(super) fn load(files: Credentials) -> anyhow::Result<Self> {
        let config = RwLock::new(Arc::new(files.read()?));
        Ok(Self { files, config })
    }

    /// Read the files again; when that fails, what was read before stays.
    pub(super) fn reload(&self) -> anyhow::Result<()> {
        let config = Arc::new(self.files.read()?);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// For a new connection.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Credentials {
    fn read(&self) -> anyhow::Result<ServerConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let builder = match &self.roots {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let mut roots = RootCertStore::empty();
                for root in certificates(file)? {
                    roots.add(root).with_context(|| format!("a root of {} cannot be used", file.display()))?;
                }
                builder.with_client_cert_verifier(
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?,
                )
            }
        };
        let unusable = || format!("the key {} cannot be used", self.key.display());
        let key = file::read(&self.key).with_context(unusable)?;
        let key = PrivateKeyDer::from_pem_slice(&key).with_context(unusable)?;
        let config = builder.with_single_cert(certificates(&self.certificate)?, key);
        let mut config = config.with_context(|| {
            format!("{} and {} cannot be used together", self.certificate.display(), self.key.display())
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let unusable = || format!("the certificates of {} cannot be used", file.display());
    let contents = file::read(file).with_context(unusable)?;
    let found = CertificateDer::pem_slice_iter(&contents).collect::<Result<Vec<_>, _>>().with_context(unusable)?;
    if found.is_empty() {
        bail!("there is no certificate in {}", file.display());
    }
    Ok(found)
}
