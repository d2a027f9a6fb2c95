//! Flushes and ends, of one pipeline and of several at once.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::pipeline::Pipeline;
use super::{DROP_FLUSH, END_GRACE};
use crate::contain::contain;
#[cfg(test)]
use crate::spool::Delivery;
use crate::sync::{self, Condvar, Mutex};

impl Pipeline {
    /// Asks the sender to send what waits, or without one for a sync. `None` when there is nothing to
    /// wait for.
    fn ask_flush(&self, timeout: Duration) -> Option<Asked> {
        if !self.has_sender() {
            return if self.spool.signal().leaving { None } else { self.ask_sync() };
        }
        if self.spool.is_sender_thread() {
            // A callback of the author's, which would wait for itself.
            return None;
        }
        self.heed_refusal(self.thread.start(self.clock.now()));
        let until = self.clock.now().saturating_add(timeout);
        let mut number = 0;
        self.spool.tell(|signal| {
            signal.flushes += 1;
            number = signal.flushes;
        });
        Some(Asked::Flush { number, until })
    }

    /// Begins a sync on a thread of its own: on a slow disk it takes longer than a caller waits.
    fn ask_sync(&self) -> Option<Asked> {
        let sync = Arc::<Sync>::default();
        let (spool, done) = (Arc::clone(&self.spool), Arc::clone(&sync));
        let work = move || {
            let _ = contain(|| spool.sync(Duration::MAX));
            done.tell();
        };
        // A copy that fork made starts no threads.
        if !self.spool.is_original() || sync::spawn("toolwatch-sync", work).is_err() {
            self.spool.sync(Duration::MAX);
            return None;
        }
        Some(Asked::Sync(sync))
    }

    fn await_flush(&self, asked: &Asked, timeout: Duration) {
        let (number, until) = match asked {
            Asked::Flush { number, until } => (*number, *until),
            Asked::Sync(sync) => return sync.wait(timeout),
        };
        self.spool.wait(timeout, |signal| {
            let blocked = signal.blocked_until.is_some_and(|moment| moment > until);
            signal.ended
                || signal.flushes_done >= number
                || (signal.flushes_tried >= number && blocked)
        });
    }

    /// Sends what waits, and returns when it is sent, when that cannot succeed in time, or when the
    /// time is over. Blocks the calling thread.
    #[cfg(test)]
    pub(crate) fn flush(&self, timeout: Duration) -> Delivery {
        flush_all(std::slice::from_ref(self), timeout);
        self.stats().delivery()
    }

    /// Sends what waits, then ends: later events go to disk, and files are left to the next process.
    /// A request that hangs is left behind. Calling it again only returns the numbers.
    #[cfg(test)]
    pub(crate) fn shutdown(&self, timeout: Duration) -> Delivery {
        shutdown_all(std::slice::from_ref(self), timeout);
        self.stats().delivery()
    }

    /// Shuts down as [`leave_all`] does.
    #[cfg(test)]
    pub(crate) fn leave(&self) -> Delivery {
        leave_all(std::slice::from_ref(self));
        self.stats().delivery()
    }
}

/// What was asked for.
enum Asked {
    Flush {
        number: u64,
        /// The moment of the spool's clock when its time is over.
        until: Duration,
    },
    Sync(Arc<Sync>),
}

/// A sync that goes on.
struct Sync {
    is_done: Mutex<bool>,
    changed: Condvar,
}

impl Default for Sync {
    fn default() -> Self {
        Self { is_done: Mutex::new(false), changed: Condvar::new() }
    }
}

impl Sync {
    fn tell(&self) {
        *self.is_done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn wait(&self, timeout: Duration) {
        let began = sync::now();
        let mut is_done = self.is_done.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_done {
            let left = timeout.saturating_sub(sync::now() - began);
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(is_done, left);
            is_done = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Flushes several pipelines at once.
pub(super) fn flush_all(pipelines: &[Pipeline], timeout: Duration) {
    let began = sync::now();
    if let [pipeline] = pipelines {
        if let Some(asked) = pipeline.ask_flush(timeout) {
            pipeline.await_flush(&asked, timeout);
        }
        return;
    }
    let asked: Vec<_> = pipelines.iter().map(|of| of.ask_flush(timeout)).collect();
    for (pipeline, asked) in pipelines.iter().zip(asked) {
        if let Some(asked) = asked {
            pipeline.await_flush(&asked, timeout.saturating_sub(sync::now() - began));
        }
    }
}

/// Shuts several pipelines down at once. Those that are shut down already are left alone.
pub(super) fn shutdown_all(pipelines: &[Pipeline], timeout: Duration) {
    let began = sync::now();
    if pipelines.iter().all(|pipeline| pipeline.spool.signal().ending) {
        return;
    }
    flush_all(pipelines, timeout);
    for pipeline in pipelines {
        pipeline.spool.tell(|signal| signal.ending = true);
    }
    let end = timeout.max((sync::now() - began) + END_GRACE);
    for pipeline in pipelines {
        let rest = end.saturating_sub(sync::now() - began);
        let spool = &pipeline.spool;
        let has_ended = || !spool.is_sender_thread() && spool.wait(rest, |signal| signal.ended);
        let has_ended = !pipeline.has_sender() || has_ended();
        // Not before: what is in a request counts as what its answer makes of it.
        spool.close();
        // Asked again: a thread that ends meanwhile looks whether the spool is closed.
        if has_ended || spool.signal().ended {
            spool.release();
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        leave_all(std::slice::from_ref(self));
    }
}

/// Shuts several pipelines down as quickly as a host may expect of a process that ends. What takes
/// longer is not begun: neither a sync nor, when the events are safe on disk, the set-up of a
/// destination.
pub(super) fn leave_all(pipelines: &[Pipeline]) {
    for pipeline in pipelines {
        pipeline.spool.tell(|signal| signal.leaving = true);
    }
    shutdown_all(pipelines, DROP_FLUSH);
}
