//! What capture gave up, counted per process: because of a panic in the author's code that it called or
//! in its own, because a hook failed, or because a tag, property or event of the author's is not valid.
//! No fault of either may cost the tool its reply.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::contain::contain;

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
    /// A value, because its type's `reveal` panicked.
    Reveal,
    /// Whose fault an error is, because the author's code that says it panicked.
    Blame,
    /// An event, because writing it down panicked.
    Event,
    /// The shape of arguments or of a result, because toolwatch's own measuring panicked, or the
    /// author's code that says what arguments look like.
    Shape,
    /// The author's word on a session, because the resolver panicked.
    Session,
    /// An identity: the hook failed, panicked, or was too late.
    Identity,
    /// An event, because the predicate that may leave it out panicked.
    Skip,
    /// A field, because the hook that may lower its level panicked.
    Lower,
    /// A tag: its key or value is not valid, there are too many, or the call has ended.
    Tag,
    /// A property of an event of the author's: its key or value is not valid, or there are too many.
    Property,
    /// An event of the author's, because its name is not valid.
    CustomEvent,
    /// A span or a metric, because the application's OpenTelemetry provider panicked.
    #[cfg(feature = "otel")]
    Otel,
}

static COUNTS: [AtomicU64; 15] = [const { AtomicU64::new(0) }; 15];

/// What `work` returns; `None`, and one more loss, when it panics.
pub(crate) fn guarded<T>(loss: Loss, work: impl FnOnce() -> T) -> Option<T> {
    let result = contain(work);
    if result.is_none() {
        count(loss);
    }
    result
}

/// Notes that something was given up.
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
