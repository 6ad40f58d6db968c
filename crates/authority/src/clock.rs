//! The one place where time comes from.

use std::time::SystemTime;

/// A source of the present time.
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> SystemTime;
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else gets its time from")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
