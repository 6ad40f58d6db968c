//! Whether the clock is good enough to forget by: what is forgotten does not come back when the clock is set back.

use std::time::{Duration, SystemTime};

/// A clock that was set ahead by so much may be wrong. What is forgotten has been over for as long at least, so that a
/// smaller error revives nothing.
pub(super) const LEAP: Duration = Duration::from_secs(60 * 60);
/// How long a clock is distrusted that leapt, in rounds of chores: a day of them.
const DISTRUST: u32 = 2880;

/// Watches the clock.
pub(super) struct Trust {
    last: SystemTime,
    /// So many rounds are still to come.
    distrusted: u32,
}

/// What is to be thought of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It leapt some time ago.
    Distrusted,
    /// It has just leapt ahead.
    Leapt,
    /// Forget by it.
    Trusted,
}

impl Trust {
    pub(super) fn begin(now: SystemTime) -> Self {
        Self { last: now, distrusted: 0 }
    }

    /// Look at the clock once in each round of chores.
    pub(super) fn look(&mut self, now: SystemTime) -> Verdict {
        let has_leapt = now.duration_since(self.last).is_ok_and(|leap| leap > LEAP);
        self.last = now;
        match self.distrusted.checked_sub(1) {
            _ if has_leapt => {
                self.distrusted = DISTRUST;
                Verdict::Leapt
            }
            Some(less) => {
                self.distrusted = less;
                Verdict::Distrusted
            }
            None => Verdict::Trusted,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn f15_nothing_is_forgotten_by_a_clock_that_leapt() {
        let round = Duration::from_secs(30);
        let mut now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let mut trust = Trust::begin(now);
        let mut look = |step: i64| {
            let size = Duration::from_secs(step.unsigned_abs());
            now = if step < 0 { now - size } else { now + size };
            now += round;
            trust.look(now)
        };
        assert_eq!(look(0), Verdict::Trusted);
        assert_eq!(look(3000), Verdict::Trusted);
        assert_eq!(look(-3000), Verdict::Trusted);
        assert_eq!(look(86_400), Verdict::Leapt);
        // Back, and ahead again: it stays distrusted for a day after the last leap.
        assert_eq!(look(-86_400), Verdict::Distrusted);
        assert_eq!(look(10 * 365 * 86_400), Verdict::Leapt);
        for _ in 0..DISTRUST {
            assert_eq!(look(0), Verdict::Distrusted);
        }
        assert_eq!(look(0), Verdict::Trusted);
    }
}
