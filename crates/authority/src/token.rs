//! Tokens before and after they are verified.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use rung_pki::jose::{JwsError, UnverifiedJws};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use crate::error::{TokenFault, TokenRefusal};

/// A token as it arrived. Nothing in it may be believed; it only shows what is needed to find who can verify it.
pub struct UnverifiedToken<'a> {
    pub(crate) jws: UnverifiedJws<'a>,
    pub(crate) route: Route,
}

/// The claims that lead to a provisioner.
#[derive(Debug, Deserialize)]
pub(crate) struct Route {
    #[serde(default)]
    pub(crate) aud: Audience,
    #[serde(default)]
    pub(crate) iss: String,
    #[serde(default)]
    pub(crate) azp: Option<String>,
    #[serde(default)]
    pub(crate) email: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    pub(crate) tid: Option<String>,
}

impl<'a> UnverifiedToken<'a> {
    /// Take a token apart without believing any of it.
    ///
    /// # Errors
    /// When it is not strictly a compact JWS whose payload is a JSON object with claims of the right types.
    pub fn parse(text: &'a str) -> Result<Self, TokenRefusal> {
        let jws = UnverifiedJws::parse(text).map_err(|error| malformed(&error))?;
        let route = claims(jws.unverified_payload())?;
        Ok(Self { jws, route })
    }
}

/// The audiences of a token: a string or a list of strings (RFC 7519 §4.1.3).
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Audience(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(AudienceVisitor)
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = Audience;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a string or a list of strings")
    }

    fn visit_str<E>(self, one: &str) -> Result<Audience, E> {
        Ok(Audience(vec![one.to_owned()]))
    }

    fn visit_unit<E>(self) -> Result<Audience, E> {
        Ok(Audience::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Audience, A::Error> {
        let mut many = Vec::new();
        while let Some(one) = list.next_element()? {
            many.push(one);
        }
        Ok(Audience(many))
    }
}

/// The time claims of a token (RFC 7519 §4.1.4-4.1.6), in whole seconds since 1970.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) exp: Option<i64>,
    pub(crate) nbf: Option<i64>,
    pub(crate) iat: Option<i64>,
}

/// What the time claims of a token are measured with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeRules {
    pub(crate) now: SystemTime,
    /// Tokens issued before this instant are refused.
    pub(crate) not_issued_before: Option<SystemTime>,
    /// Tokens from before this instant may have been spent, and that be forgotten, since the database came from a
    /// backup: they are refused whatever else holds.
    pub(crate) restored: Option<SystemTime>,
    /// The furthest that `exp` may lie in the future.
    pub(crate) longest: Duration,
    /// How far clocks may differ.
    pub(crate) tolerance: Duration,
    /// Whether the token must say when it was issued; if not, the start of its validity stands for that.
    pub(crate) issued_at: Needed,
}

/// Whether a claim must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needed {
    No,
    Yes,
}

/// How far clocks may differ where nothing else is said.
pub(crate) const LEEWAY: Duration = Duration::from_secs(60);

impl Times {
    /// Check `exp`, `nbf` and `iat`, and say from when on the token is worthless.
    pub(crate) fn check(&self, rules: &TimeRules) -> Result<SystemTime, TokenRefusal> {
        let expiry = self.exp.ok_or(TokenFault::ExpiryMissing)?;
        let detail = || format!("exp={expiry} nbf={:?} iat={:?}", self.nbf, self.iat);
        let refuse = |fault| TokenRefusal::new(fault, detail());
        let now = seconds(rules.now);
        let leeway = rules.tolerance.as_secs().cast_signed();
        let issued = self.issued(rules, now)?;
        if expiry.saturating_add(leeway) < now {
            return Err(refuse(TokenFault::Expired));
        }
        if expiry.saturating_sub(now) > rules.longest.as_secs().cast_signed() {
            return Err(refuse(TokenFault::Lifetime));
        }
        if [self.nbf, issued].into_iter().flatten().any(|start| start > now.saturating_add(leeway)) {
            return Err(refuse(TokenFault::NotYetValid));
        }
        if let (Some(start), Some(issued)) = (rules.not_issued_before, issued)
            && issued < seconds(start)
        {
            return Err(refuse(TokenFault::IssuedBeforeStart));
        }
        if rules.restored.is_some_and(|restored| self.may_be_forgotten(issued, seconds(restored))) {
            return Err(refuse(TokenFault::IssuedBeforeStart));
        }
        let expiry = u64::try_from(expiry).map_err(|_| refuse(TokenFault::Expired))?;
        // Once for tokens accepted late, once more for whole seconds.
        Ok(UNIX_EPOCH + Duration::from_secs(expiry) + rules.tolerance + LEEWAY)
    }

    /// Whether the token may have been spent before the database was put back from a backup.
    fn may_be_forgotten(&self, issued: Option<i64>, restored: i64) -> bool {
        match issued {
            Some(issued) => issued < restored,
            // One without any beginning was good for an hour at most when it was taken.
            None => self.exp.is_none_or(|expiry| expiry <= restored.saturating_add(LONGEST_WITHOUT_ISSUE)),
        }
    }

    /// When the token was issued, as far as it says so and has to.
    fn issued(&self, rules: &TimeRules, now: i64) -> Result<Option<i64>, TokenRefusal> {
        let known = match rules.issued_at {
            Needed::No => self.iat.or(self.nbf),
            Needed::Yes => self.iat,
        };
        // A token without any beginning could be from before the start, so it counts only where that does not matter,
        // and only for a short while.
        let is_brief = self.exp.is_some_and(|expiry| expiry.saturating_sub(now) <= LONGEST_WITHOUT_ISSUE);
        match known {
            Some(issued) => Ok(Some(issued)),
            None if rules.issued_at == Needed::No && rules.not_issued_before.is_none() && is_brief => Ok(None),
            None => Err(TokenFault::IssuedAtMissing.into()),
        }
    }
}

/// How many seconds a token that does not say since when it is valid may still be good for.
const LONGEST_WITHOUT_ISSUE: i64 = 60 * 60;

/// What must not occur twice: a digest over the provisioner and the identifier that the token brings, or over what
/// was signed when it brings none.
pub(crate) fn replay_digest(provisioner: &str, identifier: Option<&str>, signing_input: &str) -> [u8; 32] {
    let (kind, value) = match identifier {
        Some(identifier) if !identifier.is_empty() => ("id", identifier),
        _ => ("content", signing_input),
    };
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [provisioner, kind, value] {
        // The length in front keeps the parts apart whatever they contain.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().try_into().expect("SHA-256 has 32 octets")
}

/// Read claims of a payload into the type that a provisioner expects.
pub(crate) fn claims<'de, T: Deserialize<'de>>(payload: &'de [u8]) -> Result<T, TokenRefusal> {
    serde_json::from_slice(payload).map_err(|error| TokenRefusal::new(TokenFault::Malformed, error.to_string()))
}

pub(crate) fn malformed(error: &JwsError) -> TokenRefusal {
    TokenRefusal::new(TokenFault::Malformed, error.to_string())
}

fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs().cast_signed(),
        Err(before) => -before.duration().as_secs().cast_signed(),
    }
}
