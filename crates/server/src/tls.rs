//! TLS settings of the server, and its judgement of client certificates.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rung_pki::{
    Certificate,
    chain::{self, ChainError},
    extension::Purpose,
};
use rung_spec::Tls;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    server::{
        ResolvesServerCert,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, UnixTime};

/// The settings that new connections are accepted with.
///
/// # Errors
/// When the settings leave nothing that can be negotiated.
pub fn server_config(
    tls: &Tls,
    leaf: Arc<dyn ResolvesServerCert>,
    anchors: Vec<Certificate>,
) -> Result<ServerConfig, Error> {
    let provider = Arc::new(provider(tls));
    let mut versions = Vec::new();
    if tls.max_version >= 1.3 {
        versions.push(&rustls::version::TLS13);
    }
    if tls.min_version < 1.3 {
        versions.push(&rustls::version::TLS12);
    }
    let clients = Arc::new(Clients { anchors, provider: provider.clone() });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(leaf);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(config)
}

/// The crypto provider with the TLS 1.2 suites that the configuration names; those of TLS 1.3 are always there.
fn provider(tls: &Tls) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| {
        let name = format!("{:?}", suite.suite());
        name.starts_with("TLS13_") || tls.cipher_suites.iter().any(|wanted| same_suite(wanted, &name))
    });
    provider
}

/// Configurations name the ChaCha20 suites with and without their hash.
fn same_suite(wanted: &str, name: &str) -> bool {
    wanted == name || name.strip_suffix("_SHA256").is_some_and(|short| wanted == short && short.ends_with("POLY1305"))
}

/// Judges client certificates with the CA's own chain verifier, which knows every name constraint that the CA honours.
#[derive(Debug)]
struct Clients {
    anchors: Vec<Certificate>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let parse = |der: &CertificateDer<'_>| {
            Certificate::from_der(der).map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))
        };
        if intermediates.len() > MAX_INTERMEDIATES {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        let leaf = parse(end_entity)?;
        let intermediates = intermediates.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs());
        chain::verify(&leaf, &intermediates, &self.anchors, now, Some(Purpose::ClientAuth)).map_err(alert)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The alert that tells the client most about a chain that was not accepted.
fn alert(error: ChainError) -> Error {
    let reason = match error {
        ChainError::Expired { .. } => CertificateError::Expired,
        ChainError::NotYetValid { .. } => CertificateError::NotValidYet,
        ChainError::UnknownIssuer { .. } => CertificateError::UnknownIssuer,
        _ => CertificateError::ApplicationVerificationFailure,
    };
    reason.into()
}

/// More certificates than this are not looked at.
const MAX_INTERMEDIATES: usize = 10;
