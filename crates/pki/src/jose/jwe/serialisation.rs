//! The three ways of writing a JWE (RFC 7516 §7).

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{JweError, content::Sealed};
use crate::jose::{base64url, json};

/// A JWE taken apart; the protected header stays encoded since it is authenticated in that form.
pub(super) struct Parts {
    pub(super) protected: String,
    pub(super) unprotected: Map<String, Value>,
    /// Additional authenticated data, encoded.
    pub(super) aad: Option<String>,
    pub(super) recipients: Vec<Recipient>,
    pub(super) sealed: Sealed,
}

/// What is there for one recipient.
#[derive(Default)]
pub(super) struct Recipient {
    pub(super) header: Map<String, Value>,
    pub(super) encrypted_key: Vec<u8>,
}

impl Parts {
    /// A JWE for one recipient with nothing but a protected header.
    pub(super) fn plain(protected: String, encrypted_key: Vec<u8>, sealed: Sealed) -> Self {
        let recipients = vec![Recipient { header: Map::new(), encrypted_key }];
        Self { protected, unprotected: Map::new(), aad: None, recipients, sealed }
    }

    /// Take a text apart, whichever way it is written. White space around it is skipped: it comes from files.
    pub(super) fn parse(text: &str) -> Result<Self, JweError> {
        if text.len() > MAX_LEN {
            return Err(JweError::Malformed("it is longer than 24 MiB"));
        }
        let text = text.trim_ascii();
        if text.starts_with('{') { Self::parse_json(text) } else { Self::parse_compact(text) }
    }

    fn parse_compact(text: &str) -> Result<Self, JweError> {
        let mut parts = text.splitn(6, '.');
        let mut next = || parts.next().ok_or(NOT_COMPACT);
        let [protected, encrypted_key, iv, ciphertext, tag] = [next()?, next()?, next()?, next()?, next()?];
        if parts.next().is_some() {
            return Err(NOT_COMPACT);
        }
        check_header(protected)?;
        let sealed = Sealed { iv: decode(iv)?, ciphertext: decode(ciphertext)?, tag: decode(tag)? };
        Ok(Self::plain(protected.to_owned(), decode(encrypted_key)?, sealed))
    }

    fn parse_json(text: &str) -> Result<Self, JweError> {
        json::check_object(text.as_bytes())?;
        let members: Members<'_> = serde_json::from_str(text).map_err(|_| JweError::Malformed(NO_MEMBERS))?;
        let recipients = match members.recipients {
            Some(list) if members.encrypted_key.is_none() && members.header.is_none() => {
                if list.is_empty() || list.len() > MOST_RECIPIENTS {
                    return Err(JweError::Malformed("it has no recipients, or more than 20"));
                }
                list.into_iter().map(|one| Recipient::read(one.header, one.encrypted_key)).collect::<Result<_, _>>()?
            }
            // RFC 7516 §7.2.2: the flattened form has no list.
            Some(_) => return Err(JweError::Malformed("it has both one recipient and a list of them")),
            None => vec![Recipient::read(members.header, members.encrypted_key)?],
        };
        let sealed =
            Sealed { iv: decode(members.iv)?, ciphertext: decode(members.ciphertext)?, tag: decode(members.tag)? };
        check_header(members.protected.unwrap_or_default())?;
        if let Some(aad) = members.aad {
            decode(aad)?;
        }
        Ok(Self {
            protected: members.protected.unwrap_or_default().to_owned(),
            unprotected: members.unprotected.map_or(Ok(Map::new()), object)?,
            aad: members.aad.map(str::to_owned),
            recipients,
            sealed,
        })
    }

    /// What the content's encryption authenticates besides the content (RFC 7516 §5.1, steps 13 and 14).
    pub(super) fn authenticated(&self) -> String {
        match &self.aad {
            Some(aad) => format!("{}.{aad}", self.protected),
            None => self.protected.clone(),
        }
    }

