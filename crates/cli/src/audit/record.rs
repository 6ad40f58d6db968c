//! One record of the audit, as it was exported.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock;

/// What a record says.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    /// Its place, from one.
    pub(crate) position: u64,
    /// Milliseconds since 1970.
    at: u64,
    /// What was decided.
    pub(crate) action: String,
    /// The request that asked for it.
    pub(crate) request_id: String,
    /// Who, what and which check.
    detail: Map<String, Value>,
    /// The hash of the record before, as hexadecimal digits.
    pub(crate) previous: String,
}

impl Record {
    /// Read a record.
    pub(crate) fn parse(octets: &[u8]) -> anyhow::Result<Self> {
        Ok(serde_json::from_slice(octets)?)
    }

    /// When it was decided.
    pub(crate) fn at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.at)
    }

    /// The same, for people.
    pub(crate) fn when(&self) -> String {
        clock::stamp(OffsetDateTime::from(self.at()).into()).format(&Rfc3339).unwrap_or_else(|_| self.at.to_string())
    }

    /// A member of the detail, if it is a text.
    pub(crate) fn detail(&self, member: &str) -> Option<&str> {
        self.detail.get(member).and_then(Value::as_str)
    }

    /// Whom it is about: the e-mail address, or else the subject.
    pub(crate) fn who(&self) -> Option<&str> {
        self.detail("email").or_else(|| self.detail("subject")).or_else(|| self.detail("by"))
    }

    /// What else it says, in a few words.
    pub(crate) fn what(&self) -> String {
        match self.action.as_str() {
            "refused" => {
                let operation = self.detail("operation").unwrap_or("?");
                format!("{operation}: {}", self.detail("reason").unwrap_or("?"))
            }
            "revoked" | "reload refused" => self.detail("reason").unwrap_or_default().to_owned(),
            "refused without proof" => {
                let counts = self.detail.get("counts").and_then(Value::as_object);
                let each = counts.into_iter().flatten().map(|(check, count)| format!("{count} × {check}"));
                each.collect::<Vec<_>>().join(", ")
            }
            _ => {
                let names = self.detail.get("names").and_then(Value::as_array);
                let names = names.into_iter().flatten().filter_map(Value::as_str);
                names.collect::<Vec<_>>().join(" ")
            }
        }
    }
}
