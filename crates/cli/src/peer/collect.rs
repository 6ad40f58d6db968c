//! A verifier that keeps what it sees and leaves the judgement to others.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// What a handshake brought to light.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The certificates, DER, the server's own first.
    pub(super) ders: Vec<Vec<u8>>,
    /// Whether the server proved to hold the key of the first, or nobody asked it to.
    pub(super) proven: bool,
}

/// Keeps the certificates of a server, whatever they are.
///
/// Nothing is sent over the connection, and the certificates are judged afterwards, so accepting them here lets nobody
/// in anywhere.
#[derive(Debug)]
pub(super) struct Collector {
    provider: Arc<CryptoProvider>,
    insecure: bool,
    seen: Mutex<Seen>,
}

impl Collector {
    /// One that has servers prove that they hold the key of their certificate, unless `insecure`.
    pub(super) fn new(insecure: bool) -> Self {
        Self { provider: Arc::new(aws_lc_rs::default_provider()), insecure, seen: Mutex::default() }
    }

    /// The cryptography of the connection.
    pub(super) fn provider(&self) -> Arc<CryptoProvider> {
        self.provider.clone()
    }

    /// What was seen so far.
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn prove(&self, verified: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        let verified = if self.insecure { Ok(HandshakeSignatureValid::assertion()) } else { verified };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).proven = verified.is_ok();
        verified
    }
}

impl ServerCertVerifier for Collector {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let ders = std::iter::once(end_entity).chain(intermediates).map(|der| der.to_vec()).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { ders, proven: self.insecure };
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.prove(verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.prove(verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
