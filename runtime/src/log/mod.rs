//! The structured log: one line per event, for people and for whatever collects stderr.

mod line;
mod stderr;
#[cfg(test)]
mod tests;

use crate::event::Event;
use line::Line;
use stderr::StderrWriter;

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
    Stderr(StderrWriter),
    Tracing,
}

impl Log {
    pub(crate) fn start(target: LogTarget) -> Self {
        match target {
            LogTarget::Stderr => Self::Stderr(StderrWriter::new(std::io::stderr)),
            LogTarget::Tracing => Self::Tracing,
        }
    }

    /// Writes an event down.
    pub(crate) fn write(&self, event: &Event) {
        let line = Line::of(event);
        match self {
            Self::Stderr(writer) => writer.write(|out| line.write_json(out)),
            Self::Tracing => line.trace(),
        }
    }

    /// How many lines were left out because nobody took them.
    pub(crate) fn dropped(&self) -> u64 {
        match self {
            Self::Stderr(writer) => writer.dropped(),
            Self::Tracing => 0,
        }
    }

    /// Waits a moment for the lines that wait.
    pub(crate) fn flush(&self) {
        if let Self::Stderr(writer) = self {
            writer.flush();
        }
    }
}
