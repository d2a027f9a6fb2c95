//! The way of an event from the spool to a destination, on a thread of its own.
//!
//! [`Pipeline`] is what the rest of the crate sees: it takes encoded events and never fails. The
//! sender knows nothing of tools; what an event means is settled before it comes here.

mod config;
mod contract;
mod retry;
mod sampling;
mod schedule;
#[cfg(test)]
mod tests;
mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

pub use config::Durability;
pub(crate) use config::{OnError, OnQuota, PipelineConfig};
#[cfg(feature = "http")]
pub(crate) use contract::SDK;
pub use contract::{Ack, Batch, Destination, Quota, QuotaStatus, SendError};
pub(crate) use sampling::keep;

use crate::Error;
use crate::spool::{Begun, Clock, Delivery, DropReason, Limits, Settings, Spool, Stats};
use crate::sync::{self, Mutex};
use schedule::Cadence;
use worker::{Next, Progress, Worker};

/// What dropping a pipeline may cost at most, with room for the scheduler under a bar of 50 ms.
const DROP_TIMEOUT: Duration = Duration::from_millis(40);
/// What a shutdown waits for the thread's last breath beyond its timeout.
const END_GRACE: Duration = Duration::from_millis(10);
/// How long the thread rests after a fault of its own.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// Takes events, keeps them safe and delivers them.
pub(crate) struct Pipeline {
    spool: Arc<Spool>,
    clock: Arc<dyn Clock>,
    quota: Arc<Mutex<Option<Quota>>>,
    on_error: Option<OnError>,
    /// The sender, as long as its thread has not been started.
    worker: Mutex<Option<Worker>>,
    sends: bool,
    /// What the destination calls itself.
    destination: Option<String>,
    /// Whether the operator knows since the start that the directory is of no use.
    has_told_disk: bool,
}

impl Pipeline {
    /// Starts a pipeline. No file is made before the first event, and no thread without a
    /// destination.
    ///
    /// # Errors
    /// Fails when a setting cannot work. What the system refuses (a directory, a thread) is no
    /// error: it is counted, reported, and tried again.
    pub(crate) fn start(config: PipelineConfig) -> Result<Self, Error> {
        if config.max_batch_size == 0 {
            return Err(Error::configuration("max_batch_size is zero"));
        }
        if config.flush_interval.is_zero() {
            return Err(Error::configuration("flush_interval is zero"));
        }
        let directory = config.directory.filter(|_| config.durability == Durability::Spool);
        if directory.is_none() && config.destination.is_none() {
            return Err(Error::configuration(
                "there is neither a destination nor a directory for events",
            ));
        }
        let has_no_home = directory.is_none() && config.durability == Durability::Spool;
        let settings = Settings {
            directory: directory.clone(),
            max_bytes: config.spool_max_bytes,
            memory_max_bytes: config.memory_max_bytes,
            keep_delivered: config.keep_delivered,
            common: config.common_fragment.into(),
        };
        let prepared =
            directory.as_deref().map_or(Ok(()), |directory| config.disk.check(directory));
        let spool = Arc::new(Spool::new(config.disk, Arc::clone(&config.clock), settings));
        let quota = Arc::new(Mutex::default());
        let sends = config.destination.is_some();
        let destination = config.destination.as_ref().map(|of| of.name().to_owned());
        let worker = config.destination.map(|destination| Worker {
            spool: Arc::clone(&spool),
            clock: Arc::clone(&config.clock),
            destination,
            limits: Limits { max_events: config.max_batch_size, max_bytes: config.max_batch_bytes },
            cadence: Cadence {
                max_batch_size: config.max_batch_size as u64,
                flush_interval: config.flush_interval,
            },
            quota: Arc::clone(&quota),
            on_quota: config.on_quota_warning,
            on_error: config.on_error.clone(),
            random: Box::new(random),
            progress: Progress::default(),
        });
        let pipeline = Self {
            spool,
            clock: config.clock,
            quota,
            on_error: config.on_error,
            worker: Mutex::new(worker),
            sends,
            destination,
            has_told_disk: prepared.is_err(),
        };
        if has_no_home {
            let message = "there is no directory for the spool; events wait in memory";
            pipeline.report(&Error::configuration(message));
        }
        if let Err(error) = prepared {
            let message = "the spool's directory cannot be used; events wait in memory";
            pipeline.report(&Error::storage(message, error));
        }
        if !sends && !pipeline.has_told_disk {
            // Without a sender nobody looks for them later.
            pipeline.spool.report_interrupted();
        }
        pipeline.start_thread();
        Ok(pipeline)
    }

