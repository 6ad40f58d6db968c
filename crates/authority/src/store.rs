//! What the authority asks of a store: to remember decisions, durably and all at once.

use std::{error::Error, future::Future, pin::Pin, sync::Arc, time::SystemTime};

use rung_pki::{Certificate, SerialNumber, crl::Reason, tlog::Hash};

use crate::{division::Division, issuer::IssuerId};

/// Work that a store is doing.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Remembers what the authority decided.
///
/// Every back end passes the same contract suite.
pub trait Store: Send + Sync + 'static {
    /// In one durable transaction: spend the token, record the certificate, append the audit entry; unless the key or
    /// the certificate that is replaced was revoked.
    ///
    /// When this answers `Ok` all of it survives a crash; on an error none of it happened, with the exception of
    /// [`CommitError::InDoubt`].
    fn commit(&self, issuance: Issuance) -> StoreFuture<'_, Result<(), CommitError>>;

    /// In one durable transaction: spend the token, record the revocation, append the audit entry. No certificate that
    /// is committed later replaces this one, or is for its key when that is condemned.
    ///
    /// The promises are those of [`Store::commit`].
    fn revoke(&self, revocation: Revocation) -> StoreFuture<'_, Result<(), CommitError>>;

    /// What is on record about the certificate with this serial number.
    fn standing<'a>(&'a self, serial: &'a SerialNumber) -> StoreFuture<'a, Result<Standing, StoreError>>;

    /// The revocations behind the position `after` (the first has 1), at most `limit`, in the order in which they were
    /// recorded.
    fn revocations(&self, after: u64, limit: u32) -> StoreFuture<'_, Result<Vec<RevocationRecord>, StoreError>>;

    /// A number for a CRL of the issuer with that key identifier, higher than every one before and not below
    /// `at_least`. It is durably taken before it is told.
    fn next_crl_number<'a>(&'a self, issuer: &'a [u8], at_least: u64) -> StoreFuture<'a, Result<u64, StoreError>>;

    /// The certificate with this serial number, if this CA recorded it.
    fn certificate<'a>(
        &'a self,
        serial: &'a SerialNumber,
    ) -> StoreFuture<'a, Result<Option<CertificateRecord>, StoreError>>;

    /// How the list of an issuer was ever divided, in no order. When there is a new division it is durably remembered
    /// before this answers.
    fn divisions(&self, issuer: IssuerId, new: Option<Division>) -> StoreFuture<'_, Result<Vec<Division>, StoreError>>;

    /// How many certificates are on record.
    fn count_certificates(&self) -> StoreFuture<'_, Result<u64, StoreError>>;

    /// Append an entry to the audit record, durably, for a decision that leaves nothing else.
    fn append(&self, audit: AuditEntry) -> StoreFuture<'_, Result<(), CommitError>>;

    /// How many records the audit has, and the root of the tree over them ([`crate::audit`]).
    fn audit_head(&self) -> StoreFuture<'_, Result<(u64, Hash), StoreError>>;

    /// Keep a signed checkpoint of the audit record of that size.
    fn keep_checkpoint<'a>(&'a self, size: u64, note: &'a str) -> StoreFuture<'a, Result<(), StoreError>>;

    /// The latest signed checkpoint that was kept.
    fn checkpoint(&self) -> StoreFuture<'_, Result<Option<String>, StoreError>>;

    /// The audit entries from position `from` (the first has 1) on, at most `limit`, in order.
    fn audit(&self, from: u64, limit: u32) -> StoreFuture<'_, Result<Vec<AuditRecord>, StoreError>>;

    /// Whether a token with that digest was spent and is remembered.
    fn is_spent<'a>(&'a self, digest: &'a [u8; 32]) -> StoreFuture<'a, Result<bool, StoreError>>;

    /// Forget tokens that expired before `now`, at most `limit` of them, and say how many were forgotten.
    fn purge_tokens(&self, now: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>>;

    /// Forget certificates that ended before `ended` and were not revoked, at most `limit` of them, the oldest ends
    /// first, and say how many were forgotten.
    fn purge_certificates(&self, ended: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>>;

    /// Whether a commit would work now.
    fn check(&self) -> StoreFuture<'_, Result<(), StoreError>>;
}

/// What one issuance leaves behind.
#[derive(Debug, Clone)]
pub struct Issuance {
    /// The certificate as it was signed.
    pub certificate: Certificate,
    /// The provisioner that granted it.
    pub provisioner: Arc<ProvisionerRef>,
    /// The token that paid for it; none where a certificate did.
    pub token: Option<TokenUse>,
    /// The certificate that it takes the place of.
    pub replaces: Option<SerialNumber>,
    /// The audit entry that says so.
    pub audit: AuditEntry,
}

/// What one revocation leaves behind.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// Which certificate.
    pub serial: SerialNumber,
    /// When it was decided.
    pub at: SystemTime,
    /// Why.
    pub reason: Reason,
    /// When the certificate ends; nothing when this CA does not know it.
    pub not_after: Option<SystemTime>,
    /// Who issued it; nothing when that is not known.
    pub issuer: Option<IssuerId>,
    /// SHA-256 of the public key, when nobody may have a certificate for it any more.
    pub condemned_key: Option<[u8; 32]>,
    /// The token that allowed it; none where a certificate did.
    pub token: Option<TokenUse>,
    /// The audit entry that says so.
    pub audit: AuditEntry,
}

