//! The two ways of writing a JWE that Rung reads (RFC 7516 §7).

use serde::Deserialize;

use super::JweError;
use crate::jose::{base64url, json};

/// A JWE taken apart; the header stays encoded since it is authenticated in that form.
pub(super) struct Parts {
    pub(super) protected: String,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

impl Parts {
    /// Take a text apart, whichever way it is written. White space around it is skipped: it comes from files.
    pub(super) fn parse(text: &str) -> Result<Self, JweError> {
        if text.len() > MAX_LEN {
            return Err(JweError::Malformed("it is longer than 1 MiB"));
        }
        let text = text.trim_ascii();
        if text.starts_with('{') { Self::parse_json(text) } else { Self::parse_compact(text) }
    }

    fn parse_compact(text: &str) -> Result<Self, JweError> {
        let mut parts = text.splitn(6, '.');
        let mut next = || parts.next().ok_or(JweError::Malformed("it does not have five parts separated by dots"));
        let texts = [next()?, next()?, next()?, next()?, next()?];
        if parts.next().is_some() {
            return Err(JweError::Malformed("it does not have five parts separated by dots"));
        }
        Self::decode(texts)
    }

    fn parse_json(text: &str) -> Result<Self, JweError> {
        json::check_object(text.as_bytes())?;
        let members: Flattened<'_> = serde_json::from_str(text).map_err(|_| JweError::Malformed(NOT_FLATTENED))?;
        let extras = [
            (members.header, "unprotected headers"),
            (members.unprotected, "unprotected headers"),
            (members.aad, "additional authenticated data"),
            (members.recipients, "several recipients"),
        ];
        if let Some((_, name)) = extras.into_iter().find(|(there, _)| *there) {
            return Err(JweError::Unsupported(name.to_owned()));
        }
        Self::decode([members.protected, members.encrypted_key, members.iv, members.ciphertext, members.tag])
    }

    fn decode([protected, encrypted_key, iv, ciphertext, tag]: [&str; 5]) -> Result<Self, JweError> {
        let decode = |text: &str| base64url::decode(text).map_err(|_| JweError::Malformed("a part is not base64url"));
        Ok(Self {
            protected: protected.to_owned(),
            encrypted_key: decode(encrypted_key)?,
            iv: decode(iv)?,
            ciphertext: decode(ciphertext)?,
            tag: decode(tag)?,
        })
    }

    pub(super) fn to_compact(&self) -> String {
        let mut text = self.protected.clone();
        for part in self.encoded() {
            text.push('.');
            base64url::append(&mut text, part);
        }
        text
    }

    pub(super) fn to_json(&self) -> String {
        let mut text = format!("{{\n  \"protected\": \"{}\"", self.protected);
        for (name, part) in ["encrypted_key", "iv", "ciphertext", "tag"].into_iter().zip(self.encoded()) {
            text.extend([",\n  \"", name, "\": \""]);
            base64url::append(&mut text, part);
            text.push('"');
        }
        text.push_str("\n}");
        text
    }

    fn encoded(&self) -> [&[u8]; 4] {
        [&self.encrypted_key, &self.iv, &self.ciphertext, &self.tag]
    }
}

#[derive(Deserialize)]
struct Flattened<'a> {
    protected: &'a str,
    encrypted_key: &'a str,
    iv: &'a str,
    ciphertext: &'a str,
    tag: &'a str,
    #[serde(default, deserialize_with = "json::present")]
    header: bool,
    #[serde(default, deserialize_with = "json::present")]
    unprotected: bool,
    #[serde(default, deserialize_with = "json::present")]
    aad: bool,
    #[serde(default, deserialize_with = "json::present")]
    recipients: bool,
}

const MAX_LEN: usize = 1024 * 1024;
const NOT_FLATTENED: &str = "`protected`, `encrypted_key`, `iv`, `ciphertext` or `tag` is missing";
