//! The metrics in a file, for the textfile collector of the node exporter: written every
//! [`INTERVAL`] and when the watch ends, always whole.
//!
//! Several processes may be given the same path ([`Slot`]); the labels `server` and `process` tell
//! their samples apart. The file of a process that has ended stays until another takes its number
//! over, so that the last numbers of a short process can still be read.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Exporter;
use super::collect::pair;
use super::label;
use super::slot::Slot;
use crate::watch::Numbers;

/// How old a file is at most. Scrape intervals are 15 s and more.
const INTERVAL: Duration = Duration::from_secs(15);

/// A file that is being kept up to date.
pub(crate) struct TextFile(Arc<Shared>);

struct Shared {
    exporter: Exporter,
    slot: Slot,
    state: Mutex<State>,
    ending: Condvar,
}

#[derive(Default)]
struct State {
    has_ended: bool,
    /// Whether the last write failed: the operator is told once per episode.
    fails: bool,
}

impl TextFile {
    /// Writes the file for the first time, and keeps it up to date. `say` tells the operator.
    pub(crate) fn start(
        path: &Path,
        exporter: &Exporter,
        server_name: &str,
        say: fn(&io::Error),
    ) -> io::Result<Self> {
        let slot = Slot::take(path)?;
        let common = vec![
            pair("server", &label::value(server_name)),
            pair("process", &slot.number().to_string()),
        ];
        let exporter = exporter.clone().with_common(common);
        slot.replace(&exporter.text())?;
        let (state, ending) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { exporter, slot, state, ending });
        let of_thread = Arc::clone(&shared);
        let named = thread::Builder::new().name("toolwatch-textfile".to_owned());
        named.spawn(move || of_thread.keep(say))?;
        Ok(Self(shared))
    }

    /// Writes these numbers as the last ones.
    pub(crate) fn end(&self, numbers: &Numbers) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.has_ended, true) {
            // Nobody is left who could do anything about a failure.
            let _ = self.0.slot.replace(&self.0.exporter.text_of(Some(numbers)));
            self.0.ending.notify_all();
        }
    }
}

impl Shared {
    fn keep(&self, say: fn(&io::Error)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let waited = self.ending.wait_timeout_while(state, INTERVAL, |state| !state.has_ended);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            // Without the lock: reading the numbers may turn out to be what ends the watch.
            let text = self.exporter.text();
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.has_ended {
                return;
            }
            let written = self.slot.replace(&text);
            let failed_before = std::mem::replace(&mut state.fails, written.is_err());
            if let Err(error) = written
                && !failed_before
            {
                say(&error);
            }
        }
    }
}
