//! The way of an event from the spool to a destination, on a thread of its own.
//!
//! [`Lanes`] is what the rest of the crate sees: one [`Pipeline`] per destination, each of which
//! takes encoded events and never fails. The sender knows nothing of tools; what an event means is
//! settled before it comes here.

mod config;
mod contract;
mod lanes;
mod pipeline;
mod retry;
mod sampling;
mod schedule;
#[cfg(test)]
mod tests;
mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

pub use config::Durability;
pub(crate) use config::{OnError, OnQuota, PipelineConfig};
#[cfg(feature = "http")]
pub(crate) use contract::SDK;
pub use contract::{Ack, Batch, Destination, Quota, QuotaStatus, SendError};
pub(crate) use lanes::{Begun, Lanes};
pub(crate) use pipeline::Pipeline;
pub(crate) use sampling::keep;

#[cfg(test)]
use {
    crate::spool::{Clock, Delivery, DropReason, Limits, Settings, Spool, Stats},
    schedule::Cadence,
    std::sync::Mutex,
    std::time::Instant,
};

use worker::{Next, Worker};

/// What dropping a pipeline may cost at most, with room for the scheduler under a bar of 50 ms.
const DROP_TIMEOUT: Duration = Duration::from_millis(40);
/// What a shutdown waits for the thread's last breath beyond its timeout.
const END_GRACE: Duration = Duration::from_millis(10);
/// How long the thread rests after a fault of its own.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

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
            spool.sleep(
                time,
                if when_full { worker.full_batch() } else { u64::MAX },
                signal.flushes,
            );
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
