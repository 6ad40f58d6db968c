//! The claims that a token makes, as they are read.

use std::time::{Duration, SystemTime};

use rung_spec::GoDuration;
use serde_json::{Map, Value};

/// What somebody wants to be true of a token.
pub(super) struct Expected<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: Option<&'a str>,
    /// The time to judge by, and whether a token may have expired.
    pub(super) now: SystemTime,
    pub(super) may_have_expired: bool,
}

/// Everything that is wrong with the claims, in the order issuer, audience, not before, expiry.
pub(super) fn problems(claims: &Map<String, Value>, expected: &Expected<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    if expected.issuer.is_some_and(|issuer| claims.get("iss").and_then(Value::as_str) != Some(issuer)) {
        problems.push("invalid issuer claim (iss)".to_owned());
    }
    if expected.audience.is_some_and(|audience| !is_for(claims.get("aud"), audience)) {
        problems.push("invalid audience claim (aud)".to_owned());
    }
    match instant(claims.get("nbf")) {
        Instant::At(from) if expected.now < from => problems.push("token not valid yet (nbf)".to_owned()),
        Instant::Malformed => problems.push("the claim nbf is not a time (nbf)".to_owned()),
        Instant::At(_) | Instant::Missing => {}
    }
    match instant(claims.get("exp")) {
        Instant::Malformed => problems.push("the claim exp is not a time (exp)".to_owned()),
        Instant::At(until) if !expected.may_have_expired => {
            if let Ok(since) = expected.now.duration_since(until)
                && !since.is_zero()
            {
                problems.push(format!("token is expired by {} (exp)", GoDuration::from(to_milliseconds(since))));
            }
        }
        Instant::At(_) | Instant::Missing => {}
    }
    problems
}

fn is_for(audience: Option<&Value>, wanted: &str) -> bool {
    match audience {
        Some(Value::String(only)) => only == wanted,
        Some(Value::Array(list)) => list.iter().any(|one| one.as_str() == Some(wanted)),
        _ => false,
    }
}

/// A claim that is a point in time (RFC 7519 §2, NumericDate).
enum Instant {
    At(SystemTime),
    Malformed,
    Missing,
}

fn instant(claim: Option<&Value>) -> Instant {
    let seconds = match claim {
        None | Some(Value::Null) => return Instant::Missing,
        Some(Value::Number(number)) => number.as_f64(),
        Some(_) => None,
    };
    let at = seconds.filter(|seconds| seconds.is_finite()).and_then(|seconds| {
        let distance = Duration::try_from_secs_f64(seconds.abs().trunc()).ok()?;
        let epoch = SystemTime::UNIX_EPOCH;
        if seconds < 0.0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
    });
    at.map_or(Instant::Malformed, Instant::At)
}

fn to_milliseconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from((duration.as_nanos() + 500_000) / 1_000_000).unwrap_or(u64::MAX))
}
