//! Finding claims in a verified token, wherever they stand.

use rung_spec::oidc::ClaimPath;
use serde_json::Value;

use super::claims::Claims;
use crate::error::{TokenFault, TokenRefusal};

/// The claims of a verified token.
pub(super) struct Lookup<'a> {
    pub(super) token: &'a Value,
    pub(super) claims: &'a Claims,
    /// Whether an e-mail address counts without `email_verified`.
    pub(super) accept_unverified_email: bool,
}

impl<'a> Lookup<'a> {
    /// The value of a claim, unless it is absent or `null`.
    ///
    /// An e-mail address is shown only when it may be believed: whatever reads it decides something with it.
    pub(super) fn value(&self, path: &ClaimPath) -> Result<Option<&'a Value>, TokenRefusal> {
        let mut place = self.token;
        for step in path.steps() {
            let next = match place {
                Value::Object(members) => members.get(step),
                Value::Array(elements) => index(step).and_then(|index| elements.get(index)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
            };
            let Some(next) = next else { return Ok(None) };
            place = next;
        }
        if place.is_null() {
            return Ok(None);
        }
        if path.is_top("email") && !self.accept_unverified_email && !self.claims.email_is_verified() {
            return Err(TokenRefusal::new(TokenFault::EmailUnverified, format!("email={place}")));
        }
        Ok(Some(place))
    }

    /// The value of a claim that is one text without control characters; an empty one is as good as none.
    pub(super) fn text(&self, path: &ClaimPath) -> Result<Option<&'a str>, TokenRefusal> {
        match self.value(path)? {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().any(char::is_control) => {
                Err(unusable(path, &"has control characters"))
            }
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(unusable(path, &"is not one text")),
        }
    }

    /// The same for a claim that must be there.
    pub(super) fn needed_text(&self, path: &ClaimPath) -> Result<&'a str, TokenRefusal> {
        self.text(path)?.ok_or_else(|| TokenRefusal::new(TokenFault::ClaimMissing, format!("the claim {path}")))
    }

    /// The values of a claim as texts: one, or those of a list; none when it is absent.
    ///
    /// A claim that the provider left out because it is too long has values that nobody here knows.
    pub(super) fn texts(&self, path: &ClaimPath) -> Result<Vec<String>, TokenRefusal> {
        let elements = match self.value(path)? {
            None if self.claims.is_elsewhere(&path.steps()[0]) => return Err(TokenFault::GroupsOverage.into()),
            None => return Ok(Vec::new()),
            Some(Value::Array(elements)) => elements.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        let text = |value: &Value| match value {
            Value::String(text) if text.chars().any(char::is_control) => Err(unusable(path, &"has control characters")),
            Value::String(text) => Ok(text.clone()),
            Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
            Value::Null | Value::Object(_) | Value::Array(_) => Err(unusable(path, &"is no text and no list of texts")),
        };
        elements.iter().map(text).collect()
    }
}

/// A claim that is there and of no use.
pub(super) fn unusable(path: &ClaimPath, problem: &dyn std::fmt::Display) -> TokenRefusal {
    TokenRefusal::new(TokenFault::ClaimUnusable, format!("the claim {path} {problem}"))
}

/// RFC 6901 §4: digits without leading zeros.
fn index(step: &str) -> Option<usize> {
    let is_number = step.bytes().all(|octet| octet.is_ascii_digit()) && (step == "0" || !step.starts_with('0'));
    step.parse().ok().filter(|_| is_number)
}
