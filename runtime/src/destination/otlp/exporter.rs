//! Sends metrics from time to time, on a thread of its own, and once more at the end.
//!
//! Numbers are cumulative, so an export that fails loses none: the next one tells them. It is
//! counted, and never repeated. No call waits for this thread.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::metrics::Export;
use super::post::Post;
use super::resource::{Resource, ServerRun};
use super::spans::rejected;
use crate::Error;
use crate::contain::contain;
use crate::destination::SendError;
use crate::metrics::Registry;
use crate::spool::Stats;

/// What dropping an exporter waits for its last export, counted from the moment when it was asked.
const DROP_TIMEOUT: Duration = Duration::from_millis(40);
/// No `Retry-After` is honoured beyond this, as for events.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(5 * 60);
/// After so many failures in a row the operator is told, once.
const TELL_AFTER: u32 = 3;

/// How metrics are to be sent.
pub(crate) struct MetricsPlan {
    pub(super) post: Post,
    pub(super) resource: Resource,
    pub(super) interval: Duration,
}

/// What an exporter reads.
pub(crate) struct Sources {
    pub(crate) run: ServerRun,
    pub(crate) registry: Arc<Registry>,
    /// The account of each destination.
    pub(crate) accounts: Box<dyn Fn() -> Vec<(String, Stats)> + Send>,
    /// Tells the operator of something.
    pub(crate) report: Arc<dyn Fn(&Error) + Send + Sync>,
}

/// A thread that sends metrics.
pub(crate) struct Exporter {
    shared: Arc<Shared>,
    ended_at: Mutex<Option<Instant>>,
    /// `None` when the system refused one.
    thread: Option<ThreadId>,
    /// A copy of the process that fork made has no such thread, and must not wait for it.
    process: u32,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Exports that were asked for, and up to which of them is done.
    asked: u64,
    done: u64,
    is_ending: bool,
    /// The process ends: nothing is begun that takes long.
    is_leaving: bool,
    has_ended: bool,
}

impl Exporter {
    /// Starts the thread. When the system refuses one, the operator is told and nothing is sent.
    pub(crate) fn start(plan: MetricsPlan, sources: Sources) -> Self {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let report = Arc::clone(&sources.report);
        let work = move || {
            let _ = contain(|| Work::new(plan, sources).run(&of_thread));
            of_thread.tell(|state| state.has_ended = true);
        };
        let started = std::thread::Builder::new().name("toolwatch-otlp".to_owned()).spawn(work);
        let thread = match started {
            Ok(handle) => Some(handle.thread().id()),
            Err(error) => {
                let error = Error::thread("the thread of OTLP metrics cannot be started", error);
                let _ = contain(|| report(&error));
                None
            }
        };
        Self { shared, ended_at: Mutex::new(None), thread, process: std::process::id() }
    }

    /// Asks for an export now. What is returned can be waited for.
    pub(crate) fn ask(&self) -> u64 {
        let mut number = 0;
        self.shared.tell(|state| {
            state.asked += 1;
            number = state.asked;
        });
        number
    }

    /// Waits until an export that was asked for is done.
    pub(crate) fn wait(&self, number: u64, timeout: Duration) {
        if self.is_elsewhere() {
            self.shared.wait(timeout, |state| state.done >= number || state.has_ended);
        }
    }

    /// Asks for the last export. Nothing is sent after it.
    pub(crate) fn end(&self) {
        let mut ended_at = self.ended_at.lock().unwrap_or_else(PoisonError::into_inner);
        ended_at.get_or_insert_with(Instant::now);
        drop(ended_at);
        self.shared.tell(|state| state.is_ending = true);
    }

    /// The same for a process that ends, which begins no set-up of TLS any more.
    pub(crate) fn leave(&self) {
        self.shared.tell(|state| state.is_leaving = true);
        self.end();
    }

