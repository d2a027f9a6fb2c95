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
        Self::start_every(INTERVAL, path, exporter, server_name, say)
    }

    fn start_every(
        interval: Duration,
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
        named.spawn(move || of_thread.keep(interval, say))?;
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
    fn keep(&self, interval: Duration, say: fn(&io::Error)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let waited = self.ending.wait_timeout_while(state, interval, |state| !state.has_ended);
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

#[cfg(test)]
mod tests {
    //! The turns of the thread, with a short interval; everything else is in the suite `prometheus`.

    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use super::*;
    use crate::Watch;

    static TOLD: AtomicUsize = AtomicUsize::new(0);

    #[track_caller]
    fn wait_until(mut is_so: impl FnMut() -> bool) {
        let started = Instant::now();
        while !is_so() {
            assert!(started.elapsed() < Duration::from_secs(120), "waited too long");
            thread::yield_now();
        }
    }

    #[test]
    fn the_file_is_rewritten_whole_and_a_failure_is_told_once_per_episode() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("place");
        std::fs::create_dir(&place).unwrap();
        let watch = Watch::builder().environment(|_| None).metrics().build().unwrap();
        let exporter = Exporter::new(&watch);
        let say = |_: &io::Error| {
            TOLD.fetch_add(1, Ordering::Relaxed);
        };
        let interval = Duration::from_millis(1);
        let path = place.join("docs.prom");
        let textfile = TextFile::start_every(interval, &path, &exporter, "docs", say).unwrap();
        let file = place.join("docs.0.prom");
        let mut seen = std::collections::BTreeSet::new();
        wait_until(|| {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.ends_with(
                "toolwatch_build_info{server=\"docs\",process=\"0\",version=\"0.1.0\"} 1\n"
            ));
            seen.insert(text);
            seen.len() > 50
        });
        for episode in 1..3 {
            std::fs::rename(&place, directory.path().join("away")).unwrap();
            wait_until(|| TOLD.load(Ordering::Relaxed) == episode);
            thread::sleep(20 * interval);
            assert_eq!(TOLD.load(Ordering::Relaxed), episode, "once");
            std::fs::rename(directory.path().join("away"), &place).unwrap();
            let before = std::fs::read_to_string(&file).unwrap();
            wait_until(|| std::fs::read_to_string(&file).unwrap() != before);
        }
        let numbers = (watch.numbers())().unwrap();
        textfile.end(&numbers);
        let last = std::fs::read_to_string(&file).unwrap();
        thread::sleep(20 * interval);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), last, "nothing comes after the end");
    }
}
