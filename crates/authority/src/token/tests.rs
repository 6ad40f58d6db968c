use super::*;

const NOW: i64 = 1_795_464_296;

fn rules() -> TimeRules {
    let at = |seconds: i64| UNIX_EPOCH + Duration::from_secs(seconds.cast_unsigned());
    TimeRules {
        now: at(NOW),
        not_issued_before: Some(at(NOW - 1000)),
        restored: None,
        longest: Duration::from_secs(86_400),
        tolerance: LEEWAY,
        issued_at: Needed::Yes,
    }
}

#[track_caller]
fn check(exp: Option<i64>, nbf: Option<i64>, iat: Option<i64>, expected: Result<(), TokenFault>) {
    let checked = Times { exp, nbf, iat }.check(&rules()).map(|_| ()).map_err(|refusal| refusal.fault);
    assert_eq!(checked, expected, "exp={exp:?} nbf={nbf:?} iat={iat:?}");
}

#[test]
fn t22_t23_t24_times_are_checked_with_a_minute_of_leeway() {
    let good = Some(NOW);
    check(Some(NOW + 300), good, good, Ok(()));
    check(Some(NOW + 300), None, good, Ok(()));
    check(Some(NOW - 60), None, good, Ok(()));
    check(Some(NOW - 61), None, good, Err(TokenFault::Expired));
    check(Some(NOW + 300), Some(NOW + 60), good, Ok(()));
    check(Some(NOW + 300), Some(NOW + 61), good, Err(TokenFault::NotYetValid));
    check(Some(NOW + 300), None, Some(NOW + 61), Err(TokenFault::NotYetValid));
    check(None, None, good, Err(TokenFault::ExpiryMissing));
    check(Some(NOW + 300), None, None, Err(TokenFault::IssuedAtMissing));
    check(Some(NOW + 300), None, Some(NOW - 1000), Ok(()));
    check(Some(NOW + 300), None, Some(NOW - 1001), Err(TokenFault::IssuedBeforeStart));
    check(Some(NOW + 86_401), None, good, Err(TokenFault::Lifetime));
    check(Some(i64::MAX), None, good, Err(TokenFault::Lifetime));
    check(Some(0), None, good, Err(TokenFault::Expired));
    check(Some(i64::MIN), Some(i64::MIN), Some(i64::MIN), Err(TokenFault::Expired));
}

#[test]
fn t22_the_tolerance_is_what_the_provisioner_says() {
    for (tolerance, late, expected) in
        [(0, 0, None), (0, 1, Some(TokenFault::Expired)), (300, 300, None), (300, 301, Some(TokenFault::Expired))]
    {
        let rules = TimeRules { tolerance: Duration::from_secs(tolerance), ..rules() };
        let late = Times { exp: Some(NOW - late), nbf: None, iat: Some(NOW - 900) }.check(&rules);
        assert_eq!(late.map_err(|refusal| refusal.fault).err(), expected, "{tolerance}");
    }
    let strict = TimeRules { tolerance: Duration::ZERO, ..rules() };
    let early = Times { exp: Some(NOW + 300), nbf: None, iat: Some(NOW + 1) }.check(&strict);
    assert_eq!(early.unwrap_err().fault, TokenFault::NotYetValid);
    let expires = Times { exp: Some(NOW), nbf: None, iat: Some(NOW) }.check(&strict).unwrap();
    assert!(expires > strict.now + Duration::from_secs(1), "whole seconds are allowed for");
}

#[test]
fn t24_a_token_without_time_of_issue_is_taken_only_where_that_is_said() {
    let lenient = TimeRules { issued_at: Needed::No, ..rules() };
    let forever = TimeRules { not_issued_before: None, ..lenient };
    let missing = Some(TokenFault::IssuedAtMissing);
    for (rules, nbf, exp, expected) in [
        (&lenient, Some(NOW), NOW + 300, None),
        (&lenient, Some(NOW - 1001), NOW + 300, Some(TokenFault::IssuedBeforeStart)),
        (&lenient, Some(NOW + 61), NOW + 300, Some(TokenFault::NotYetValid)),
        (&lenient, None, NOW + 300, missing),
        (&forever, None, NOW + 3600, None),
        (&forever, None, NOW + 3601, missing),
        (&forever, None, NOW - 61, Some(TokenFault::Expired)),
    ] {
        let checked = Times { exp: Some(exp), nbf, iat: None }.check(rules);
        assert_eq!(checked.map_err(|refusal| refusal.fault).err(), expected, "nbf={nbf:?} exp={exp}");
    }
    let early = Times { exp: Some(NOW + 300), nbf: Some(NOW), iat: Some(NOW - 1001) }.check(&lenient);
    assert_eq!(early.unwrap_err().fault, TokenFault::IssuedBeforeStart, "a time of issue counts before nbf");
}

#[test]
fn t24_what_may_have_been_spent_before_a_backup_was_put_back_is_refused() {
    let restored = UNIX_EPOCH + Duration::from_secs((NOW - 100).cast_unsigned());
    let lenient = TimeRules { issued_at: Needed::No, not_issued_before: None, restored: Some(restored), ..rules() };
    let refused = Some(TokenFault::IssuedBeforeStart);
    for (nbf, iat, exp, expected) in [
        (None, Some(NOW - 100), NOW + 300, None),
        (None, Some(NOW - 101), NOW + 300, refused),
        (Some(NOW - 100), None, NOW + 300, None),
        (Some(NOW - 101), None, NOW + 300, refused),
        (Some(NOW), Some(NOW - 101), NOW + 300, refused),
        (None, None, NOW - 100 + 3600, refused),
        (None, None, NOW - 100 + 3601, None),
    ] {
        let checked = Times { exp: Some(exp), nbf, iat }.check(&lenient);
        assert_eq!(checked.map_err(|refusal| refusal.fault).err(), expected, "nbf={nbf:?} iat={iat:?} exp={exp}");
    }
}

#[test]
fn a_spent_token_is_remembered_until_it_is_worthless() {
    let expires = Times { exp: Some(NOW + 300), nbf: None, iat: Some(NOW) }.check(&rules()).unwrap();
    assert!(expires > UNIX_EPOCH + Duration::from_secs((NOW + 300 + 60).cast_unsigned()));
}

#[test]
fn replay_digests_are_scoped_to_the_provisioner() {
    let digest = replay_digest("a", Some("id"), "input");
    assert_eq!(digest, replay_digest("a", Some("id"), "another input"));
    assert_ne!(digest, replay_digest("b", Some("id"), "input"));
    assert_ne!(digest, replay_digest("a", None, "id"));
    assert_ne!(replay_digest("ab", Some("c"), ""), replay_digest("a", Some("bc"), ""));
    assert_ne!(replay_digest("a", None, "x"), replay_digest("a", Some(""), "y"));
    assert_eq!(replay_digest("a", None, "x"), replay_digest("a", Some(""), "x"));
}

#[test]
fn audiences_are_one_or_many() {
    let read = |text: &str| serde_json::from_str::<Audience>(text).map(|audience| audience.0).ok();
    assert_eq!(read("\"a\""), Some(vec!["a".to_owned()]));
    assert_eq!(read("[\"a\",\"b\"]"), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(read("null"), Some(Vec::new()));
    assert_eq!(read("7"), None);
    assert_eq!(read("[7]"), None);
}