/// A revocation on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationRecord {
    /// Its place among all revocations, from one.
    pub position: u64,
    /// Which certificate.
    pub serial: SerialNumber,
    /// When it was decided.
    pub at: SystemTime,
    /// Why.
    pub reason: Reason,
    /// When the certificate ends; nothing when this CA did not know it.
    pub not_after: Option<SystemTime>,
    /// Who issued it; nothing when that was not known.
    pub issuer: Option<IssuerId>,
}

/// Which provisioner it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionerRef {
    /// Identifier, such as `admin:<kid>` for JWK or the client id for OIDC.
    pub id: String,
    /// Name, as an administrator knows it.
    pub name: String,
    /// Type, such as `JWK`.
    pub kind: &'static str,
}

/// A token that is spent by the transaction it is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenUse {
    /// Digest of the provisioner and the token's identifier: what must not occur twice.
    pub digest: [u8; 32],
    /// From when on the token would be refused anyway, so that its digest may be forgotten.
    pub expires: SystemTime,
}

/// One line of the audit record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it was decided.
    pub at: SystemTime,
    /// What was decided, such as `issued`.
    pub action: &'static str,
    /// The request that asked for it.
    pub request_id: String,
    /// Who, what and which check, as a JSON object; no secret and no token is in it.
    pub detail: String,
}

/// An audit entry with its place in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Position, counted from one without gaps.
    pub position: u64,
    /// When it was decided.
    pub at: SystemTime,
    /// What was decided.
    pub action: String,
    /// The request that asked for it.
    pub request_id: String,
    /// Who, what and which check, as a JSON object.
    pub detail: String,
    /// The leaf hash of the record ([`crate::audit::record`]).
    pub hash: Hash,
}

/// A certificate on record.
#[derive(Debug, Clone)]
pub struct CertificateRecord {
    /// The certificate.
    pub certificate: Certificate,
    /// Identifier of the provisioner that granted it.
    pub provisioner_id: String,
    /// Name of the provisioner that granted it.
    pub provisioner_name: String,
    /// Type of the provisioner that granted it.
    pub provisioner_kind: String,
    /// Digest of the token that paid for it; none where a certificate did.
    pub token_digest: Option<[u8; 32]>,
}

/// What is on record about a serial number.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The certificate, if this CA recorded it.
    pub certificate: Option<CertificateRecord>,
    /// Its revocation, whether or not it is on record here.
    pub revocation: Option<RevocationRecord>,
}

/// Why an issuance or a revocation is not on record.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The outcome is unknown: the store broke in the middle. The certificate must not be released.
    #[error("the store broke while it recorded the certificate")]
    InDoubt(#[source] Box<dyn Error + Send + Sync>),
    /// The key was revoked together with a certificate.
    #[error("the key was revoked")]
    KeyRevoked,
    /// The certificate is revoked: it cannot be replaced, and not be revoked again.
    #[error("the certificate is revoked")]
    Revoked,
    /// Another certificate has this serial number.
    #[error("the serial number is taken")]
    SerialTaken,
    /// The token was spent before.
    #[error("the token was used before")]
    TokenSpent,
    /// The store cannot record anything at the moment; nothing happened.
    #[error("the store cannot record the certificate")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Why a store has no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What is stored is damaged or not ours.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The store does not answer at the moment.
    #[error("the store does not answer")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}