    /// The whole header of one recipient. A name in two of its three places is refused (RFC 7516 §4).
    pub(super) fn header(&self, recipient: &Recipient) -> Result<Map<String, Value>, JweError> {
        let protected = base64url::decode(&self.protected).map_err(|_| JweError::Malformed(NOT_BASE64_HEADER))?;
        let mut header = Map::new();
        if !protected.is_empty() {
            json::check_object(&protected)?;
            header = serde_json::from_slice(&protected).map_err(|_| JweError::Malformed(NOT_BASE64_HEADER))?;
        }
        for (name, value) in self.unprotected.iter().chain(&recipient.header) {
            if header.insert(name.clone(), value.clone()).is_some() {
                return Err(JweError::Malformed("a header member occurs twice"));
            }
        }
        Ok(header)
    }

    /// Whether it can be written in compact serialisation.
    pub(super) fn is_plain(&self) -> bool {
        matches!(&self.recipients[..], [only] if only.header.is_empty())
            && self.unprotected.is_empty()
            && self.aad.is_none()
    }

    /// For a JWE that [`is_plain`](Self::is_plain).
    pub(super) fn to_compact(&self) -> String {
        let mut text = self.protected.clone();
        for (_, part) in self.encoded() {
            text.push('.');
            base64url::append(&mut text, part);
        }
        text
    }

    /// On several lines with two spaces of indent; for a JWE that [`is_plain`](Self::is_plain).
    pub(super) fn to_json(&self) -> String {
        let mut text = format!("{{\n  \"protected\": \"{}\"", self.protected);
        for (name, part) in self.encoded() {
            text.extend([",\n  \"", name, "\": \""]);
            base64url::append(&mut text, part);
            text.push('"');
        }
        text.push_str("\n}");
        text
    }

    /// On one line, without an encrypted key that is empty; for a JWE that [`is_plain`](Self::is_plain).
    pub(super) fn to_flattened(&self) -> String {
        let mut text = format!("{{\"protected\":\"{}\"", self.protected);
        for (name, part) in self.encoded() {
            if name == "encrypted_key" && part.is_empty() {
                continue;
            }
            text.extend([",\"", name, "\":\""]);
            base64url::append(&mut text, part);
            text.push('"');
        }
        text.push('}');
        text
    }

    fn encoded(&self) -> [(&'static str, &[u8]); 4] {
        [
            ("encrypted_key", self.recipients.first().map_or(&[], |only| &only.encrypted_key)),
            ("iv", &self.sealed.iv),
            ("ciphertext", &self.sealed.ciphertext),
            ("tag", &self.sealed.tag),
        ]
    }
}

impl Recipient {
    fn read(header: Option<&RawValue>, encrypted_key: Option<&str>) -> Result<Self, JweError> {
        Ok(Self {
            header: header.map_or(Ok(Map::new()), object)?,
            encrypted_key: decode(encrypted_key.unwrap_or_default())?,
        })
    }
}

/// The protected header is written again as it was read, so it must be what it claims to be.
fn check_header(text: &str) -> Result<(), JweError> {
    base64url::decode(text).map(drop).map_err(|_| JweError::Malformed(NOT_BASE64_HEADER))
}

fn decode(text: &str) -> Result<Vec<u8>, JweError> {
    base64url::decode(text).map_err(|_| JweError::Malformed("a part is not base64url"))
}

fn object(text: &RawValue) -> Result<Map<String, Value>, JweError> {
    serde_json::from_str(text.get()).map_err(|_| JweError::Malformed("a header is not a JSON object"))
}

#[derive(Deserialize)]
struct Members<'a> {
    protected: Option<&'a str>,
    #[serde(borrow)]
    unprotected: Option<&'a RawValue>,
    #[serde(borrow)]
    header: Option<&'a RawValue>,
    encrypted_key: Option<&'a str>,
    #[serde(borrow)]
    recipients: Option<Vec<Entry<'a>>>,
    aad: Option<&'a str>,
    #[serde(default)]
    iv: &'a str,
    ciphertext: &'a str,
    #[serde(default)]
    tag: &'a str,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    header: Option<&'a RawValue>,
    encrypted_key: Option<&'a str>,
}

const MAX_LEN: usize = 24 << 20;
const MOST_RECIPIENTS: usize = 20;
const NOT_COMPACT: JweError = JweError::Malformed("it does not have five parts separated by dots");
const NOT_BASE64_HEADER: &str = "its header is not base64url";
const NO_MEMBERS: &str = "`ciphertext` is missing, or a member is not what it should be";