    /// Starts the sender's thread, if there is a sender that has none.
    fn start_thread(&self) {
        let mut slot = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            return;
        }
        // The closure takes the sender only once it runs, so a refused thread does not lose it.
        let handover = Arc::new(Mutex::new(slot.take()));
        let taken = Arc::clone(&handover);
        let started = sync::spawn("toolwatch-sender", move || {
            let worker = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(worker) = worker {
                run(worker);
            }
        });
        if let Err(error) = started {
            *slot = handover.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(slot);
            self.spool.count(|stats| stats.thread_failures += 1);
            let message = "the sender's thread cannot be started; events stay in the spool";
            self.report(&Error::thread(message, error));
        }
    }

    /// Tells the operator of something.
    pub(crate) fn report(&self, error: &Error) {
        tracing::warn!(%error, "the watch needs attention");
        let Some(callback) = &self.on_error else {
            return;
        };
        if catch_unwind(AssertUnwindSafe(|| callback(error))).is_err() {
            self.spool.count(|stats| stats.panics += 1);
        }
    }

    /// Takes one encoded event: a JSON object without the members that all events share.
    pub(crate) fn append(&self, payload: &[u8]) {
        if let Some(error) = self.spool.append(payload)
            && !self.has_told_disk
        {
            self.report(&Error::storage(
                "the spool cannot be written; events wait in memory",
                error,
            ));
        }
    }

    /// Notes that a call is under way. The payload is its event, should the process die before
    /// [`Pipeline::end`].
    pub(crate) fn begin(&self, payload: &[u8]) -> Option<Begun> {
        self.spool.begin(payload)
    }

    /// Notes that a call has ended.
    pub(crate) fn end(&self, begun: Begun) {
        self.spool.end(begun);
    }

    /// Counts an event that was given up before it was encoded.
    pub(crate) fn count_dropped(&self, reason: DropReason) {
        self.spool.count_dropped(reason);
    }

    /// The numbers, all of one moment.
    pub(crate) fn stats(&self) -> Stats {
        self.spool.stats()
    }

    /// The quota that the destination reported last.
    pub(crate) fn quota_status(&self) -> Option<Quota> {
        self.quota.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The weight of an event that is kept, or none; a left-out event is counted as sampled.
    pub(crate) fn sample(&self, key: u64, rate: f64, is_error: bool) -> Option<f64> {
        let quota = self.quota.lock().unwrap_or_else(PoisonError::into_inner);
        let status = quota.as_ref().map_or(QuotaStatus::Ok, Quota::status);
        drop(quota);
        let weight = keep(key, rate, is_error, status);
        if weight.is_none() {
            self.count_dropped(DropReason::Sampled);
        }
        weight
    }

    /// What the destination calls itself.
    pub(crate) fn destination_name(&self) -> String {
        self.destination.clone().unwrap_or_else(|| "none".to_owned())
    }

    /// Where the segments are; none in memory mode.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        self.spool.directory()
    }

    /// Sends what waits, and returns when it is sent, when that cannot succeed in time, or when the
    /// time is over. Blocks the calling thread.
    pub(crate) fn flush(&self, timeout: Duration) -> Delivery {
        if !self.sends {
            self.spool.sync(Duration::MAX);
            return self.stats().delivery();
        }
        self.start_thread();
        let until = self.clock.now().saturating_add(timeout);
        let mut number = 0;
        self.spool.tell(|signal| {
            signal.flushes += 1;
            number = signal.flushes;
        });
        self.spool.wait(timeout, |signal| {
            let blocked = signal.blocked_until.is_some_and(|moment| moment > until);
            signal.ended
                || signal.flushes_done >= number
                || (signal.flushes_tried >= number && blocked)
        });
        self.stats().delivery()
    }

    /// Sends what waits, then ends: later events go to disk, and files are left to the next process. A request that hangs is left behind. Calling it again only returns the numbers.
    pub(crate) fn shutdown(&self, timeout: Duration) -> Delivery {
        let began = sync::now();
        if self.spool.signal().ending {
            return self.stats().delivery();
        }
        self.flush(timeout);
        self.spool.tell(|signal| signal.ending = true);
        let rest = timeout.saturating_sub(sync::now() - began).max(END_GRACE);
        let has_ended = !self.sends || self.spool.wait(rest, |signal| signal.ended);
        // Not before: what is in a request counts as what its answer makes of it.
        self.spool.close();
        if has_ended {
            self.spool.release();
        }
        self.stats().delivery()
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.shutdown(DROP_TIMEOUT - END_GRACE);
    }
}

/// The sender's thread.
fn run(mut worker: Worker) {
    let spool = Arc::clone(&worker.spool);
    loop {
        let signal = spool.signal();
        if signal.ending {
            break;
        }
        let next = catch_unwind(AssertUnwindSafe(|| worker.step(signal))).unwrap_or_else(|_| {
            spool.count(|stats| stats.panics += 1);
            Next::Wait(FAULT_PAUSE, false)
        });
        spool.tell(|signal| worker.publish(signal));
        if let Next::Wait(time, when_full) = next {
            let wake_at = if when_full { worker.full_batch() } else { u64::MAX };
            spool.sleep(time, wake_at, signal.flushes);
        }
    }
    spool.sync(Duration::MAX);
    spool.tell(|signal| signal.ended = true);
}

/// An evenly distributed number in 0..1.
fn random() -> f64 {
    // 53 bits are exact in an f64.
    (crate::event::unique() >> 11) as f64 / (1_u64 << 53) as f64
}
