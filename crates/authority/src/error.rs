//! Why something did not happen, sorted by what the caller can do about it.

use std::{error::Error as StdError, time::SystemTime};

use rung_pki::SerialNumber;

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The certificate is revoked already.
    #[error("certificate with serial number '{0}' is already revoked")]
    AlreadyRevoked(SerialNumber),
    /// The credential is good, but not for this.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The CA itself is at fault.
    #[error("internal error: {what}")]
    Internal {
        /// What failed, for the log.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The request is malformed or asks for something impossible.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The credential is missing, malformed or does not verify.
    #[error(transparent)]
    Unauthenticated(#[from] TokenRefusal),
    /// The certificate that was shown does not give its holder what they ask for.
    #[error(transparent)]
    Unrenewable(#[from] CertificateRefusal),
    /// Something this CA depends on did not answer; trying again may help.
    #[error("{what}")]
    Unavailable {
        /// What did not answer.
        what: String,
        /// Why it did not.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// A token that was refused: which check failed, and for the log alone with which values.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct TokenRefusal {
    /// The check that failed, as the caller may know it.
    pub fault: TokenFault,
    /// The values that the check saw; never the token.
    pub detail: String,
}

impl TokenRefusal {
    pub(crate) fn new(fault: TokenFault, detail: impl Into<String>) -> Self {
        Self { fault, detail: detail.into() }
    }
}

impl From<TokenFault> for TokenRefusal {
    fn from(fault: TokenFault) -> Self {
        Self { fault, detail: String::new() }
    }
}

/// A certificate that was shown and refused: which check failed, and for the log alone with which values.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct CertificateRefusal {
    /// The check that failed, as the caller may know it.
    pub fault: CertificateFault,
    /// The values that the check saw.
    pub detail: String,
}

impl CertificateRefusal {
    pub(crate) fn new(fault: CertificateFault, detail: impl Into<String>) -> Self {
        Self { fault, detail: detail.into() }
    }
}

impl From<CertificateFault> for CertificateRefusal {
    fn from(fault: CertificateFault) -> Self {
        Self { fault, detail: String::new() }
    }
}

/// Which check a certificate failed that its holder has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Its time is over.
    #[error("the certificate has expired")]
    Expired(SystemTime),
    /// Another CA issued it.
    #[error("the certificate was not issued by this certificate authority")]
    NotOurs,
    /// Its time has not come.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// The provisioner that granted it is not there any more.
    #[error("the provisioner that granted the certificate is not one of this certificate authority any more")]
    ProvisionerGone,
    /// The provisioner's certificates are not renewed.
    #[error("certificates of this provisioner cannot be renewed")]
    RenewalDisabled,
    /// It is revoked.
    #[error("the certificate is revoked")]
    Revoked,
    /// It does not lead to a root of this CA, or not for this purpose.
    #[error("the certificate does not verify")]
    Unverified,
}

/// Which check a token failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// `aud` names something else.
    #[error("the token is meant for another audience")]
    Audience,
    /// `azp` is missing where it must stand, or names another client.
    #[error("the token was issued to another client (azp)")]
    AuthorizedParty,
    /// A claim does not have a value that it must have.
    #[error("a claim of the token does not have a value that this provisioner requires")]
    Claim,
    /// A claim that names are made of is missing.
    #[error("the token lacks a claim that this provisioner makes a name or rule of")]
    ClaimMissing,
    /// A claim has a value that nothing can be made of.
    #[error("a claim of the token has a value that no name or rule of this provisioner can be made of")]
    ClaimUnusable,
    /// The e-mail address has a domain that is not allowed.
    #[error("the domain of the e-mail address is not allowed by this provisioner")]
    Domain,
    /// The e-mail address is not one.
    #[error("the e-mail address in the token is malformed")]
    EmailMalformed,
    /// There is no e-mail address where it decides.
    #[error("the token carries no e-mail address, which this provisioner requires")]
    EmailMissing,
    /// The identity provider does not say that the address is verified.
    #[error("the identity provider does not say that the e-mail address is verified (email_verified)")]
    EmailUnverified,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `exp` is missing.
    #[error("the token has no expiry (exp)")]
    ExpiryMissing,
    /// No group of the token is allowed.
    #[error("none of the groups in the token is allowed by this provisioner")]
    Group,
    /// There are no groups where they decide.
    #[error("the token carries no groups, which this provisioner requires")]
    GroupsMissing,
    /// There are so many groups that the provider left them out.
    #[error(
        "the person is in so many groups that the identity provider left them out of the token; an administrator has to have it send only the groups that are assigned to the application, or application roles (with `groupsClaim`: \"roles\"), or a filtered list"
    )]
    GroupsOverage,
    /// `iat` lies before this CA started.
    #[error("the token was issued before the certificate authority started; ask for a new one")]
    IssuedBeforeStart,
    /// `iat` is missing.
    #[error("the token has no time of issue (iat)")]
    IssuedAtMissing,
    /// `iss` is not who signed.
    #[error("the token names another issuer")]
    Issuer,
    /// It is a token for something else, such as an access or a logout token.
    #[error("the token is not an ID token")]
    Kind,
    /// The token names a key that the provisioner does not have.
    #[error("the token is signed with a key that the provisioner does not know")]
    KeyUnknown,
    /// The token lives longer than tokens may.
    #[error("the token is valid for too long")]
    Lifetime,
    /// It is not a token, or not strictly one.
    #[error("the token is malformed")]
    Malformed,
    /// `nbf` or `iat` lies in the future.
    #[error("the token is not valid yet; check the clocks")]
    NotYetValid,
    /// The provisioner cannot do this.
    #[error("the provisioner does not support this operation")]
    Operation,
    /// The signature is wrong, or its algorithm does not belong to the key.
    #[error("the signature of the token does not verify")]
    Signature,
    /// The token was used before.
    #[error("the token was used before; ask for a new one")]
    Spent,
    /// `sub` is empty.
    #[error("the token has no subject (sub)")]
    Subject,
    /// No provisioner here belongs to this token.
    #[error("no provisioner of this certificate authority belongs to the token")]
    UnknownProvisioner,
}

/// A request that cannot be carried out as it stands.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// The certificate request is not one.
    #[error("{0}")]
    Request(String),
    /// The validity asked for is impossible.
    #[error("{0}")]
    Validity(String),
}

/// A request that the rules do not allow.
#[derive(Debug, thiserror::Error)]
pub enum Denial {
    /// The certificate request is not the one that the token was made for.
    #[error("certificate request fingerprint does not match {0:?}")]
    Confirmation(String),
    /// The holder of the certificate is not one of those who may look through what was issued.
    #[error("the certificate has no name of those who may look through the certificates on record")]
    Inventory,
    /// The key is too weak, or must not be certified.
    #[error("{0}")]
    Key(String),
    /// A name is not covered by the token, the provisioner or the issuer's constraints.
    #[error("{0}")]
    Name(String),
    /// The credential does not reach that certificate.
    #[error("{0}")]
    Revocation(String),
    /// The lifetime is outside the provisioner's bounds.
    #[error("{0}")]
    Validity(String),
}
