//! The members of a JSON object, by names whose case does not count.

use std::time::SystemTime;

use const_oid::ObjectIdentifier;
use serde_json::{Map, Value};

use super::{ProfileError, from_base64};
use crate::asn1::read_rfc3339;

/// A JSON object and the place where it stands.
pub(super) struct Members<'a> {
    place: String,
    map: &'a Map<String, Value>,
}

impl<'a> Members<'a> {
    /// The members of the outermost object.
    pub(super) fn whole(value: &'a Value) -> Result<Self, ProfileError> {
        match value {
            Value::Object(map) => Ok(Self { place: String::new(), map }),
            _ => Err(ProfileError::Json("a certificate is described by a JSON object".to_owned())),
        }
    }

    /// The members of an object that stands elsewhere.
    pub(super) fn of(place: String, value: &'a Value) -> Result<Self, ProfileError> {
        match value {
            Value::Object(map) => Ok(Self { place, map }),
            _ => Err(ProfileError::Member { member: place, problem: "is no object".to_owned() }),
        }
    }

    /// What is wrong with a member.
    pub(super) fn wrong(&self, member: &str, problem: impl Into<String>) -> ProfileError {
        ProfileError::Member { member: self.path(member), problem: problem.into() }
    }

    fn path(&self, member: &str) -> String {
        if self.place.is_empty() { member.to_owned() } else { format!("{}.{member}", self.place) }
    }

    /// A member, if it is there.
    pub(super) fn get(&self, member: &str) -> Result<Option<&'a Value>, ProfileError> {
        let mut found = self.map.iter().filter(|(name, _)| name.eq_ignore_ascii_case(member)).map(|(_, value)| value);
        let first = found.next();
        // Go takes the last one; which that is, is more than an author should have to know.
        if found.next().is_some() {
            return Err(self.wrong(member, "stands there twice, in different spellings"));
        }
        Ok(first.filter(|value| !value.is_null()))
    }

    /// A text.
    pub(super) fn text(&self, member: &str) -> Result<Option<String>, ProfileError> {
        match self.get(member)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(member, "is no text")),
        }
    }

    /// A text or a list of texts.
    pub(super) fn texts(&self, member: &str) -> Result<Vec<String>, ProfileError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let all = match self.get(member)? {
            None => return Ok(Vec::new()),
            Some(Value::String(one)) => Some(vec![one.clone()]),
            Some(Value::Array(many)) => many.iter().map(text).collect(),
            Some(_) => None,
        };
        all.ok_or_else(|| self.wrong(member, "is neither a text nor a list of texts"))
    }

    /// An object identifier or a list of them.
    pub(super) fn oids(&self, member: &str) -> Result<Vec<ObjectIdentifier>, ProfileError> {
        let read = |text: String| {
            text.parse().map_err(|_| self.wrong(member, format!("has {text:?}, which is no object identifier")))
        };
        self.texts(member)?.into_iter().map(read).collect()
    }

    /// A switch; off when it is not there.
    pub(super) fn flag(&self, member: &str) -> Result<bool, ProfileError> {
        match self.get(member)? {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(member, "is neither true nor false")),
        }
    }

    /// A whole number.
    pub(super) fn integer(&self, member: &str) -> Result<Option<i64>, ProfileError> {
        match self.get(member)? {
            None => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| self.wrong(member, "is no whole number")),
        }
    }

    /// Octets in base64.
    pub(super) fn octets(&self, member: &str) -> Result<Option<Vec<u8>>, ProfileError> {
        let Some(text) = self.text(member)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        from_base64(&text).map(Some).ok_or_else(|| self.wrong(member, "is not base64"))
    }

    /// A point in time (RFC 3339).
    pub(super) fn time(&self, member: &str) -> Result<Option<SystemTime>, ProfileError> {
        let Some(text) = self.text(member)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        let time = read_rfc3339(&text);
        time.map(Some).ok_or_else(|| self.wrong(member, format!("is {text:?}, which is no time of RFC 3339")))
    }

    /// An object.
    pub(super) fn object(&self, member: &str) -> Result<Option<Self>, ProfileError> {
        self.get(member)?.map(|value| Members::of(self.path(member), value)).transpose()
    }

    /// A list of objects.
    pub(super) fn objects(&self, member: &str) -> Result<Vec<Self>, ProfileError> {
        match self.get(member)? {
            None => Ok(Vec::new()),
            Some(Value::Array(many)) => many
                .iter()
                .enumerate()
                .map(|(place, value)| Members::of(format!("{}[{place}]", self.path(member)), value))
                .collect(),
            Some(_) => Err(self.wrong(member, "is no list")),
        }
    }
}
