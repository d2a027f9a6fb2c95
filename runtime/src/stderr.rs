//! Lines on stderr, whose reader may be gone, or may not read.
//!
//! `eprintln!` panics when nobody holds the other end of the pipe any more, and blocks for ever when
//! somebody holds it who does not read. Neither may cost a tool call or the server: a thread of its
//! own writes, and a line that cannot be written is lost in silence.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How many bytes may wait.
const MAX_WAITING: usize = 256 * 1024;
/// How long the thread collects after it has written: a busy server wakes it at most this often.
const COLLECT: Duration = Duration::from_millis(20);
/// How long a flush waits for a stream that takes nothing. Once: the next ones wait for nothing, until
/// the stream has taken something.
const STUCK: Duration = Duration::from_millis(40);
/// How long a flush waits for the thread to be given a processor, which takes as long as this on a
/// busy machine alone.
const UNSCHEDULED: Duration = Duration::from_millis(500);

/// Writes one line for the person who runs the server, with the name of the library before it.
/// Returns when it is written, so that none is lost at the end of a process.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    static OPERATOR: OnceLock<Lines> = OnceLock::new();
    let line = format!("toolwatch: {line}\n");
    let lines = match OPERATOR.get() {
        Some(lines) => lines,
        None => match Lines::start("toolwatch-stderr", io::stderr) {
            // One that another thread was faster than ends.
            Ok(lines) => OPERATOR.get_or_init(|| lines),
            Err(_) => return drop(io::stderr().write_all(line.as_bytes())),
        },
    };
    lines.write(|out| out.extend_from_slice(line.as_bytes()));
    lines.flush();
}

/// Takes lines and never waits for the stream.
pub(crate) struct Lines(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    dropped: u64,
    /// Whether the thread waits for the first line after a quiet time.
    is_idle: bool,
    writes_since: Option<Instant>,
    is_hurried: bool,
    /// Whether somebody has waited in vain since the stream last took something.
    is_stuck: bool,
    is_over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// Lines to what `open` gives.
    ///
    /// # Errors
    /// Fails when the system refuses the thread.
    pub(crate) fn start<W: Write>(
        thread: &str,
        open: impl FnOnce() -> W + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let of_thread = Arc::clone(&shared);
        Builder::new().name(thread.to_owned()).spawn(move || run(&of_thread, open()))?;
        Ok(Self(shared))
    }

    /// Leaves lines to the thread. What is over 256 KiB is left out and counted.
    pub(crate) fn write(&self, lines: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.0.lock();
        let before = state.waiting.len();
        if before >= MAX_WAITING {
            state.dropped += 1;
            return;
        }
        lines(&mut state.waiting);
        if state.waiting.len() > MAX_WAITING {
            state.waiting.truncate(before);
            state.dropped += 1;
        }
        if std::mem::take(&mut state.is_idle) {
            drop(state);
            self.0.changed.notify_all();
        }
    }

    /// How many were left out.
    #[cfg(any(test, feature = "log"))]
    pub(crate) fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }

    /// Waits until everything is written, but for a stream that takes nothing only a moment.
    pub(crate) fn flush(&self) {
        self.flush_within(STUCK);
    }

    /// The same, with at most so long for a stream that takes nothing.
    pub(crate) fn flush_within(&self, limit: Duration) {
        let stuck = limit.min(STUCK);
        let began = Instant::now();
        let mut state = self.0.lock();
        if state.is_stuck {
            return;
        }
        state.is_hurried = true;
        self.0.changed.notify_all();
        while !state.waiting.is_empty() || state.writes_since.is_some() {
            let deadline = match state.writes_since {
                Some(since) => since.max(began) + stuck,
                None => began + UNSCHEDULED,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.is_stuck = true;
                return;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.flush();
        // Also where nobody waits any more.
        self.0.changed.notify_all();
    }
}

fn run(shared: &Shared, mut stream: impl Write) {
    let mut lines = Vec::new();
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
        let _ = stream.write_all(&lines).and_then(|()| stream.flush());
        let mut state = shared.lock();
        state.writes_since = None;
        state.is_stuck = false;
        shared.changed.notify_all();
        if !state.is_hurried && !state.is_over {
            let calm = |state: &mut State| !state.is_hurried && !state.is_over;
            drop(shared.changed.wait_timeout_while(state, COLLECT, calm));
        }
    }
}
