//! Which process this is: the one that the watch was built in, or a copy of it that a fork made.
//!
//! A copy has the same memory and the same open files, and must use neither as its own. To ask the
//! kernel costs a system call, which no event should pay for, so it is asked where that is cheap and
//! otherwise when some time has gone by since the last answer; whoever needs to know reads the
//! number that came of it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Timestamp;

/// No fork copies a process in less, so that within this time the last answer still holds. A
/// process of 1 MB took 59 us at least where it was measured, one of 20 MB 173 us.
const HOLDS_NS: u64 = 50_000;

/// How many forks lie behind, in the upper half, and the process id, in the lower one.
static KNOWN: AtomicU64 = AtomicU64::new(0);
/// When the kernel was asked last, in nanoseconds since the Unix epoch.
static ASKED_AT: AtomicU64 = AtomicU64::new(0);

/// Asks the kernel which process this is.
pub(crate) fn notice() {
    let id = u64::from(std::process::id());
    let known = KNOWN.load(Ordering::Relaxed);
    if known & u64::from(u32::MAX) == id {
        return;
    }
    // The first to ask makes no fork of it.
    let forks = if known == 0 { 0 } else { (known >> 32) + 1 };
    let changed =
        KNOWN.compare_exchange(known, forks << 32 | id, Ordering::Relaxed, Ordering::Relaxed);
    if changed.is_ok() && forks > 0 {
        super::id::start_anew();
        tracing::warn!(
            "this process is a copy that fork made after the watch was built: its events go to the \
             spool and are sent by another process; build the watch after the fork"
        );
    }
}

/// Asks the kernel which process this is, unless it was asked just before this moment.
pub(crate) fn notice_at(moment: Timestamp) {
    if moment.0.abs_diff(ASKED_AT.load(Ordering::Relaxed)) >= HOLDS_NS {
        notice();
        ASKED_AT.store(moment.0, Ordering::Relaxed);
    }
}

/// How many forks have been noticed between the first process of the program and this one.
pub(crate) fn forks() -> u32 {
    (KNOWN.load(Ordering::Relaxed) >> 32) as u32
}
