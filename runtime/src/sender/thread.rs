//! The sender's thread: started with the pipeline, or later when the system refuses it at first.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::worker::{Next, Worker};
use crate::contain::contain;
use crate::spool::Spool;
use crate::sync::{self, Mutex};

/// How long a refused thread is not asked for again by calls; asking takes some 10 us.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long the thread rests after a fault of its own.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// The sender, as long as its thread has not been started.
pub(super) struct SenderThread {
    idle: Mutex<Idle>,
    /// Whether the system refused the thread; calls look at nothing else.
    is_refused: AtomicBool,
}

struct Idle {
    worker: Option<Worker>,
    next_try: Duration,
}

/// The system does not start the thread.
pub(super) struct Refused {
    pub(super) error: io::Error,
    /// Whether it had done before the last time.
    pub(super) is_first: bool,
}

impl SenderThread {
    pub(super) fn new(worker: Option<Worker>) -> Self {
        let idle = Idle { worker, next_try: Duration::ZERO };
        Self { idle: Mutex::new(idle), is_refused: AtomicBool::new(false) }
    }

    /// Whether there is a sender whose thread has not been started.
    #[cfg(test)]
    pub(super) fn has_sender(&self) -> bool {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).worker.is_some()
    }

    /// Starts the thread if there is a sender that has none.
    pub(super) fn start(&self, now: Duration) -> Result<(), Refused> {
        self.try_start(now, Duration::MAX)
    }

    /// The same, but not within the pause after a refusal.
    pub(super) fn start_again(&self, now: impl FnOnce() -> Duration) -> Result<(), Refused> {
        if !self.is_refused.load(Ordering::Relaxed) {
            return Ok(());
        }
        let now = now();
        self.try_start(now, now)
    }

    fn try_start(&self, now: Duration, due: Duration) -> Result<(), Refused> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.worker.is_none() || due < idle.next_try {
            return Ok(());
        }
        // The closure takes the sender only once it runs, so a refused thread does not lose it.
        let handover = Arc::new(Mutex::new(idle.worker.take()));
        let taken = Arc::clone(&handover);
        let started = sync::spawn("toolwatch-sender", move || {
            let worker = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(worker) = worker {
                run(worker);
            }
        });
        let was_refused = self.is_refused.swap(started.is_err(), Ordering::Relaxed);
        started.map(drop).map_err(|error| {
            idle.worker = handover.lock().unwrap_or_else(PoisonError::into_inner).take();
            idle.next_try = now.saturating_add(RETRY_PAUSE);
            Refused { error, is_first: !was_refused }
        })
    }
}

impl Drop for SenderThread {
    fn drop(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = idle.worker.take() {
            let spool = Arc::clone(&worker.spool);
            end(worker, &spool);
        }
    }
}

/// The thread's work.
fn run(mut worker: Worker) {
    let spool = Arc::clone(&worker.spool);
    spool.set_sender_thread();
    loop {
        let signal = spool.signal();
        if signal.ending {
            break;
        }
        let next = contain(|| worker.step(signal)).unwrap_or_else(|| {
            spool.count(|stats| stats.panics += 1);
            Next::Wait(FAULT_PAUSE, false)
        });
        spool.tell(|signal| worker.publish(signal));
        if let Next::Wait(time, when_full) = next {
            let wake_at = if when_full { worker.full_batch() } else { u64::MAX };
            spool.sleep(time, wake_at, signal.flushes);
        }
    }
    // A drop is what hosts wait for, and a busy disk takes its time even after the last thread has
    // returned: the kernel writes back, as after a kill, and the next process syncs what it adopts.
    if !spool.signal().leaving {
        spool.sync(Duration::MAX);
    }
    spool.tell(|signal| signal.ended = true);
    // A shutdown whose time was over has closed the spool without waiting for this.
    spool.release_if_closed();
    end(worker, &spool);
}

/// Lets the sender go, and with it the author's destination, which may panic as it goes.
fn end(worker: Worker, spool: &Spool) {
    if contain(|| drop(worker)).is_none() {
        spool.count(|stats| stats.panics += 1);
    }
}
