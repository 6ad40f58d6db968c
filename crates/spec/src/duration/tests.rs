use std::time::UNIX_EPOCH;

use super::*;

#[track_caller]
fn check(text: &str, canonical: Option<&str>) {
    let shown = text.parse::<GoDuration>().ok().map(|duration| duration.to_string());
    assert_eq!(shown.as_deref(), canonical, "{text:?}");
    if let Some(canonical) = canonical {
        assert_eq!(canonical.parse::<GoDuration>(), text.parse(), "{text:?}");
    }
}

#[test]
fn durations_are_written_as_go_writes_them() {
    check("24h", Some("24h0m0s"));
    check("1h30m", Some("1h30m0s"));
    check("1m", Some("1m0s"));
    check("90s", Some("1m30s"));
    check("1.5h", Some("1h30m0s"));
    check("300ms", Some("300ms"));
    check("1500ms", Some("1.5s"));
    check("106611ns", Some("106.611µs"));
    check("-5m", Some("-5m0s"));
    check("+1s", Some("1s"));
    check("0", Some("0s"));
    check("0s", Some("0s"));
    check(".5s", Some("500ms"));
}

#[test]
fn what_is_not_a_duration_is_refused() {
    for text in ["", "1", "1d", "1 h", "h", "-", "1.2.3s", "1h-1m", "99999999999999999999h", "1h ", "٣h"] {
        check(text, None);
    }
}

#[test]
fn times_and_durations_are_told_apart() {
    let base = UNIX_EPOCH + Duration::from_secs(1000);
    let resolve = |text: &str| TimeOrDuration::parse(text).unwrap().and_then(|time| time.resolve(base));
    assert_eq!(resolve(""), None);
    assert_eq!(resolve("0s"), None);
    assert_eq!(resolve("10s"), Some(UNIX_EPOCH + Duration::from_secs(1010)));
    assert_eq!(resolve("-10s"), Some(UNIX_EPOCH + Duration::from_secs(990)));
    assert_eq!(resolve("1970-01-01T01:00:05+01:00"), Some(UNIX_EPOCH + Duration::from_secs(5)));
    for text in ["tomorrow", "1d", "2026-01-31"] {
        assert!(TimeOrDuration::parse(text).is_err(), "{text}");
    }
}
