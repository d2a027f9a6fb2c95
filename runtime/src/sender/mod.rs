//! The way of an event from the spool to a destination, on a thread of its own.
//!
//! [`Lanes`] is what the rest of the crate sees: one [`Pipeline`] per destination, each of which
//! takes encoded events and never fails. The sender knows nothing of tools; what an event means is
//! settled before it comes here.

mod config;
mod contract;
mod flush;
mod lanes;
mod pipeline;
mod retry;
mod sampling;
mod schedule;
mod standing;
#[cfg(test)]
mod tests;
mod thread;
mod worker;

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
    crate::Error,
    crate::spool::{Clock, Delivery, DropReason, Limits, Settings, Spool, Stats},
    crate::sync::{self, Mutex},
    schedule::Cadence,
    std::path::PathBuf,
    std::sync::Arc,
};

/// How long a drop waits for events that are on their way. With [`END_GRACE`] it leaves 20 ms for a
/// busy machine's scheduler under the bar of 50 ms, within which a host must not notice us.
const DROP_FLUSH: Duration = Duration::from_millis(20);
/// What a shutdown waits for the thread's last breath beyond its timeout.
const END_GRACE: Duration = Duration::from_millis(10);

/// An evenly distributed number in 0..1.
fn random() -> f64 {
    // 53 bits are exact in an f64.
    (crate::event::unique() >> 11) as f64 / (1_u64 << 53) as f64
}
