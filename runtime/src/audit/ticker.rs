//! The audit log's own thread: forgets keys in time, takes checkpoints while nothing is written,
//! and publishes. It ends with the last handle.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::writer::Writer;

/// How long closing waits for the last checkpoints: a target may hang.
const MAX_CLOSE: Duration = Duration::from_secs(2);

/// Starts the thread.
///
/// # Errors
/// Fails when the system gives no thread.
pub(super) fn start(writer: Arc<Writer>) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("toolwatch-audit".to_owned());
    thread.spawn(move || run(&writer)).map(drop)
}

fn run(writer: &Writer) {
    loop {
        let mut state = writer.lock();
        let wait = writer.tick(&mut state);
        if Writer::has_waiting(&state) {
            drop(state);
            if let Err(error) = writer.publish() {
                tracing::warn!(%error, "an audit checkpoint could not be published");
            }
            continue;
        }
        if state.is_closing {
            state.has_ended = true;
            writer.changed.notify_all();
            return;
        }
        // Spurious and early wake-ups only look at the clock again.
        drop(writer.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner));
    }
}

/// Waits, bounded, until the last checkpoints are where they belong.
pub(super) fn wait_for_end(writer: &Writer) {
    let start = Instant::now();
    let mut state = writer.lock();
    while !state.has_ended {
        let left = MAX_CLOSE.saturating_sub(start.elapsed());
        if left.is_zero() {
            return;
        }
        state = writer.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}
