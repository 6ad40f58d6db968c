//! Why a CA did not do what it was asked.

use url::Url;

use super::Fingerprint;
use crate::outbound::{FetchError, Problem};
use crate::printable;

/// Why a request to a CA failed; the text is one line for a person.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The CA sent another root than was asked for.
    #[error(
        "the root certificate at {url} has the fingerprint {found}, not {expected}: \
         compare the fingerprint with the one that the CA's operator gives you"
    )]
    Fingerprint {
        /// Where the root came from.
        url: String,
        /// The fingerprint that was asked for.
        expected: Fingerprint,
        /// The fingerprint of what came.
        found: Fingerprint,
    },
    /// The CA answered and said no.
    #[error(transparent)]
    Refused(Refusal),
    /// The answer is not one that a CA gives.
    #[error("{url} answered with {what}: is this the address of the CA?")]
    Unexpected {
        /// What was asked.
        url: String,
        /// What came.
        what: String,
    },
    /// There was no complete answer.
    #[error("{error}; {hint}")]
    Unreachable {
        /// What happened.
        error: FetchError,
        /// What to look at.
        hint: &'static str,
    },
}

/// The CA's own words on why it refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The sentence for a person, safe to print.
    pub message: String,
    /// Under which the CA's log has the rest.
    pub request_id: String,
}

impl ClientError {
    pub(super) fn unexpected(url: &Url, what: &str) -> Self {
        Self::Unexpected { url: url.as_str().to_owned(), what: printable(what).into_owned() }
    }

    pub(super) fn unreachable(url: &Url, problem: Problem) -> Self {
        let hint = match problem {
            Problem::Tls { unknown_issuer: true, .. } => {
                "is --root the root of this CA? `rung ca bootstrap` fetches it"
            }
            Problem::TooLarge(_) | Problem::Tls { .. } => "is --ca-url the address of the CA?",
            _ => "is the CA running, and is --ca-url its address?",
        };
        Self::Unreachable { error: FetchError::new(url, problem), hint }
    }
}
