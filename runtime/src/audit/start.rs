//! The start of a writer: takes its key out of the chain, begins its lane, and looks after the
//! lanes of writers that have died.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::key::{LogId, MAX_OPEN, SealingKey, SealingState};
use super::lane::{Lane, Plan, segment_name};
use super::recover::recover;
use crate::spool::Disk;

/// How long a start waits for others that start: each takes some milliseconds.
const MAX_WAIT: Duration = Duration::from_secs(10);
const WAIT_STEP: Duration = Duration::from_millis(2);
/// Lanes that a crash, or another's hand, has begun without a step of the chain.
const MAX_SKIPPED: u32 = 10_000;

/// What a writer is started with.
pub(super) struct Start {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) directory: PathBuf,
    pub(super) sealing_key: PathBuf,
    pub(super) max_segment_bytes: u64,
    pub(super) about: Vec<u8>,
}

impl Start {
    /// Begins the lane of this process.
    ///
    /// # Errors
    /// Fails when the key cannot be taken or the lane cannot be begun.
    pub(super) fn run(&self, wall: SystemTime) -> io::Result<(LogId, Lane)> {
        self.disk.prepare(&self.directory)?;
        let mut key = take(&*self.disk, &self.sealing_key)?;
        skip_begun(&self.directory, &mut key.state)?;
        let log_id = key.state.log_id;
        let plan = Plan {
            disk: Arc::clone(&self.disk),
            directory: self.directory.clone(),
            log_id,
            writer_id: key.state.chain.writer_id,
            key: key.state.chain.writer(),
            max_segment_bytes: self.max_segment_bytes,
            about: self.about.clone(),
        };
        let mut lane = Lane::begin(plan, wall)?;
        // First the lane, then the step: a crash in between leaves a lane that the next start
        // passes over, and no gap.
        let others = key.state.open.clone();
        key.state.open = bounded(std::mem::take(&mut key.state.open), lane.writer_id);
        key.state.chain.advance();
        key.store()?;
        // The lanes of the dead may be long, and others want to start meanwhile.
        key.release();
        let done = recover(&*self.disk, &self.directory, others, &mut lane, wall);
        if !done.is_empty()
            && let Err(error) = self.forget(&done)
        {
            tracing::debug!(%error, "the next start looks at the same audit lanes again");
        }
        Ok((log_id, lane))
    }

    /// Takes lanes off the list of those whose end nobody has seen.
    fn forget(&self, done: &[u32]) -> io::Result<()> {
        let mut key = take(&*self.disk, &self.sealing_key)?;
        key.state.open.retain(|id| !done.contains(id));
        let stored = key.store();
        key.release();
        stored
    }
}

/// The list with one more, without its first when it is full.
fn bounded(mut open: Vec<u32>, writer_id: u32) -> Vec<u32> {
    if open.len() >= MAX_OPEN {
        open.remove(0);
    }
    open.push(writer_id);
    open
}

fn take(disk: &dyn Disk, path: &Path) -> io::Result<SealingKey> {
    let start = Instant::now();
    loop {
        if let Some(key) = SealingKey::take(disk, path)? {
            return Ok(key);
        }
        if start.elapsed() > MAX_WAIT {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds the key"));
        }
        std::thread::sleep(WAIT_STEP);
    }
}

/// Passes over lanes that were begun by a process that died before it could step the chain.
fn skip_begun(directory: &Path, state: &mut SealingState) -> io::Result<()> {
    for _ in 0..MAX_SKIPPED {
        let writer_id = state.chain.writer_id;
        if !directory.join(segment_name(writer_id, 0)).try_exists()? {
            return Ok(());
        }
        state.open = bounded(std::mem::take(&mut state.open), writer_id);
        state.chain.advance();
    }
    Err(io::Error::other("too many lanes without a key"))
}
