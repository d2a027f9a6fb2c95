//! Flushes and ends, of one pipeline and of several at once.

use std::time::Duration;

use super::pipeline::Pipeline;
use super::{DROP_FLUSH, END_GRACE};
#[cfg(test)]
use crate::spool::Delivery;
use crate::sync;

impl Pipeline {
    /// Asks the sender to send what waits. `None` when there is nothing to wait for.
    fn ask_flush(&self, timeout: Duration) -> Option<Asked> {
        if !self.has_sender() {
            if !self.spool.signal().leaving {
                self.spool.sync(Duration::MAX);
            }
            return None;
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
        Some(Asked { number, until })
    }

    fn await_flush(&self, asked: &Asked, timeout: Duration) {
        self.spool.wait(timeout, |signal| {
            let blocked = signal.blocked_until.is_some_and(|moment| moment > asked.until);
            signal.ended
                || signal.flushes_done >= asked.number
                || (signal.flushes_tried >= asked.number && blocked)
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

/// A flush that was asked for.
struct Asked {
    number: u64,
    /// The moment of the spool's clock when its time is over.
    until: Duration,
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
