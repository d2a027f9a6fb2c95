//! The structured log: one line per event, for people and for whatever collects stderr.

mod line;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::event::{self, Event};
use crate::stderr::Lines;

/// Where the structured log goes.
///
/// ```
/// # fn main() -> Result<(), toolwatch::Error> {
/// // Nothing else is configured: no file, no destination.
/// let watch = toolwatch::Watch::builder().log(toolwatch::LogTarget::Tracing).build()?;
/// assert!(watch.is_enabled() && watch.directory().is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogTarget {
    /// One JSON object per line on stderr, in printable ASCII alone. A thread of its own writes it,
    /// so that a host that does not read stderr holds up no call; lines over 256 KiB that wait are
    /// left out and counted in [`Stats::log_dropped`](crate::Stats::log_dropped). A SIGKILL takes the
    /// lines of the last moment.
    Stderr,
    /// Events of the `tracing` crate with the target `toolwatch::call`, within the call: at the
    /// level `INFO`, or `WARN` for what failed.
    Tracing,
}

/// A log that is on.
pub(crate) enum Log {
    Stderr(Lines),
    /// The system has refused the thread: lines are left out and counted.
    Refused(AtomicU64),
    Tracing,
}

impl Log {
    pub(crate) fn start(target: LogTarget) -> Self {
        match target {
            LogTarget::Stderr => match Lines::start("toolwatch-log", std::io::stderr) {
                Ok(lines) => Self::Stderr(lines),
                Err(error) => {
                    tracing::warn!(%error, "the thread of the structured log cannot be started");
                    Self::Refused(AtomicU64::new(0))
                }
            },
            LogTarget::Tracing => Self::Tracing,
        }
    }

    /// Writes an event down.
    pub(crate) fn write(&self, event: &Event) {
        match self {
            Self::Stderr(lines) => lines.write(|out| event::encode_line(event, out)),
            Self::Refused(count) => _ = count.fetch_add(1, Relaxed),
            Self::Tracing => line::trace(event),
        }
    }

    /// How many lines were left out because nobody took them.
    pub(crate) fn dropped(&self) -> u64 {
        match self {
            Self::Stderr(lines) => lines.dropped(),
            Self::Refused(count) => count.load(Relaxed),
            Self::Tracing => 0,
        }
    }

    /// Waits for the lines that wait, at most so long when the stream takes nothing.
    pub(crate) fn flush(&self, limit: Duration) {
        if let Self::Stderr(lines) = self {
            lines.flush_within(limit);
        }
    }
}
