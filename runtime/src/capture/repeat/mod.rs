//! Whether an agent repeats itself: the same call again, the same error with other arguments, two
//! calls in turn, the same resource again.
//!
//! A call is compared with those before it in its session: at its start with their arguments, at
//! its end with their errors. Calls without a session are not compared.

mod calls;
mod reads;
mod sessions;
#[cfg(test)]
mod tests;
mod thresholds;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::context;
use crate::event::{Event, EventType, Failure, Name, Outcome};
use calls::Calls;
pub(crate) use reads::Reads;
use reads::Resources;
use sessions::Sessions;
pub use thresholds::LoopThresholds;

/// Over how many counters the failing sessions are spread.
const FAILING_COUNTERS: usize = 256;

/// How a call's arguments compare with those of its session's calls before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Repeat {
    /// Which call in a row of this tool with these arguments this is: 1 for the first.
    run: u32,
    /// How many of the session's last 32 calls were this one, itself included.
    window: u32,
    /// How many calls in a row alternate between this one and one other; 0 below 4.
    ping_pong: u32,
}

/// Remembers the last calls and reads of each session.
#[derive(Debug)]
pub(crate) struct Tracker {
    thresholds: LoopThresholds,
    calls: Mutex<Sessions<Calls>>,
    /// Apart from the calls: a session that never reads takes no place here.
    reads: Mutex<Sessions<Resources>>,
    /// How many sessions have a tool whose last call failed, by the first byte of their keys, so
    /// that a call that went well in any other session takes no lock.
    failing: [AtomicU32; FAILING_COUNTERS],
}

impl Tracker {
    pub(crate) fn new(thresholds: LoopThresholds) -> Self {
        Self {
            thresholds,
            calls: Mutex::default(),
            reads: Mutex::default(),
            failing: [const { AtomicU32::new(0) }; FAILING_COUNTERS],
        }
    }

    /// Compares the arguments of a tool call that starts, and fills the counts in.
    pub(crate) fn observe_start(&self, event: &mut Event) {
        let session = context::repeat_scope(&event.caller);
        let (EventType::ToolCall, Some(arguments)) = (event.event_type, &mut event.arguments)
        else {
            return;
        };
        let Some(hash) = arguments.hash else { return };
        let repeat = self.compare(session, event.name, hash);
        (arguments.repeat_run, arguments.repeat_window) = (repeat.run, repeat.window);
        event.signals.ping_pong = repeat.ping_pong;
    }

    /// Compares the failure of a tool call that has ended, and says whether the call is part of a
    /// loop.
    pub(crate) fn observe_end(&self, event: &mut Event) {
        if event.event_type != EventType::ToolCall {
            return;
        }
        let session = context::repeat_scope(&event.caller);
        let arguments = event.arguments.as_ref();
        let repeat_run = arguments.map_or(0, |arguments| arguments.repeat_run);
        let hash = arguments.and_then(|arguments| arguments.hash);
        let signals = &mut event.signals;
        match (event.outcome, event.failure) {
            // They say nothing of the tool: the caller lost interest, or was lost.
            (Outcome::Cancelled | Outcome::Dropped | Outcome::Interrupted, _) => {}
            (outcome, _) if !outcome.is_error() => self.succeed(session, event.name),
            (_, Some(failure)) if session != 0 => {
                // Without a hash nobody knows whether the arguments vary.
                let run = hash.map(|hash| self.fail(session, event.name, print(&failure), hash));
                signals.error_run = run.unwrap_or(0);
            }
            _ => {}
        }
        let (errors, ping_pong) = (signals.error_run, signals.ping_pong);
        signals.is_loop = self.thresholds.is_loop(repeat_run, errors, ping_pong);
    }

    /// Notes that a resource is read. `None` without a session.
    pub(crate) fn observe_read(&self, session: u64, hash: u64) -> Option<Reads> {
        if session == 0 {
            return None;
        }
        let mut sessions = lock(&self.reads);
        let (resources, _) = sessions.enter(session);
        Some(resources.push(hash))
    }

    fn compare(&self, session: u64, tool: Name, arguments: u64) -> Repeat {
        if session == 0 {
            return Repeat { run: 1, window: 1, ping_pong: 0 };
        }
        let call = call(tool, arguments);
        self.with(session, |calls| calls.push(call))
    }

    fn fail(&self, session: u64, tool: Name, fingerprint: u64, arguments: u64) -> u32 {
        self.with(session, |calls| {
            if !calls.is_failing() {
                self.counter(session).fetch_add(1, Ordering::Relaxed);
            }
            calls.fail(tool, fingerprint, arguments)
        })
    }

    /// A session's calls come one after the other, each seen before the next: no stronger order
    /// than that of the counter itself is needed.
    fn succeed(&self, session: u64, tool: Name) {
        if self.counter(session).load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut sessions = lock(&self.calls);
        let failing = sessions.find(session).filter(|calls| calls.is_failing());
        let Some(calls) = failing else { return };
        calls.succeed(tool);
        if !calls.is_failing() {
            self.counter(session).fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn with<R>(&self, session: u64, run: impl FnOnce(&mut Calls) -> R) -> R {
        let mut sessions = lock(&self.calls);
        let (calls, left) = sessions.enter(session);
        if let Some(left) = left.filter(|left| left.memory.is_failing()) {
            self.counter(left.session).fetch_sub(1, Ordering::Relaxed);
        }
        run(calls)
    }

    fn counter(&self, session: u64) -> &AtomicU32 {
        &self.failing[usize::from(session.to_be_bytes()[0])]
    }
}

/// What tells one call from others. The hash of arguments is not always separated by tool: with
/// [`HashMode::PythonSha256`](crate::HashMode::PythonSha256) it is the same for all.
fn call(tool: Name, arguments: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (tool, arguments).hash(&mut hasher);
    hasher.finish()
}

/// A failure without a fingerprint, such as a panic, is told from others by its kind. It is
/// compared within this process only and never recorded.
fn print(failure: &Failure) -> u64 {
    failure.fingerprint.unwrap_or(failure.kind as u64)
}

fn lock<T>(sessions: &Mutex<Sessions<T>>) -> MutexGuard<'_, Sessions<T>> {
    sessions.lock().unwrap_or_else(PoisonError::into_inner)
}
