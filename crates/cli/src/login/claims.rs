//! What an id token says, checked as far as a client must (OpenID Connect Core §3.1.3.7).
//! The signature is left to the CA, which is the one that acts on the token.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rung_api::printable;
use rung_pki::jose::UnverifiedJws;
use serde::Deserialize;

use super::LoginError;

/// Whom an id token is about, for a person.
#[derive(Debug)]
pub(super) struct Person(pub(super) String);

/// What a token must say.
pub(super) struct Expected<'a> {
    /// None where it is not known who the provider says it is.
    pub(super) issuer: Option<&'a str>,
    pub(super) client_id: &'a str,
    /// None where the flow has no nonce.
    pub(super) nonce: Option<&'a str>,
    pub(super) now: SystemTime,
}

/// Check that `token` is from the right provider, for us, for this login and not expired.
pub(super) fn check(token: &str, expected: &Expected<'_>) -> Result<Person, LoginError> {
    let claims = unverified(token).ok_or_else(|| wrong("it is not a signed token"))?;
    if let Some(issuer) = expected.issuer.filter(|issuer| claims.iss != *issuer) {
        let (found, expected) = (printable(&claims.iss), printable(issuer));
        return Err(wrong(&format!("it is from `{found}` instead of `{expected}`")));
    }
    let for_us = match &claims.aud {
        Audience::One(one) => one == expected.client_id,
        Audience::Many(many) => many.iter().any(|one| one == expected.client_id),
    };
    let made_for_us = claims.azp.as_ref().is_none_or(|azp| azp == expected.client_id);
    if !for_us || !made_for_us {
        return Err(wrong(&format!("it is not for the client `{}`", printable(expected.client_id))));
    }
    if expected.nonce.is_some_and(|nonce| claims.nonce.as_deref() != Some(nonce)) {
        return Err(wrong("it belongs to another login"));
    }
    let now = expected.now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if claims.exp + LEEWAY.as_secs_f64() < now.as_secs_f64() {
        return Err(wrong("it has expired already; is the clock of this machine right?"));
    }
    let name = claims.email.filter(|email| !email.is_empty()).unwrap_or(claims.sub);
    Ok(Person(printable(&name).into_owned()))
}

/// Whether a token, checked before, belongs to one request for it.
pub(super) fn has_nonce(token: &str) -> bool {
    unverified(token).is_some_and(|claims| claims.nonce.is_some())
}

fn wrong(reason: &str) -> LoginError {
    LoginError::Token(format!("the id token was not accepted: {reason}"))
}

fn unverified(token: &str) -> Option<Claims> {
    let token = UnverifiedJws::parse(token).ok()?;
    serde_json::from_slice(token.unverified_payload()).ok()
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    nonce: Option<String>,
    email: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    Many(Vec<String>),
    One(String),
}

/// How far clocks may differ.
const LEEWAY: Duration = Duration::from_secs(60);
