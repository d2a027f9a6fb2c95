//! The sender's thread: step after step, until it is asked to end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::worker::{Next, Worker};

/// How long the thread rests after a fault of its own.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// Works until the end.
pub(super) fn run(mut worker: Worker) {
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
    // A drop is what hosts wait for, and a busy disk takes its time even after the last thread has
    // returned: the kernel writes back, as after a kill, and the next process syncs what it adopts.
    if !spool.signal().leaving {
        spool.sync(Duration::MAX);
    }
    spool.tell(|signal| signal.ended = true);
}
