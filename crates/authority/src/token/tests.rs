use super::*;

const NOW: i64 = 1_795_464_296;

fn rules() -> TimeRules {
    let at = |seconds: i64| UNIX_EPOCH + Duration::from_secs(seconds.cast_unsigned());
    TimeRules { now: at(NOW), not_issued_before: Some(at(NOW - 1000)), longest: Duration::from_secs(86_400) }
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
