//! How requests are logged.

use crate::json::Members;

/// How requests are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logger {
    /// The shape of a line.
    pub format: LogFormat,
    /// The header that carries a request's identifier, besides `X-Request-Id`.
    pub trace_header: String,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// As web servers write it.
    Common,
    /// A JSON object.
    Json,
    /// `key=value` pairs.
    Text,
}

impl Logger {
    pub(super) fn read(members: &Members<'_>) -> Self {
        let format = match members.get("format") {
            None => LogFormat::Text,
            Some(node) => match node.string().as_deref() {
                Some("json") => LogFormat::Json,
                Some("common") => LogFormat::Common,
                Some("text" | "") | None => LogFormat::Text,
                Some(other) => {
                    node.report(format!("unsupported logger.format {other:?}: use \"text\", \"json\" or \"common\""));
                    LogFormat::Text
                }
            },
        };
        let trace_header = trace_header(members);
        members.finish();
        Self { format, trace_header: trace_header.unwrap_or_else(|| DEFAULT_TRACE_HEADER.to_owned()) }
    }
}

fn trace_header(members: &Members<'_>) -> Option<String> {
    let node = members.get("traceHeader")?;
    let header = node.string().filter(|header| !header.is_empty())?;
    // RFC 9110 §5.6.2: names of header fields are tokens.
    let is_token = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    if !header.bytes().all(is_token) {
        node.report(format!("{header:?} is not the name of a header"));
    }
    Some(header)
}

pub(super) const DEFAULT_TRACE_HEADER: &str = "x-smallstep-id";
