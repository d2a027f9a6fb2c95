//! The time that the parts of an ending have together.

use std::time::{Duration, Instant};

/// What the drop of a watch has: as long as its lanes wait by themselves, and what the log has of it.
const DROP: (Duration, Duration) = (Duration::from_millis(30), Duration::from_millis(45));
/// What an ending may take beyond its time, log included. It leaves 5 ms for a busy machine's
/// scheduler under the bar of 50 ms.
const BEYOND: Duration = Duration::from_millis(45);
/// How long a stream that somebody reads may take nothing, whatever is left.
const LOG_LEAST: Duration = Duration::from_millis(15);

/// An ending that goes on.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    began: Instant,
    timeout: Duration,
    with_log: Duration,
}

impl Ending {
    /// Begins one that is to take so long.
    pub(super) fn within(timeout: Duration) -> Self {
        Self { began: Instant::now(), timeout, with_log: timeout.saturating_add(BEYOND) }
    }

    /// Begins one that a host must not notice.
    pub(super) fn of_drop() -> Self {
        Self { began: Instant::now(), timeout: DROP.0, with_log: DROP.1 }
    }

    /// What is left of its time.
    pub(super) fn left(self) -> Duration {
        self.timeout.saturating_sub(self.began.elapsed())
    }

    /// How long the log may wait for a stream that takes nothing.
    pub(super) fn left_for_log(self) -> Duration {
        self.with_log.saturating_sub(self.began.elapsed()).max(LOG_LEAST)
    }
}