    /// Waits until the last export is done.
    pub(crate) fn wait_end(&self, timeout: Duration) {
        if self.is_elsewhere() {
            self.shared.wait(timeout, |state| state.has_ended);
        }
    }

    /// Whether there is a thread, and it is another one than this: a callback on the exporter's own
    /// thread would wait for itself.
    fn is_elsewhere(&self) -> bool {
        let is_own = self.thread == Some(std::thread::current().id());
        self.thread.is_some() && !is_own && self.process == std::process::id()
    }
}

impl Drop for Exporter {
    /// A request that hangs is left behind with its thread.
    fn drop(&mut self) {
        self.leave();
        let asked = *self.ended_at.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = asked.map_or(DROP_TIMEOUT, |at| at.elapsed());
        self.wait_end(DROP_TIMEOUT.saturating_sub(waited));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn wait(&self, timeout: Duration, is_done: impl Fn(&State) -> bool) {
        let state = self.lock();
        drop(self.changed.wait_timeout_while(state, timeout, |state| !is_done(state)));
    }
}

/// What the thread has.
struct Work {
    plan: MetricsPlan,
    sources: Sources,
    start_ns: u64,
    lost_exports: u64,
    rejected_points: u64,
    failures: u32,
    not_before: Option<Instant>,
}

impl Work {
    fn new(plan: MetricsPlan, sources: Sources) -> Self {
        let start_ns = now_ns().saturating_sub(nanos(sources.registry.snapshot().uptime));
        let (lost_exports, rejected_points, failures) = (0, 0, 0);
        Self { plan, sources, start_ns, lost_exports, rejected_points, failures, not_before: None }
    }

    fn run(&mut self, shared: &Shared) {
        // None when the interval reaches beyond what the clock can tell: then only when asked.
        let mut next = Instant::now().checked_add(self.plan.interval);
        loop {
            let wait =
                next.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()));
            shared.wait(wait, |state| state.is_ending || state.asked > state.done);
            let (asked, is_ending, is_leaving) = {
                let state = shared.lock();
                (state.asked, state.is_ending, state.is_leaving)
            };
            if is_leaving && !self.plan.post.is_ready() {
                return;
            }
            if contain(|| self.export()).is_none() {
                self.failed(None);
            }
            shared.tell(|state| state.done = state.done.max(asked));
            if is_ending {
                return;
            }
            if next.is_some_and(|at| Instant::now() >= at) {
                next = Instant::now().checked_add(self.plan.interval);
            }
        }
    }

    fn export(&mut self) {
        if self.not_before.is_some_and(|moment| moment > Instant::now()) {
            return self.lost_exports += 1;
        }
        let metrics = self.sources.registry.snapshot();
        let accounts = (self.sources.accounts)();
        let message = Export {
            resource: &self.plan.resource,
            run: &self.sources.run,
            start_ns: self.start_ns,
            now_ns: now_ns(),
            metrics: &metrics,
            accounts: &accounts,
            lost: [self.lost_exports, self.rejected_points],
        };
        match self.plan.post.send(message.encode()) {
            Ok(reply) => {
                self.failures = 0;
                self.rejected_points += rejected(&reply);
            }
            Err(error) => self.failed(Some(&error)),
        }
    }

    fn failed(&mut self, error: Option<&SendError>) {
        self.lost_exports += 1;
        self.failures = self.failures.saturating_add(1);
        let after = error.and_then(SendError::retry_after);
        self.not_before = after.map(|after| Instant::now() + after.min(MAX_RETRY_AFTER));
        let Some(error) = error else { return };
        tracing::debug!(%error, "metrics were not taken");
        // A refusal for good is told at once.
        if self.failures == TELL_AFTER || (self.failures == 1 && error.is_rejected()) {
            let message = "the collector does not take metrics";
            let error = Error::delivery(message, error.clone());
            let _ = contain(|| (self.sources.report)(&error));
        }
    }
}

fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanos)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
