//! The requests of `POST /rekey` and `POST /revoke`, and what the latter answers.

use std::borrow::Cow;
use std::fmt;

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};

use super::read::{self, Malformed, Members, is_named, take_text};

/// What `POST /rekey` takes. An absent member is empty.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RekeyRequest<'a> {
    /// A certificate request, PEM, of which the key alone counts.
    pub csr: Cow<'a, str>,
}

impl<'a> RekeyRequest<'a> {
    /// Read a request body; see [`read::read`] for the rules.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        read::read(bytes)
    }
}

impl<'de> Members<'de> for RekeyRequest<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if is_named(name, "csr") {
            return take_text(&mut self.csr, map);
        }
        Ok(false)
    }
}

/// What `POST /revoke` takes. An absent member is empty, zero or false.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeRequest<'a> {
    /// The serial number of the certificate, decimal or with a prefix that names its base.
    pub serial: Cow<'a, str>,
    /// The one-time token; empty when the client shows the certificate itself.
    pub ott: Cow<'a, str>,
    /// Why, as a number of RFC 5280 §5.3.1.
    pub reason_code: i64,
    /// Why, in words.
    pub reason: Cow<'a, str>,
    /// Whether the certificate is only kept from being renewed; there is no other way.
    pub passive: bool,
}

impl<'a> RevokeRequest<'a> {
    /// Read a request body; see [`read::read`] for the rules.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        read::read(bytes)
    }
}

impl<'de> Members<'de> for RevokeRequest<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if is_named(name, "serial") {
            return take_text(&mut self.serial, map);
        }
        if is_named(name, "ott") {
            return take_text(&mut self.ott, map);
        }
        if is_named(name, "reason") {
            return take_text(&mut self.reason, map);
        }
        if is_named(name, "reasonCode") {
            self.reason_code = map.next_value::<Option<i64>>()?.unwrap_or(self.reason_code);
            return Ok(true);
        }
        if is_named(name, "passive") {
            self.passive = map.next_value::<Option<bool>>()?.unwrap_or(self.passive);
            return Ok(true);
        }
        Ok(false)
    }
}

/// The token stays out of logs.
impl fmt::Debug for RevokeRequest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RevokeRequest")
            .field("serial", &self.serial)
            .field("reason_code", &self.reason_code)
            .field("passive", &self.passive)
            .finish_non_exhaustive()
    }
}

/// What `POST /revoke` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked<'a> {
    /// `ok`; a refusal has another body.
    #[serde(borrow)]
    pub status: Cow<'a, str>,
}
