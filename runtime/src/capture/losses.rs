//! What capture gave up because code that it called panicked, counted per process.

use std::sync::atomic::{AtomicU64, Ordering};

/// What was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// An intent, because the author's filter panicked.
    IntentFilter,
    /// A schema check, because the validator panicked.
    #[cfg(feature = "schema")]
    SchemaCheck,
    /// The text of an error, because formatting it panicked.
    ErrorFormat,
}

static COUNTS: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

pub(crate) fn count(loss: Loss) {
    COUNTS[loss as usize].fetch_add(1, Ordering::Relaxed);
}

/// How often anything was given up in this process.
pub(crate) fn total() -> u64 {
    COUNTS.iter().map(|count| count.load(Ordering::Relaxed)).sum()
}

/// How often it happened in this process.
#[cfg(test)]
pub(crate) fn counted(loss: Loss) -> u64 {
    COUNTS[loss as usize].load(Ordering::Relaxed)
}
