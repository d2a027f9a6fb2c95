//! The audit log's own thread: forgets keys in time, takes checkpoints while nothing is written,
//! and publishes. It ends with the last handle.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::lane::EPOCH_RECORDS;
use super::warn;
use super::writer::{CHECKPOINT_INTERVAL, CHECKPOINT_RECORDS, EPOCH_INTERVAL, State, Writer};

/// How often the thread looks at a log that is written to. To be woken by a caller would cost that
/// caller more than all the rest of an append: some 20 us, where a core has to be woken as well.
const BUSY_INTERVAL: Duration = Duration::from_millis(25);
/// How long after the last record it looks so often.
const BUSY_FOR: Duration = Duration::from_millis(100);
/// How long after the last record it still looks once a second, so that a call now and then has to
/// wake nobody either.
const IDLE_AFTER: Duration = Duration::from_secs(60);

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
        let wait = tick(writer, &mut state);
        if Writer::has_waiting(&state) {
            drop(state);
            if let Err(error) = writer.publish() {
                warn(&error, "an audit checkpoint could not be published");
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

/// Does what is due, so that no caller has to: seals a checkpoint, steps a key. Returns when to look
/// again.
pub(super) fn tick(writer: &Writer, state: &mut State) -> Duration {
    let now = writer.clock.now();
    writer.seal_due(state);
    let until = |since: Duration, interval: Duration| (since + interval).saturating_sub(now);
    // What would be due before the next look is done now.
    let ahead = match now.saturating_sub(state.looked) <= 2 * BUSY_INTERVAL {
        true => u32::try_from(state.lane.size.saturating_sub(state.seen.0)).unwrap_or(u32::MAX),
        false => 0,
    };
    if state.since_checkpoint.saturating_add(ahead) >= CHECKPOINT_RECORDS {
        writer.take_checkpoint(state, writer.clock.wall(), false);
    }
    let is_full = state.lane.epoch_records.saturating_add(ahead) >= EPOCH_RECORDS;
    if is_full || until(state.epoch_since, EPOCH_INTERVAL).is_zero() {
        state.lane.step_epoch();
    }
    if until(state.checkpoint_at, CHECKPOINT_INTERVAL).is_zero() {
        writer.take_checkpoint(state, writer.clock.wall(), false);
    }
    if state.seen.0 != state.lane.size {
        state.seen = (state.lane.size, now);
    }
    state.looked = now;
    let is_idle = until(state.seen.1, IDLE_AFTER).is_zero();
    let has_sealed = state.lane.epoch_records > 0;
    state.sleeps_long = is_idle && !has_sealed;
    let look = match until(state.seen.1, BUSY_FOR).is_zero() {
        false => BUSY_INTERVAL,
        true if state.sleeps_long => CHECKPOINT_INTERVAL,
        true => EPOCH_INTERVAL,
    };
    let epoch = if has_sealed { until(state.epoch_since, EPOCH_INTERVAL) } else { EPOCH_INTERVAL };
    let checkpoint = until(state.checkpoint_at, CHECKPOINT_INTERVAL);
    look.min(checkpoint).min(if state.sleeps_long { checkpoint } else { epoch })
}

/// Waits, bounded, until the last checkpoints are where they belong.
pub(super) fn wait_for_end(writer: &Writer, timeout: Duration) {
    let start = Instant::now();
    let mut state = writer.lock();
    while !state.has_ended {
        let left = timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            return;
        }
        state = writer.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}
