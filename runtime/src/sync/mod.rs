//! Locks, condition variables, threads and the time that waits are measured in.
//!
//! The delivery path takes them from here and not from the standard library, so that a model checker
//! can decide which thread goes on at each of them (`model`). That choice exists in the unit tests of
//! this crate alone and is made at run time: no feature and no `cfg` can bring it into another build.

#[cfg(test)]
pub(crate) mod model;

#[cfg(not(test))]
pub(crate) use std::sync::atomic::AtomicU64;
#[cfg(not(test))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(test))]
pub(crate) use std::thread::ThreadId;

#[cfg(test)]
pub(crate) use model::{AtomicU64, Condvar, Mutex, MutexGuard, ThreadId, now, spawn, thread_id};

/// The moment that bounded waits are measured from.
#[cfg(not(test))]
pub(crate) fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Starts a thread that nobody joins.
///
/// # Errors
/// Fails when the system refuses the thread.
#[cfg(not(test))]
pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

/// Which thread this is.
#[cfg(not(test))]
pub(crate) fn thread_id() -> ThreadId {
    std::thread::current().id()
}
