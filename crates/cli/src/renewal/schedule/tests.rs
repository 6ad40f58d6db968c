//! Decisions at made-up times.

use std::time::{Duration, SystemTime};

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + DAY * 20_000 + HOUR * 12
}

fn day() -> Lifetime {
    Lifetime { start: noon(), end: noon() + DAY }
}

#[track_caller]
fn check_due(rule: Rule, now: SystemTime, random: u64, expected: SystemTime) {
    assert_eq!(due(day(), rule, now, random), expected);
}

#[test]
fn a_certificate_is_due_after_two_thirds_or_a_little_earlier() {
    check_due(Rule::Third, noon(), 0, noon() + HOUR * 16);
    check_due(Rule::Third, noon(), 1 << 63, noon() + HOUR * 16 - HOUR * 24 / 40);
    check_due(Rule::Left(HOUR), noon(), 0, noon() + HOUR * 23);
    check_due(Rule::Every(HOUR * 5), noon(), u64::MAX, noon() + HOUR * 5);
    // It is never due before now, and at once when it is late.
    check_due(Rule::Third, noon() + HOUR * 20, 1 << 63, noon() + HOUR * 20);
    check_due(Rule::Every(HOUR * 5), noon() + HOUR * 22, 0, noon() + HOUR * 22);
    let late = due(day(), Rule::Third, noon() + HOUR * 16 - Duration::from_secs(60), u64::MAX);
    assert!(late >= noon() + HOUR * 16 - Duration::from_secs(60) && late <= noon() + HOUR * 16);
}

#[test]
fn a_rule_that_does_not_fit_does_not_ask_for_one_certificate_after_another() {
    let soon = due_again(day(), Rule::Left(DAY * 2), noon(), 0);
    assert_eq!(soon, noon() + Duration::from_secs(60));
    assert_eq!(due_again(day(), Rule::Third, noon(), 0), noon() + HOUR * 16);
}

#[test]
fn one_look_decides_with_a_twentieth_of_doubt() {
    let at = noon() + HOUR * 14;
    assert!(is_due(day(), HOUR * 10, at, 0));
    assert!(!is_due(day(), HOUR * 9, at, u64::MAX));
    assert!(!is_due(day(), HOUR * 9 + HOUR * 3 / 5, at, 0));
    assert!(is_due(day(), HOUR * 9 + HOUR * 3 / 5, at, u64::MAX));
}

#[test]
fn an_alarm_rings_by_either_clock() {
    let now = |wall, steady| Moment { wall, steady };
    let alarm = Alarm::set(noon() + HOUR * 16, now(noon(), HOUR));
    assert_eq!(alarm.left(now(noon() + HOUR, HOUR * 2)), HOUR * 15);
    // Sleep that the steady clock did not notice.
    assert_eq!(alarm.left(now(noon() + HOUR * 17, HOUR * 2)), Duration::ZERO);
    // L13: the clock goes back by a day.
    assert_eq!(alarm.left(now(noon() - DAY + HOUR * 16, HOUR * 17)), Duration::ZERO);
    assert_eq!(alarm.left(now(noon() - DAY, HOUR)), HOUR * 16);
}

#[test]
fn l13_pauses_grow_and_differ() {
    let minutes = |count: u64| Duration::from_secs(60 * count);
    for (failures, usual) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (6, 10), (4_000_000_000, 10)] {
        assert_eq!(pause(failures, DAY * 90, 0), minutes(usual) * 3 / 4);
        let longest = pause(failures, DAY * 90, u64::MAX);
        assert!(longest <= minutes(usual) * 5 / 4 && longest > minutes(usual) * 6 / 5, "{longest:?}");
    }
    assert_eq!(pause(9, minutes(5), 1 << 63), Duration::from_secs(15));
    assert_eq!(pause(9, Duration::ZERO, 1 << 63), Duration::from_secs(5));
}
