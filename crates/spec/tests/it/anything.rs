//! Whatever is read, nothing panics, and what is taken is JSON.

use std::path::Path;

use proptest::prelude::*;
use rung_spec::{
    Config, GoDuration, TimeOrDuration, edit,
    oidc::{ClaimPath, NamePattern, Pattern, Wildcard},
};
use serde_json::json;

use crate::samples::{parse, sample};

/// A sample with a stretch exchanged for something else.
fn damaged() -> impl Strategy<Value = String> {
    let samples = ["init.json", "init-ssh.json", "edited.json", "rules.json"].map(sample);
    let bits = ["null", "{}", "[]", "-1", "\"\"", "\"24h\"", "}", "[", "\"", "\\u0041", "é", "\u{0}", ",", "1e999"];
    (prop::sample::select(samples.to_vec()), any::<(prop::sample::Index, u8)>(), prop::sample::select(bits.to_vec()))
        .prop_map(|(text, (start, length), bit)| {
            let start = text.floor_char_boundary(start.index(text.len()));
            let end = text.floor_char_boundary((start + usize::from(length) % 20).min(text.len()));
            [&text[..start], bit, &text[end..]].concat()
        })
}

fn check_harmless(text: &str) -> Result<(), TestCaseError> {
    let file = Path::new("ca.json");
    match Config::parse(text, file) {
        Ok(_) => prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok()),
        Err(errors) => {
            let lines = text.lines().count().max(1);
            prop_assert!(!errors.problems.is_empty());
            prop_assert!(errors.problems.iter().all(|problem| problem.position.line <= lines + 1));
            prop_assert!(errors.problems.is_sorted_by_key(|problem| problem.position));
        }
    }
    drop(edit::add_provisioner(text, file, &json!({ "type": "ACME", "name": "x" })));
    drop(edit::remove_provisioner(text, file, "admin@example.com"));
    drop(edit::update_provisioner(text, file, "jwk2", &json!({ "name": "jwk3", "claims": { "a": [1] } })));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check_harmless(&text)?;
    }

    #[test]
    fn any_brackets_are_read_or_refused(text in "[\\[\\]{}:,\"a1 \\\\un-]{0,40}") {
        check_harmless(&text)?;
    }

    #[test]
    fn any_damage_is_read_or_refused(text in damaged()) {
        check_harmless(&text)?;
    }

    #[test]
    fn any_duration_is_read_or_refused(text in "[-+]?[0-9.]{0,20}(ns|us|ms|µs|s|m|h|d)?[0-9.]{0,20}(h|s)?") {
        if let Ok(duration) = text.parse::<GoDuration>() {
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }
        drop(TimeOrDuration::parse(&text));
    }

    #[test]
    fn any_claim_and_pattern_is_read_or_refused(text in "[a-zA-Z0-9/.~:@{}*+é \n-]{0,40}", value in "[ab/.@*é]{0,20}") {
        if let Ok(path) = text.parse::<ClaimPath>() {
            prop_assert!(!path.steps().is_empty() && path.steps().iter().all(|step| !step.is_empty()));
            prop_assert_eq!(path.to_string(), text.clone());
        }
        if let Ok(pattern) = text.parse::<Pattern>() {
            prop_assert!(!pattern.parts().is_empty());
            drop(NamePattern::new(pattern));
        }
        if let Some(wildcard) = Wildcard::new(&text) {
            prop_assert!(text.contains('*') || wildcard.matches(&value) == (text == value));
            prop_assert!(wildcard.matches(&text.replace('*', &value)));
        }
    }

    #[test]
    fn every_duration_comes_back(nanoseconds in any::<i64>()) {
        let duration: GoDuration = format!("{nanoseconds}ns").parse().unwrap();
        prop_assert_eq!(duration.nanoseconds(), nanoseconds);
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
    }
}

/// Where the parser is laxer than JSON, reading is not.
#[test]
fn what_is_not_quite_json_is_refused() {
    let good = sample("edited.json");
    assert!(parse(&good).is_ok());
    for (old, new, place) in [
        ("\"address\": \":443\"", "\"address\": \":\t443\"", "6:15"),
        ("\"address\": \":443\"", "\"address\": \":443\n\"", "6:18"),
        ("\"address\": \":443\"", "\"address\":\u{a0}\":443\"", "6:12"),
        ("\"address\": \":443\"", "\"address\":\u{c}\":443\"", "6:12"),
        ("\"address\": \":443\"", "\"address\": ':443'", "6:13"),
        ("\"address\": \":443\"", "address: \":443\"", "6:2"),
        ("\"address\": \":443\"", "\"address\": \"\\ud800\"", "6:14"),
        ("1.2", "01.2", "69:18"),
        ("1.2", "+1.2", "69:17"),
        ("1.2", "1e999", "69:17"),
    ] {
        let text = good.replacen(old, new, 1);
        let errors = parse(&text).unwrap_err().to_string();
        let found = errors.strip_prefix("ca.json:").unwrap();
        assert!(found.starts_with(&format!("{place}: ")), "{new:?}: {errors}");
    }
}
