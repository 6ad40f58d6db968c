//! Why a document could not be fetched.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::{CertificateError, OtherError};
use url::Url;

use crate::printable;

/// A request to somebody else that failed. The text names the address and the cause.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.problem.about(&self.url))]
pub struct FetchError {
    /// The address, without query, fragment, user name and password.
    pub url: String,
    /// What went wrong.
    #[source]
    pub problem: Problem,
}

/// What went wrong with a request.
#[derive(Debug)]
pub enum Problem {
    /// The address is one that is not talked to; the text says why.
    Insecure(String),
    /// The answer is not JSON.
    NotJson {
        /// Whether it is a web page.
        html: bool,
    },
    /// The answer points elsewhere, and redirects are not followed.
    Redirected(String),
    /// The answer has this status.
    Status(u16),
    /// The answer is longer than this many bytes.
    TooLarge(u64),
    /// No complete answer within this time.
    TimedOut(Duration),
    /// No secure connection; the text says why.
    Tls {
        /// What is wrong with the other side's certificate or handshake.
        reason: String,
        /// Whether its certificate comes from an authority that is not trusted here.
        unknown_issuer: bool,
    },
    /// No connection, or it broke; the text says why.
    Unreachable(String),
}

impl FetchError {
    pub(crate) fn new(url: &Url, problem: Problem) -> Self {
        let mut shown = url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        // These two fail only for addresses that cannot have a user name.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        Self { url: printable(shown.as_str()).into_owned(), problem }
    }
}

impl Problem {
    /// The whole sentence about `url`.
    pub(crate) fn about(&self, url: &str) -> String {
        match self {
            Self::Insecure(why) => format!("{url} cannot be used: {why}"),
            Self::NotJson { .. } => format!("{url} answered with {self}"),
            Self::Redirected(to) => {
                let to = printable(to);
                format!("{url} redirects to {to}, and redirects are not followed: configure the final address")
            }
            Self::Status(_) | Self::TooLarge(_) | Self::TimedOut(_) => format!("{url} {self}"),
            Self::Tls { .. } => format!("no secure connection to {url}: {self}"),
            Self::Unreachable(_) => format!("cannot reach {url}: {self}"),
        }
    }

    /// Add what helps where the other side's authority is unknown here.
    pub(crate) fn with_note(self, note: &str) -> Self {
        match self {
            Self::Tls { reason, unknown_issuer: true } => {
                Self::Tls { reason: format!("{reason} ({note})"), unknown_issuer: true }
            }
            problem => problem,
        }
    }

    pub(crate) fn from_ureq(error: ureq::Error, limit: u64, total: Duration) -> Self {
        match error {
            ureq::Error::BodyExceedsLimit(_) => Self::TooLarge(limit),
            ureq::Error::HostNotFound => Self::Unreachable("no such host".to_owned()),
            ureq::Error::Io(error) => Self::from_io(error, total),
            ureq::Error::LargeResponseHeader(..) => Self::TooLarge(limit),
            ureq::Error::Protocol(error) => Self::Unreachable(format!("its answer is not proper HTTP: {error}")),
            ureq::Error::Rustls(error) => Self::from_rustls(&error),
            ureq::Error::Timeout(_) => Self::TimedOut(total),
            ureq::Error::Tls(reason) => Self::Tls { reason: reason.to_owned(), unknown_issuer: false },
            other => Self::Unreachable(printable(&other.to_string()).into_owned()),
        }
    }

    fn from_io(error: io::Error, total: Duration) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(error) = inner {
            return Self::from_rustls(error);
        }
        let text = match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => return Self::TimedOut(total),
            io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "the connection was reset".to_owned(),
            io::ErrorKind::UnexpectedEof => "the connection was closed early".to_owned(),
            io::ErrorKind::HostUnreachable => "no route to the host".to_owned(),
            io::ErrorKind::NetworkUnreachable => "no route to the network".to_owned(),
            _ if error.to_string().contains("failed to lookup") => "no such host".to_owned(),
            _ => printable(&error.to_string()).into_owned(),
        };
        Self::Unreachable(text)
    }

    fn from_rustls(error: &rustls::Error) -> Self {
        let reason = match error {
            rustls::Error::InvalidCertificate(reason) => reason,
            rustls::Error::InvalidMessage(_) => {
                let reason = "it does not speak TLS there".to_owned();
                return Self::Tls { reason, unknown_issuer: false };
            }
            other => return Self::Tls { reason: other.to_string(), unknown_issuer: false },
        };
        let text = match reason {
            // A root of the same name and another key: the authority was made anew.
            CertificateError::BadSignature | CertificateError::UnknownIssuer => {
                "its certificate is from an unknown authority"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet; is the clock right?"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            CertificateError::Other(OtherError(other)) if is_authority(other) => {
                "its certificate is that of an authority; give it one that the authority issued to it"
            }
            other => return Self::Tls { reason: other.to_string(), unknown_issuer: false },
        };
        let unknown_issuer = matches!(reason, CertificateError::BadSignature | CertificateError::UnknownIssuer);
        Self::Tls { reason: text.to_owned(), unknown_issuer }
    }
}

/// Whether a server shows a CA certificate as its own. Other libraries let that pass.
fn is_authority(error: &Arc<dyn std::error::Error + Send + Sync>) -> bool {
    matches!(error.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insecure(why) | Self::Unreachable(why) | Self::Tls { reason: why, .. } => out.write_str(why),
            Self::NotJson { html: true } => out.write_str("a web page instead of JSON: is this the right address?"),
            Self::NotJson { html: false } => out.write_str("something that is not JSON"),
            Self::Redirected(to) => write!(out, "it redirects to {}", printable(to)),
            Self::Status(status) => write!(out, "answered with status {status}"),
            Self::TooLarge(limit) => write!(out, "answered with more than {limit} bytes"),
            Self::TimedOut(limit) => write!(out, "did not answer within {limit:?}"),
        }
    }
}
