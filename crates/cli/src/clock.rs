//! The system's clock, asked here and nowhere else.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};
use time::OffsetDateTime;

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "this is the one place of the command line that asks the system")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Seconds since 1970; zero before that.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A time as files and people have it, to the second.
pub(crate) fn stamp(time: SystemTime) -> OffsetDateTime {
    let exact = OffsetDateTime::from(time);
    exact.replace_nanosecond(0).unwrap_or(exact)
}

/// An instant by two clocks: one that people set, and one that only ever goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// What the clock on the wall shows.
    pub(crate) wall: SystemTime,
    /// How long this machine has been up, asleep or not.
    pub(crate) steady: Duration,
}

/// The present moment.
pub(crate) fn moment() -> Moment {
    let up = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(up.tv_sec).unwrap_or_default();
    Moment { wall: now(), steady: Duration::new(seconds, u32::try_from(up.tv_nsec).unwrap_or_default()) }
}
