//! The sender's thread: step after step, until it is asked to end.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::worker::{Next, Worker};
use crate::spool::Spool;

/// How long the thread rests after a fault of its own.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

thread_local! {
    /// Where the spool is that this thread sends from; zero on all others.
    static SENDS_FROM: Cell<usize> = const { Cell::new(0) };
}

/// Whether the calling thread is the sender of this spool, as in a callback of the author's. It would
/// wait for itself.
pub(super) fn is_sender_of(spool: &Arc<Spool>) -> bool {
    // A destructor of a thread's variables may ask when this one is gone.
    SENDS_FROM.try_with(Cell::get).is_ok_and(|of| of == Arc::as_ptr(spool).addr())
}

/// Works until the end.
pub(super) fn run(mut worker: Worker) {
    let spool = Arc::clone(&worker.spool);
    SENDS_FROM.set(Arc::as_ptr(&spool).addr());
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
