//! What takes the events of one destination: the spool in front, the sender's thread behind.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::contract::{Destination, Quota};
use super::schedule::Cadence;
use super::standing::Standing;
use super::thread::{Refused, SenderThread};
use super::worker::{Progress, Worker};
use super::{Durability, OnError, PipelineConfig, keep, random};
use crate::Error;
use crate::contain::contain;
use crate::spool::{Begun, Clock, DropReason, Frame, Limits, Settings, Spool, Stats};

/// How often a pipeline without a sender looks whether its file is still there, as a sender does.
pub(super) const LOOK_INTERVAL_MS: u64 = 5_000;

/// Takes events, keeps them safe and delivers them.
pub(crate) struct Pipeline {
    pub(super) spool: Arc<Spool>,
    pub(super) clock: Arc<dyn Clock>,
    quota: Arc<Standing>,
    on_error: Option<OnError>,
    pub(super) thread: SenderThread,
    sends: bool,
    /// What the destination calls itself.
    destination: Option<String>,
    /// When a pipeline without a sender looks after its files next, in ms of the clock.
    next_look: AtomicU64,
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
            owner: config.owner,
            common: config.common_fragment.into(),
        };
        let prepared =
            directory.as_deref().map_or(Ok(()), |directory| config.disk.check(directory));
        let spool = Arc::new(Spool::new(config.disk, Arc::clone(&config.clock), settings));
        let quota = Arc::new(Standing::default());
        let sends = config.destination.is_some();
        let destination = config.destination.as_deref().map(|of| name_of(of, &spool));
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
            thread: SenderThread::new(worker),
            sends,
            destination,
            next_look: AtomicU64::new(0),
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
        pipeline.heed_refusal(pipeline.thread.start(pipeline.clock.now()));
        Ok(pipeline)
    }

    /// Tells the operator once per episode that the system refuses the thread.
    pub(super) fn heed_refusal(&self, started: Result<(), Refused>) {
        let Err(refused) = started else { return };
        self.spool.count(|stats| stats.thread_failures += 1);
        if refused.is_first {
            let message = "the sender's thread cannot be started; events stay in the spool";
            self.report(&Error::thread(message, refused.error));
        }
    }

    /// Tells the operator of something.
    pub(crate) fn report(&self, error: &Error) {
        self.guard(|| tracing::warn!(%error, "the watch needs attention"));
        if let Some(callback) = &self.on_error {
            self.guard(|| callback(error));
        }
    }

    /// Runs somebody else's code, a callback or whoever listens to `tracing`; its panic is counted
    /// and goes no further.
    fn guard(&self, foreign: impl FnOnce()) {
        if contain(foreign).is_none() {
            self.spool.count(|stats| stats.panics += 1);
        }
    }

    /// Takes one encoded event: a JSON object without the members that all events share.
    pub(crate) fn append_frame(&self, frame: &mut Frame<'_>) {
        if self.sends {
            self.heed_refusal(self.thread.start_again(|| self.clock.now()));
        } else {
            self.look_after_files();
        }
        match self.spool.append_frame(frame) {
            Some(error) if self.has_told_disk => {
                self.guard(|| tracing::debug!(kind = ?error.kind(), "the spool's disk still fails"))
            }
            Some(error) => self.report(&Error::storage(
                "the spool cannot be written; events wait in memory",
                error,
            )),
            None => {}
        }
    }

    /// The same for what is no frame yet.
    #[cfg(test)]
    pub(crate) fn append(&self, payload: &[u8]) {
        self.append_frame(&mut Frame::of(&mut Vec::new(), payload));
    }

    /// Sees to it, without a sender that would, that events do not go on into a removed file.
    fn look_after_files(&self) {
        let now = u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX);
        let due = self.next_look.load(Ordering::Relaxed);
        let next = now.saturating_add(LOOK_INTERVAL_MS);
        let takes_turn =
            || self.next_look.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed);
        if now >= due && takes_turn().is_ok() {
            self.spool.seal_if_removed();
            self.spool.forget_removed_begun();
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

    /// Tells the numbers for as long as the pipeline is there.
    #[cfg(feature = "otlp")]
    pub(super) fn account(&self) -> impl Fn() -> Option<Stats> + Send + use<> {
        let spool = Arc::downgrade(&self.spool);
        move || spool.upgrade().map(|spool| spool.stats())
    }

    /// The quota that the destination reported last.
    pub(crate) fn quota_status(&self) -> Option<Quota> {
        self.quota.last()
    }

    /// The weight of an event that is kept, or none; a left-out event is counted as sampled.
    pub(crate) fn sample(&self, key: u64, rate: f64, is_error: bool) -> Option<f64> {
        let quota = self.quota.status(|| self.clock.wall());
        let weight = keep(key, rate, is_error, quota);
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

    /// Whether there is a sender. A copy that fork made has none: its thread was not copied.
    pub(super) fn has_sender(&self) -> bool {
        self.sends && self.spool.is_original()
    }
}

/// What a destination calls itself; the author's code that says it may panic.
pub(super) fn name_of(destination: &dyn Destination, spool: &Spool) -> String {
    contain(|| destination.name().to_owned()).unwrap_or_else(|| {
        spool.count(|stats| stats.panics += 1);
        "unknown".to_owned()
    })
}
