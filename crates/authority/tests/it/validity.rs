//! From when to when certificates are valid.

use std::time::{Duration, UNIX_EPOCH};

use rung_spec::ResolvedClaims;
use serde_json::json;

use crate::stage::{DAY, NOW, Setup, Stage, request};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAYS: i64 = DAY.cast_signed();

/// `wanted` leads to a certificate from and to these seconds from now, or to a refusal.
#[track_caller]
fn check(stage: &Stage, wanted: (&str, &str), expected: Result<(i64, i64), &str>) {
    let said = stage.sign(&stage.jwk(json!({})), &request(|_| {}), wanted).map(|certificate| {
        let from_now = |time: std::time::SystemTime| {
            i64::try_from(time.duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap() - NOW.cast_signed()
        };
        (from_now(certificate.not_before()), from_now(certificate.not_after()))
    });
    match (&said, expected) {
        (Err(said), Err(expected)) => assert!(said.starts_with(expected), "{wanted:?}: {said}, expected {expected}"),
        _ => assert_eq!(said.as_ref().map_err(String::as_str), expected.as_ref().map_err(|text| *text), "{wanted:?}"),
    }
}

fn lifetimes(min: u64, default: u64, max: u64) -> ResolvedClaims {
    ResolvedClaims {
        min_tls: Duration::from_secs(min),
        default_tls: Duration::from_secs(default),
        max_tls: Duration::from_secs(max),
        ..ResolvedClaims::default()
    }
}

#[test]
fn c16_the_table_of_the_profile() {
    let stage = Stage::new();
    let long = "403 requested duration of 24h2m0s is more than the authorized maximum certificate duration of 24h1m0s";
    let short = "403 requested duration of 2m0s is less than the authorized minimum certificate duration of 5m0s";
    // The present is 2026-11-23T20:04:56Z.
    for (wanted, expected) in [
        (("", ""), Ok((-MINUTE, 24 * HOUR))),
        (("", "24h"), Ok((-MINUTE, 24 * HOUR))),
        (("", "4m"), Ok((-MINUTE, 4 * MINUTE))),
        (("", "24h1m"), Err(long)),
        (("", "1m"), Err(short)),
        (("1h", ""), Ok((HOUR, 25 * HOUR))),
        (("1h", "30m"), Ok((HOUR, HOUR + 30 * MINUTE))),
        (("-1h", ""), Ok((-HOUR, 23 * HOUR))),
        (("", "2026-11-23T22:04:56+01:00"), Ok((-MINUTE, HOUR))),
        (("2026-11-23T21:04:56Z", "2026-11-23T22:04:56Z"), Ok((HOUR, 2 * HOUR))),
        (("0", "0s"), Ok((-MINUTE, 24 * HOUR))),
    ] {
        check(&stage, wanted, expected);
    }
    let stage = Stage::with(Setup { claims: lifetimes(5, 5, 100), ..Setup::default() });
    check(&stage, ("", ""), Ok((-MINUTE, 5)));
}

#[test]
fn c16_impossible_validities() {
    let stage = Stage::new();
    for (wanted, expected) in [
        (("", "-1h"), "400 notAfter cannot be in the past; na=1795460696"),
        (("", "2026-11-23T20:04:55Z"), "400 notAfter cannot be in the past"),
        (("2h", "2026-11-23T21:04:56Z"), "400 notAfter cannot be before notBefore"),
        (("2h", "-30m"), "400 notAfter cannot be before notBefore"),
        (("", "9999-12-31T23:59:59Z"), "403 requested duration of"),
        (("9999-12-31T23:59:59Z", ""), "4"),
        (("1950-01-01T00:00:00Z", ""), "400 notBefore is out of range"),
        (("1970-01-01T00:00:00Z", ""), "400 notAfter cannot be in the past"),
        (("1970-01-01T00:00:00Z", "1h"), "400 notAfter cannot be in the past"),
        (("2262-04-11T23:47:16Z", "2562047h47m16s"), "4"),
        (("2562047h47m16s", "2562047h47m16s"), "4"),
        (("-2562047h47m16s", ""), "400 notBefore is out of range"),
        (("24h1s", ""), "403 requested notBefore is more than 24h0m0s in the future"),
        (("-25h", ""), "400 notAfter cannot be in the past"),
        (("-48h", "2026-11-23T21:04:56Z"), "403 requested duration of 49h0m0s is more than"),
    ] {
        check(&stage, wanted, Err(expected));
    }
    check(&stage, ("24h", ""), Ok((DAYS, 2 * DAYS)));
}

#[test]
fn c16_no_certificate_outlives_its_issuer() {
    let stage = Stage::with(Setup { issuer_end: 3600, ..Setup::default() });
    check(&stage, ("", ""), Ok((-MINUTE, HOUR)));
    check(&stage, ("", "1h"), Ok((-MINUTE, HOUR)));
    check(&stage, ("", "60m1s"), Err("403 requested notAfter is after the end of the issuing certificate"));
    check(&stage, ("2h", ""), Err("400 notAfter cannot be before notBefore"));
    let stage = Stage::with(Setup { issuer_end: 120, ..Setup::default() });
    check(&stage, ("", ""), Err("403 requested duration of 3m0s is less than"));
}

#[test]
fn c16_the_years_2049_and_2050_are_written_as_rfc_5280_has_it() {
    // 2049-12-31T23:59:59Z and a second later.
    let end = 2_524_607_999 - NOW;
    let claims = lifetimes(300, end, 40_000 * DAY);
    let long = Setup { claims, issuer_end: 39_000 * DAY, ..Setup::default() };
    // The root ends before that issuing certificate, so nothing is verified against it here.
    let stage = Stage::with(long);
    for (wanted, text) in
        [("2049-12-31T23:59:59Z", &b"\x17\x0d491231235959Z"[..]), ("2050-01-01T00:00:00Z", b"\x18\x0f20500101000000Z")]
    {
        let certificate = stage.sign(&stage.jwk(json!({})), &request(|_| {}), ("", wanted)).unwrap();
        assert!(certificate.tbs_der().windows(text.len()).any(|window| window == text), "{wanted}");
    }
}

#[test]
fn a_default_lifetime_of_a_fraction_of_a_second_is_cut_to_whole_seconds() {
    let claims = ResolvedClaims {
        default_tls: Duration::from_millis(90_500),
        min_tls: Duration::from_secs(1),
        ..ResolvedClaims::default()
    };
    check(&Stage::with(Setup { claims, ..Setup::default() }), ("", ""), Ok((-MINUTE, 90)));
}
