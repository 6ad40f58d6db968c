//! Asking and telling whether a certificate is revoked, online (RFC 6960, RFC 5019, RFC 9654).

mod answer;
mod id;
mod request;
mod response;
#[cfg(test)]
mod tests;

pub use answer::{Answer, ResponseContent, ResponseStatus, error_response};
pub use id::{CertId, HashAlgorithm, IssuerHashes};
pub use request::{MAX_NONCE, MAX_QUESTIONS, Request, RequestContent, RequestError};
pub use response::{Response, ResponseError, VerifiedResponse};

use std::time::SystemTime;

use crate::crl::Reason;

/// What is known of a certificate (RFC 6960 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertStatus {
    /// It was issued and is not revoked.
    Good,
    /// It is revoked, or must not be used.
    Revoked {
        /// Since when.
        at: SystemTime,
        /// Why.
        reason: Reason,
    },
    /// The responder knows nothing of it.
    Unknown,
}
