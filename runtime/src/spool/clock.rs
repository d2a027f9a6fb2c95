//! Time as the delivery path sees it, so that tests can turn the hands.

use std::time::{Duration, Instant, SystemTime};

/// Tells the time. Waiting is not its business: decisions take the time as an argument.
pub(crate) trait Clock: Send + Sync {
    /// Time since an arbitrary moment; never goes back.
    fn now(&self) -> Duration;
    /// The time of day, which may jump.
    fn wall(&self) -> SystemTime;
}

/// The system's clocks.
#[derive(Debug)]
pub(crate) struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until it is told otherwise.
#[cfg(any(test, fuzzing))]
#[derive(Debug, Default)]
pub(crate) struct ManualClock {
    elapsed: std::sync::Mutex<Duration>,
}

#[cfg(any(test, fuzzing))]
impl ManualClock {
    /// Moves both hands forward.
    #[cfg(test)]
    pub(crate) fn advance(&self, by: Duration) {
        *self.elapsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
    }
}

#[cfg(any(test, fuzzing))]
impl Clock for ManualClock {
    fn now(&self) -> Duration {
        *self.elapsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.now()
    }
}
