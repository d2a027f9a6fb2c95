//! A watched server that is killed, at a moment of one of four kinds.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::canary::random::Random;
use crate::oracle::Oracle;
use crate::raw::RawServer;
use crate::stored::Stored;

/// What a machine that is busy with other things may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a server's events go.
#[derive(Clone, Debug, Default)]
pub struct Sinks {
    /// The receiver, if there is one.
    pub endpoint: Option<String>,
    /// Whether a local record is kept.
    pub is_local: bool,
    /// The cap of the directory, and so eight times the size of a segment.
    pub cap_bytes: u64,
    /// Whether events wait in memory alone, for a second, so that a kill takes them.
    pub is_in_memory: bool,
}

/// When a server is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Right after the last reply was read: nothing is under way.
    AfterReplies,
    /// Right after some reply was read, with the others under way.
    Amid,
    /// Some time after the calls were sent, so also while the sender sends.
    Later,
    /// Some time after the start, so also while it adopts what others left, or before that.
    AtStart,
}

/// A way of starting servers.
#[derive(Clone, Debug)]
pub struct Starter<'a> {
    /// The program.
    pub program: &'a str,
    /// Its arguments.
    pub arguments: Vec<&'a str>,
    /// Where its files are.
    pub directory: &'a Path,
    /// Where its events go.
    pub sinks: Sinks,
}

impl Starter<'_> {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// Fails when the program cannot be started.
    pub fn start(&self) -> io::Result<RawServer> {
        let (directory, cap) = (self.directory.to_string_lossy(), self.sinks.cap_bytes.to_string());
        let mut variables = vec![
            ("TOOLWATCH_DIR", &*directory),
            ("TOOLWATCH_SPOOL_MAX_BYTES", &cap),
            ("TOOLWATCH_FLUSH_INTERVAL_MS", if self.sinks.is_in_memory { "1000" } else { "5" }),
            // A batch that a busy machine answers late must not be sent twice.
            ("TOOLWATCH_HTTP_TIMEOUT_MS", "600000"),
            ("TOOLWATCH_LOCAL", if self.sinks.is_local { "1" } else { "" }),
        ];
        if self.sinks.is_in_memory {
            variables.push(("TOOLWATCH_DURABILITY", "memory"));
        }
        let endpoint = self.sinks.endpoint.as_deref();
        variables.extend(endpoint.map(|url| ("TOOLWATCH_ENDPOINT", url)));
        variables.extend(endpoint.map(|_| ("TOOLWATCH_API_KEY", "key")));
        RawServer::start(self.program, &self.arguments, &variables)
    }

    /// Starts a server, lets it answer calls, and kills it. Every reply that could be read is in the
    /// oracle afterwards.
    ///
    /// # Errors
    ///
    /// Fails when the server cannot be started, called or killed.
    pub fn kill_one(
        &self,
        oracle: &Oracle,
        random: &mut Random,
        moment: Moment,
        calls: u64,
    ) -> io::Result<()> {
        let mut server = self.start()?;
        if moment == Moment::AtStart {
            wait_at_most(random, Duration::from_millis(40));
            return server.kill();
        }
        server.initialize()?;
        let (ids, lines) = oracle.calls(calls);
        server.send_lines(&lines)?;
        let replies = match moment {
            Moment::AfterReplies => calls,
            Moment::Amid => 1 + random.below(usize::try_from(calls).unwrap_or(usize::MAX)) as u64,
            Moment::Later | Moment::AtStart => 1,
        };
        let mut stdout = String::new();
        for _ in ids.take(usize::try_from(replies).unwrap_or(usize::MAX)) {
            stdout += &server.read_line()?;
        }
        if moment == Moment::Later {
            wait_at_most(random, Duration::from_millis(80));
        }
        let rest = server.kill_and_read()?;
        oracle.saw(stdout.as_bytes());
        oracle.saw(&rest);
        Ok(())
    }
}

impl Starter<'_> {
    /// Lets one more server send what others left, until every replied call is stored and, without a
    /// record, no segment is left. False when it took longer than two minutes.
    ///
    /// # Errors
    ///
    /// Fails when the server cannot be started or ended.
    pub fn drain(&self, oracle: &Oracle, stored: &Stored) -> io::Result<bool> {
        let mut server = self.start()?;
        server.initialize()?;
        let replied = oracle.replied();
        let is_done = || {
            stored.missing(&replied).is_empty()
                && (self.sinks.is_local || segments(self.directory) == 0)
        };
        let done = wait_until(is_done);
        server.close()?;
        Ok(done)
    }
}

/// How many segments a directory has.
#[must_use]
pub fn segments(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "seg")).count()
}

/// Waits until something holds; false when that took longer than two minutes.
pub fn wait_until(holds: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Some time, at most this one. A moment of a kill is random; nothing waits for anything here.
fn wait_at_most(random: &mut Random, most: Duration) {
    let most_us = usize::try_from(most.as_micros()).unwrap_or(usize::MAX);
    std::thread::sleep(Duration::from_micros(random.below(most_us) as u64));
}
