//! The body of every refusal, and its standard sentences.

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// What a client reads when a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody<'a> {
    /// The HTTP status, repeated.
    pub status: u16,
    /// One sentence for a person.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
}

/// The same, as a client keeps it.
pub type ErrorReport = ErrorBody<'static>;

impl ErrorReport {
    /// 400, naming what is wrong with the request.
    pub fn bad_request(detail: impl Display) -> Self {
        Self::new(400, format!("The request could not be completed: {detail}."))
    }

    /// 400 without a detail.
    pub fn bad_request_plain() -> Self {
        Self::with_logs(400, "The request could not be completed; malformed or missing data.")
    }

    /// 401, naming which check failed.
    pub fn unauthorized(detail: impl Display) -> Self {
        Self::new(401, detail.to_string())
    }

    /// 401 without a detail.
    pub fn unauthorized_plain() -> Self {
        Self::with_logs(401, "The request lacked necessary authorization to be completed.")
    }

    /// 403, naming what was not allowed.
    pub fn forbidden(detail: impl Display) -> Self {
        Self::new(403, format!("{FORBIDDEN}: {detail}."))
    }

    /// 403 of a name policy, which ends without a period.
    pub fn forbidden_by_policy(detail: impl Display) -> Self {
        Self::new(403, format!("{FORBIDDEN}: {detail}"))
    }

    /// 403 without a detail.
    pub fn forbidden_plain() -> Self {
        Self::with_logs(403, &format!("{FORBIDDEN}."))
    }

    /// 404, naming what was not found.
    pub fn not_found(detail: impl Display) -> Self {
        Self::new(404, detail.to_string())
    }

    /// 404 without a detail.
    pub fn not_found_plain() -> Self {
        Self::with_logs(404, "The requested resource could not be found.")
    }

    /// 413: the body is longer than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body is longer than {limit} bytes");
        Self::new(413, format!("The request could not be completed: {detail}."))
    }

    /// 429: too many requests; `seconds` is also in `Retry-After`.
    pub fn too_many_requests(seconds: u64) -> Self {
        let text = format!("Too many requests; please try again in {seconds} seconds.");
        Self::new(429, text)
    }

    /// 500 with the short outer text.
    pub fn internal(outer: impl Display) -> Self {
        Self::new(500, outer.to_string())
    }

    /// 500 without a detail.
    pub fn internal_plain() -> Self {
        Self::with_logs(500, "The certificate authority encountered an Internal Server Error.")
    }

    /// 501: not something this CA does.
    pub fn not_implemented() -> Self {
        let text = "The requested method is not implemented by the certificate authority.";
        Self::with_logs(501, text)
    }

    /// 503: something the CA depends on does not answer; trying again may help.
    pub fn unavailable() -> Self {
        let text = "The certificate authority cannot do this at the moment; please try again.";
        Self::with_logs(503, text)
    }

    /// Any other status, with its sentence.
    pub fn new(status: u16, message: String) -> Self {
        Self { status, message: Cow::Owned(message) }
    }

    fn with_logs(status: u16, text: &str) -> Self {
        Self::new(status, format!("{text} {LOGS}"))
    }
}

const FORBIDDEN: &str = "The request was forbidden by the certificate authority";
const LOGS: &str = "Please see the certificate authority logs for more info.";
