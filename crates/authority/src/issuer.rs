//! The key and certificate that this CA issues with, and those that it issued with before.

use std::{sync::Arc, time::SystemTime};

use rung_pki::{Certificate, PublicKey, SignatureAlgorithm, Signer, extension::NameConstraints, sha256};

/// The key and certificate that this CA issues with, and the chain above it.
pub struct Issuer {
    signer: Arc<dyn Signer>,
    chain: Vec<Certificate>,
    algorithm: SignatureAlgorithm,
    key_identifier: Vec<u8>,
    id: IssuerId,
    constraints: Vec<NameConstraints>,
    /// The keys of the whole chain, roots included.
    keys: Vec<PublicKey>,
}

/// Who issues, whatever certificates say so: a name and a key. Certificates for both of them are of one issuer, which has
/// one list of revoked certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId([u8; 16]);

/// An issuer that issues no more: its certificates still verify, are renewed by its successor, and are revoked.
pub struct Retired {
    /// Who it is.
    pub issuer: Issuer,
    /// From when on it is nobody any more.
    pub until: SystemTime,
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
        let id = IssuerId::of(certificate.subject_der(), signer.public_key());
        Ok(Self { signer, chain, algorithm, key_identifier, id, constraints, keys })
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

    /// Its name and its key.
    pub fn id(&self) -> IssuerId {
        self.id
    }

    /// Whether it signed the certificate.
    pub fn signed(&self, certificate: &Certificate) -> bool {
        certificate.issuer_der() == self.certificate().subject_der()
            && certificate.is_signed_by(self.signer.public_key()).is_ok()
    }

    /// What issued certificates name as their authority key identifier.
    pub fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }
}

impl IssuerId {
    fn of(subject_der: &[u8], key: &PublicKey) -> Self {
        let digest = sha256(&[subject_der, &key.fingerprint()].concat());
        Self(digest[..16].try_into().expect("a digest has 32 octets"))
    }

    /// As it is stored.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for IssuerId {
    fn from(octets: [u8; 16]) -> Self {
        Self(octets)
    }
}

impl std::fmt::Display for IssuerId {
    /// Lower-case hexadecimal digits, as in addresses.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|octet| write!(out, "{octet:02x}"))
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Issuer({}, {})", self.certificate().subject(), self.id)
    }
}

/// An RSA issuer signs as its own certificate is signed, other keys as their kind does.
fn preferred_algorithm(certificate: &Certificate, key: &PublicKey) -> SignatureAlgorithm {
    match (key.rsa_numbers(), certificate.signature_algorithm()) {
        (Some(_), Some(own)) if own.fits(key.algorithm()) => own,
        _ => key.algorithm().default_signature(),
    }
}
