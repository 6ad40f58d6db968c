//! When to renew, and when to try again. Nothing here asks for the time or for randomness.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use rung_pki::Certificate;

use crate::clock::Moment;

/// What a person says about when to renew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Rule {
    /// That long after the last renewal.
    Every(Duration),
    /// When that much of the lifetime is left.
    Left(Duration),
    /// When a third of the lifetime is left.
    #[default]
    Third,
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// Its first second.
    pub(crate) start: SystemTime,
    /// Its last second.
    pub(crate) end: SystemTime,
}

impl Lifetime {
    /// That of a certificate.
    pub(crate) fn of(certificate: &Certificate) -> Self {
        Self { start: certificate.not_before(), end: certificate.not_after() }
    }

    /// How long it is.
    pub(crate) fn length(self) -> Duration {
        self.end.duration_since(self.start).unwrap_or_default()
    }

    /// How much of it is left.
    pub(crate) fn left(self, now: SystemTime) -> Duration {
        self.end.duration_since(now).unwrap_or_default()
    }
}

/// The instant at which to renew, and when it was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alarm {
    due: SystemTime,
    set: Moment,
}

impl Alarm {
    /// An alarm for the instant `due`, set now.
    pub(crate) fn set(due: SystemTime, now: Moment) -> Self {
        Self { due, set: now }
    }

    /// How long it is until it rings; nothing when it has.
    ///
    /// It rings as soon as one of the two clocks says so. The one on the wall knows of sleep and of being corrected
    /// forward; the steady one is not fooled by being set back, which would let a certificate run out.
    pub(crate) fn left(self, now: Moment) -> Duration {
        let by_wall = self.due.duration_since(now.wall).unwrap_or_default();
        let whole = self.due.duration_since(self.set.wall).unwrap_or_default();
        let by_steady = whole.saturating_sub(now.steady.saturating_sub(self.set.steady));
        by_wall.min(by_steady)
    }
}

/// When to renew a certificate; `random` spreads many machines over a twentieth of the lifetime.
pub(crate) fn due(lifetime: Lifetime, rule: Rule, now: SystemTime, random: u64) -> SystemTime {
    let left = match rule {
        Rule::Every(period) if lifetime.left(now) <= period => return now,
        Rule::Every(period) => return now + period,
        Rule::Left(left) => left,
        Rule::Third => lifetime.length() / 3,
    };
    let spread = lifetime.length() / 20;
    let latest = lifetime.end.checked_sub(left).unwrap_or(lifetime.start);
    match latest.duration_since(now) {
        Err(_) => now,
        Ok(ahead) => latest - part(spread.min(ahead), random),
    }
}

/// When to renew a certificate that has just been renewed: never at once, whatever the rule says, since a rule that does
/// not fit into what the CA issues would ask for one certificate after another.
pub(crate) fn due_again(lifetime: Lifetime, rule: Rule, now: SystemTime, random: u64) -> SystemTime {
    let soonest = now + (lifetime.length() / 20).clamp(SHORTEST_PAUSE, FIRST_PAUSE);
    due(lifetime, rule, now, random).max(soonest)
}

/// Whether a certificate is due that is looked at once, without waiting.
pub(crate) fn is_due(lifetime: Lifetime, left: Duration, now: SystemTime, random: u64) -> bool {
    lifetime.left(now) <= left + part(left / 20, random)
}

/// How long to wait after the `failures`th failure in a row.
///
/// From a minute on it doubles up to ten, but certificates that live shortly are tried more often. A quarter more or
/// less keeps machines apart that lost their CA at the same moment.
pub(crate) fn pause(failures: u32, lifetime: Duration, random: u64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(8));
    let usual = doubled.min(LONGEST_PAUSE).min((lifetime / 20).max(SHORTEST_PAUSE));
    usual * 3 / 4 + part(usual / 2, random)
}

/// A random part of a duration.
fn part(whole: Duration, random: u64) -> Duration {
    let nanoseconds = (whole.as_nanos() * u128::from(random)) >> u64::BITS;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
const SHORTEST_PAUSE: Duration = Duration::from_secs(5);
