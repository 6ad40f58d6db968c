//! From when to when a certificate is valid.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rung_spec::{GoDuration, ResolvedClaims, TimeOrDuration};

use super::{Issuance, WantedValidity};
use crate::{
    Error,
    error::{Denial, Invalid},
};

/// Start and end of a certificate.
///
/// A wanted duration counts from now for the start, and from the start for the end. Only a start that nobody asked
/// for is dated back.
pub(super) fn decide(
    wanted: &WantedValidity,
    claims: &ResolvedClaims,
    issuance: &Issuance<'_>,
) -> Result<(SystemTime, SystemTime), Error> {
    let now = issuance.now;
    let backdate = issuance.profile.backdate;
    let start = wanted.not_before.as_ref().map(|time| resolve(time, now, "notBefore")).transpose()?;
    let base = start.unwrap_or(now);
    let not_before = whole_seconds(start.unwrap_or(now - backdate));
    let issuer_end = issuance.issuer.certificate().not_after();
    let not_after = match &wanted.not_after {
        Some(time) => whole_seconds(resolve(time, base, "notAfter")?),
        None => whole_seconds(base + claims.default_tls).min(issuer_end),
    };
    check_order(not_before, not_after, now)?;
    check_bounds(not_before, not_after, claims, backdate)?;
    if start.is_some_and(|start| start > now + claims.max_tls) {
        return Err(Denial::Validity(format!(
            "requested notBefore is more than {} in the future",
            GoDuration::from(claims.max_tls)
        ))
        .into());
    }
    // A certificate must not be good for longer than the one that vouches for it.
    if not_after > issuer_end {
        return Err(
            Denial::Validity("requested notAfter is after the end of the issuing certificate".to_owned()).into()
        );
    }
    Ok((not_before, not_after))
}

/// Start and end of a certificate that takes the place of one with that lifetime.
///
/// The rules of today count: what is longer or shorter than they allow is cut or stretched to the bound.
pub(crate) fn succeeding(
    lifetime: Duration,
    claims: &ResolvedClaims,
    issuance: &Issuance<'_>,
) -> Result<(SystemTime, SystemTime), Error> {
    let backdate = issuance.profile.backdate;
    let lifetime = lifetime.clamp(claims.min_tls, claims.max_tls + backdate);
    let not_before = whole_seconds(issuance.now - backdate);
    let issuer_end = issuance.issuer.certificate().not_after();
    let not_after = (not_before + lifetime).min(issuer_end);
    check_order(not_before, not_after, issuance.now)?;
    Ok((not_before, not_after))
}

fn check_order(not_before: SystemTime, not_after: SystemTime, now: SystemTime) -> Result<(), Invalid> {
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if not_after < now {
        return Err(Invalid::Validity(format!("notAfter cannot be in the past; na={}", seconds(not_after))));
    }
    if not_after < not_before {
        let (start, end) = (seconds(not_before), seconds(not_after));
        return Err(Invalid::Validity(format!("notAfter cannot be before notBefore; na={end}, nb={start}")));
    }
    Ok(())
}

fn check_bounds(
    not_before: SystemTime,
    not_after: SystemTime,
    claims: &ResolvedClaims,
    backdate: Duration,
) -> Result<(), Denial> {
    let lifetime = not_after.duration_since(not_before).unwrap_or_default();
    let longest = claims.max_tls + backdate;
    let refuse = |relation: &str, bound: &str, limit: Duration| {
        Err(Denial::Validity(format!(
            "requested duration of {} is {relation} than the authorized {bound} certificate duration of {}",
            GoDuration::from(lifetime),
            GoDuration::from(limit)
        )))
    };
    if lifetime < claims.min_tls {
        return refuse("less", "minimum", claims.min_tls);
    }
    if lifetime > longest {
        return refuse("more", "maximum", longest);
    }
    Ok(())
}

fn resolve(time: &TimeOrDuration, base: SystemTime, member: &str) -> Result<SystemTime, Invalid> {
    let out_of_range = || Invalid::Validity(format!("{member} is out of range"));
    let time = time.resolve(base).ok_or_else(out_of_range)?;
    // RFC 5280 §4.1.2.5: GeneralizedTime ends with the year 9999.
    if time < UNIX_EPOCH || time > UNIX_EPOCH + YEAR_9999 {
        return Err(out_of_range());
    }
    Ok(time)
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

const YEAR_9999: Duration = Duration::from_secs(253_402_300_799);
