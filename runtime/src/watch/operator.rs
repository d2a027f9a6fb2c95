//! Lines for the person who runs the server, on stderr.
//!
//! `eprintln!` panics when nobody holds the other end of the pipe any more, and blocks for ever when
//! somebody holds it who does not read. Neither may cost a tool call or the server: a line that
//! cannot be written is lost in silence, and a thread of its own writes, started with the first line.

use std::fmt;
use std::io::Write as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// Lines that wait while stderr is stuck; more than a person reads at once.
const MAX_LINES: usize = 64;
/// How long whoever says something waits until it is written: no line is lost at the end of a
/// process, and a stuck stderr costs one call this much, once.
const PATIENCE: Duration = Duration::from_millis(40);

/// Hands lines to the thread.
struct Operator {
    lines: SyncSender<String>,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Default)]
struct Counts {
    said: u64,
    written: u64,
    /// Whether somebody has waited in vain since the last line was written.
    is_stuck: bool,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes one line, with the name of the library before it.
pub(super) fn say(line: fmt::Arguments<'_>) {
    let line = format!("toolwatch: {line}\n");
    static OPERATOR: OnceLock<Operator> = OnceLock::new();
    if let Some(operator) = OPERATOR.get() {
        return operator.say(line);
    }
    match Operator::start() {
        Some(operator) => OPERATOR.get_or_init(|| operator).say(line),
        None => write(&line),
    }
}

impl Operator {
    /// None when the system refuses the thread. One that another thread was faster than ends.
    fn start() -> Option<Self> {
        let (lines, said) = sync_channel(MAX_LINES);
        let progress = Arc::<Progress>::default();
        let writing = Arc::clone(&progress);
        let thread = Builder::new().name("toolwatch-stderr".to_owned());
        thread.spawn(move || write_all(&said, &writing)).ok()?;
        Some(Self { lines, progress })
    }

    fn say(&self, line: String) {
        let mut counts = self.progress.lock();
        if self.lines.try_send(line).is_err() {
            return;
        }
        counts.said += 1;
        let number = counts.said;
        if counts.is_stuck {
            return;
        }
        let waiting = |counts: &mut Counts| counts.written < number;
        let waited = self.progress.changed.wait_timeout_while(counts, PATIENCE, waiting);
        let (mut counts, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        counts.is_stuck |= waited.timed_out();
    }
}

fn write_all(lines: &Receiver<String>, progress: &Progress) {
    while let Ok(line) = lines.recv() {
        write(&line);
        let mut counts = progress.lock();
        counts.written += 1;
        counts.is_stuck = false;
        progress.changed.notify_all();
    }
}

fn write(line: &str) {
    // One write, so that lines of several threads do not mix.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
