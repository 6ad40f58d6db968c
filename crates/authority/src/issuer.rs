//! The key and certificate that this CA issues with.

use std::{sync::Arc, time::SystemTime};

use rung_pki::{Certificate, PublicKey, SignatureAlgorithm, Signer, extension::NameConstraints};

/// The key and certificate that this CA issues with, and the chain above it.
pub struct Issuer {
    signer: Arc<dyn Signer>,
    chain: Vec<Certificate>,
    algorithm: SignatureAlgorithm,
    key_identifier: Vec<u8>,
    constraints: Vec<NameConstraints>,
    /// The keys of the whole chain, roots included.
    keys: Vec<PublicKey>,
}

/// Why a key and certificates cannot issue.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// There is no certificate.
    #[error("there is no issuing certificate")]
    NoCertificate,
    /// The certificate is not one of a CA that may sign certificates.
    #[error("the issuing certificate may not sign certificates (it needs CA:TRUE and the key usage certSign)")]
    NotACa,
    /// The key belongs to another certificate.
    #[error("the key does not belong to the issuing certificate")]
    OtherKey,
    /// The chain does not lead to a root.
    #[error("the issuing certificate does not chain to the root: {0}")]
    Chain(String),
}

impl Issuer {
    /// Check that this key issues with this chain (issuing certificate first), and that the chain leads to a root now.
    ///
    /// # Errors
    /// What does not fit.
    pub fn new(
        signer: Arc<dyn Signer>,
        chain: Vec<Certificate>,
        roots: &[Certificate],
        now: SystemTime,
    ) -> Result<Self, IssuerError> {
        let certificate = chain.first().ok_or(IssuerError::NoCertificate)?;
        let is_ca = certificate.basic_constraints().is_some_and(|constraints| constraints.is_ca);
        let may_sign = certificate.key_usage().is_none_or(|usage| usage.cert_sign());
        if !is_ca || !may_sign {
            return Err(IssuerError::NotACa);
        }
        if certificate.public_key().ok() != Some(signer.public_key()) {
            return Err(IssuerError::OtherKey);
        }
        let path = rung_pki::chain::verify(certificate, &chain[1..], roots, now, None)
            .map_err(|error| IssuerError::Chain(error.to_string()))?;
        let keys = path.iter().filter_map(|certificate| certificate.public_key().ok().cloned()).collect();
        let constraints = path.iter().filter_map(Certificate::name_constraints).collect();
        let key_identifier = certificate
            .subject_key_identifier()
            .map_or_else(|| signer.public_key().key_identifier().to_vec(), <[u8]>::to_vec);
        let algorithm = preferred_algorithm(certificate, signer.public_key());
        Ok(Self { signer, chain, algorithm, key_identifier, constraints, keys })
    }

    /// The certificate that issues.
    pub fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }

    /// The certificates that go with every issued one, issuer first.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The name constraints of the whole chain, roots included.
    pub(crate) fn name_constraints(&self) -> impl Iterator<Item = &NameConstraints> {
        self.constraints.iter()
    }

    /// Whether this is the key of the issuing certificate or of one above it.
    pub(crate) fn is_own_key(&self, key: &PublicKey) -> bool {
        self.keys.contains(key)
    }

    /// The key.
    pub fn signer(&self) -> &dyn Signer {
        &*self.signer
    }

    /// The key, for work that outlives this value.
    pub fn shared_signer(&self) -> Arc<dyn Signer> {
        self.signer.clone()
    }

    /// The algorithm that certificates are signed with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// What issued certificates name as their authority key identifier.
    pub fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }
}

/// An RSA issuer signs as its own certificate is signed, other keys as their kind does.
fn preferred_algorithm(certificate: &Certificate, key: &PublicKey) -> SignatureAlgorithm {
    match (key.rsa_numbers(), certificate.signature_algorithm()) {
        (Some(_), Some(own)) if own.fits(key.algorithm()) => own,
        _ => key.algorithm().default_signature(),
    }
}
