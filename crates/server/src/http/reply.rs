//! Answers, and how refusals become answers.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use rung_api::body::{ErrorReport, to_json};
use rung_authority::{
    Error,
    error::{CertificateFault, Denial},
};

use super::date::go_time;
use crate::{connection::Outgoing, limits::Refused};

/// An answer on its way, with what the log shall say about it.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    content_type: Option<&'static str>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    /// Fields of the request's log line.
    pub fields: Vec<(&'static str, Cow<'static, str>)>,
}

const JSON: &str = "application/json";

impl Reply {
    /// A JSON body that is ready.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: Some(JSON), headers: Vec::new(), body: body.into(), fields: Vec::new() }
    }

    /// Certificates as a PEM file.
    pub fn pem_file(body: impl Into<Bytes>) -> Self {
        Self { content_type: Some("application/x-pem-file"), ..Self::json(StatusCode::OK, body) }
    }

    /// A file of some other kind.
    pub fn file(body: impl Into<Bytes>, content_type: &'static str) -> Self {
        Self { content_type: Some(content_type), ..Self::json(StatusCode::OK, body) }
    }

    /// The same, to be kept under that name.
    pub fn named(mut self, name: &str) -> Self {
        self.set(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
        self
    }

    /// What the client has already is still so.
    pub fn not_modified() -> Self {
        Self { content_type: None, ..Self::json(StatusCode::NOT_MODIFIED, Bytes::new()) }
    }

    /// Say something in a header.
    pub fn set(&mut self, name: HeaderName, value: &str) {
        // Only dates, numbers and names of ours are said, and headers take them.
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
    }

    /// Metrics.
    pub fn metrics(body: String) -> Self {
        Self { content_type: Some("text/plain; version=0.0.4; charset=utf-8"), ..Self::json(StatusCode::OK, body) }
    }

    /// A path that is not served.
    pub fn page_not_found() -> Self {
        let mut reply = Self::json(StatusCode::NOT_FOUND, "404 page not found\n");
        reply.content_type = Some("text/plain; charset=utf-8");
        reply.headers.push((header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
        reply
    }

    /// A path that is served, but not for this method; `allow` says for which.
    pub fn method_not_allowed(allow: Option<&'static str>) -> Self {
        let mut reply = Self::json(StatusCode::METHOD_NOT_ALLOWED, Bytes::new());
        reply.content_type = None;
        reply.headers.extend(allow.map(|allow| (header::ALLOW, HeaderValue::from_static(allow))));
        reply
    }

    /// A refusal; the log gets `reason`.
    pub fn refusal(report: &ErrorReport, reason: impl Into<Cow<'static, str>>) -> Self {
        let status = StatusCode::from_u16(report.status).expect("refusals have statuses of HTTP");
        let mut reply = Self::json(status, to_json(report));
        reply.fields.push(("error", reason.into()));
        reply
    }

    /// A refusal that may be over in some seconds.
    fn later(report: &ErrorReport, reason: String, seconds: u16) -> Self {
        let mut reply = Self::refusal(report, reason);
        reply.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        reply
    }

    /// Too much: of the caller's, or of everybody's together.
    pub fn too_much(refused: Refused) -> Self {
        let Refused { cause, seconds } = refused;
        let reason = Cow::Borrowed(cause.name());
        let report =
            if cause.is_of_caller() { ErrorReport::too_many_requests(seconds) } else { ErrorReport::unavailable() };
        let mut reply = Self::refusal(&report, reason);
        reply.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        reply
    }

    /// It took longer than anybody waits.
    pub fn took_too_long() -> Self {
        Self::later(&ErrorReport::unavailable(), "it took too long".to_owned(), 5)
    }

    /// What the authority did not do, as the caller may know it; the log gets the whole chain of causes.
    pub fn from_error(error: &Error) -> Self {
        let reason = chain(error);
        match error {
            Error::AlreadyRevoked(_) => Self::refusal(&ErrorReport::bad_request(error), reason),
            Error::Denied(
                Denial::Confirmation(_)
                | Denial::Inventory
                | Denial::Key(_)
                | Denial::Name(_)
                | Denial::Revocation(_)
                | Denial::Validity(_),
            ) => Self::refusal(&ErrorReport::forbidden(error), reason),
            Error::Internal { .. } => Self::refusal(&ErrorReport::internal_plain(), reason),
            Error::Invalid(_) => Self::refusal(&ErrorReport::bad_request(error), reason),
            Error::Unauthenticated(refusal) => {
                let text = format!("The request lacked necessary authorization to be completed: {refusal}.");
                let reason = if refusal.detail.is_empty() { reason } else { format!("{reason}: {}", refusal.detail) };
                Self::refusal(&ErrorReport::unauthorized(text), reason)
            }
            Error::Unrenewable(refusal) => {
                let said = match refusal.fault {
                    CertificateFault::Expired(end) => format!("certificate expired on {}", go_time(end)),
                    fault => fault.to_string(),
                };
                let text = format!("The request lacked necessary authorization to be completed: {said}.");
                let reason = if refusal.detail.is_empty() { reason } else { format!("{reason}: {}", refusal.detail) };
                Self::refusal(&ErrorReport::unauthorized(text), reason)
            }
            Error::Unavailable { .. } => {
                let text =
                    format!("The certificate authority cannot do this at the moment: {error}. Please try again.");
                Self::later(&ErrorReport::new(503, text), reason, 5)
            }
        }
    }

    /// Octets of the body.
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// The answer as HTTP writes it.
    pub fn into_response(self, request_id: &HeaderValue) -> Response<Outgoing> {
        let mut response = Response::new(Outgoing::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(4);
        if let Some(content_type) = self.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        headers.insert(REQUEST_ID, request_id.clone());
        headers.extend(self.headers);
        response
    }
}

/// An error and everything that caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Transparent errors repeat their cause.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
