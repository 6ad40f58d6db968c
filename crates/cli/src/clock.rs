//! The system's clock, asked here and nowhere else.

use std::time::SystemTime;

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "this is the one place of the command line that asks the system")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Seconds since 1970; zero before that.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
