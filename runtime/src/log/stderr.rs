//! Lines on their way to a stream that somebody else may not read.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many bytes may wait.
const MAX_WAITING: usize = 256 * 1024;
/// How long the thread collects after it has written: a busy server wakes it at most this often.
const COLLECT: Duration = Duration::from_millis(20);
/// How long an end waits for a stream that takes nothing.
const STUCK: Duration = Duration::from_millis(20);
/// How long an end waits for the thread to be given a processor, which takes as long as this on a
/// busy machine alone.
const END: Duration = Duration::from_millis(500);

/// Takes lines and never waits for the stream.
pub(crate) struct StderrWriter(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: String,
    dropped: u64,
    /// Whether the thread waits for the first line after a quiet time.
    is_idle: bool,
    writes_since: Option<Instant>,
    is_hurried: bool,
    is_over: bool,
    has_no_thread: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StderrWriter {
    /// A writer to what `open` gives. Without a thread the lines are dropped and counted, once
    /// their room is full.
    pub(super) fn new<W: Write>(open: impl FnOnce() -> W + Send + 'static) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let of_thread = Arc::clone(&shared);
        let started = std::thread::Builder::new()
            .name("toolwatch-log".to_owned())
            .spawn(move || run(&of_thread, open()));
        if let Err(error) = started {
            tracing::warn!(%error, "the thread of the structured log cannot be started");
            shared.lock().has_no_thread = true;
        }
        Self(shared)
    }

    pub(super) fn write(&self, line: impl FnOnce(&mut String)) {
        let mut state = self.0.lock();
        let before = state.waiting.len();
        if before >= MAX_WAITING {
            state.dropped += 1;
            return;
        }
        line(&mut state.waiting);
        if state.waiting.len() > MAX_WAITING {
            state.waiting.truncate(before);
            state.dropped += 1;
        }
        if std::mem::take(&mut state.is_idle) {
            drop(state);
            self.0.changed.notify_all();
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }

    /// Waits until everything is written, but for a stream that takes nothing only a moment.
    pub(super) fn flush(&self) {
        let began = Instant::now();
        let mut state = self.0.lock();
        if state.has_no_thread {
            return;
        }
        state.is_hurried = true;
        self.0.changed.notify_all();
        while !state.waiting.is_empty() || state.writes_since.is_some() {
            let deadline = match state.writes_since {
                Some(since) => since.max(began) + STUCK,
                None => began + END,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for StderrWriter {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.flush();
    }
}

fn run(shared: &Shared, mut stream: impl Write) {
    let mut lines = String::new();
    loop {
        let mut state = shared.lock();
        while state.waiting.is_empty() {
            if state.is_over {
                return;
            }
            state.is_idle = true;
            state.is_hurried = false;
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_idle = false;
        state.writes_since = Some(Instant::now());
        lines.clear();
        std::mem::swap(&mut lines, &mut state.waiting);
        drop(state);
        // A stream that is closed takes nothing, and the server goes on.
        let _ = stream.write_all(lines.as_bytes()).and_then(|()| stream.flush());
        let mut state = shared.lock();
        state.writes_since = None;
        shared.changed.notify_all();
        if !state.is_hurried && !state.is_over {
            let calm = |state: &mut State| !state.is_hurried && !state.is_over;
            drop(shared.changed.wait_timeout_while(state, COLLECT, calm));
        }
    }
}
