//! The writer: one lane under one lock, with its checkpoints and its account.
//!
//! Callers append; the thread of `ticker.rs` steps idle keys and publishes. A step of either is a
//! function of the clock that is handed in, so that tests can drive it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::checkpoint::{Publisher, Sealed};
use super::key::LogId;
use super::lane::Lane;
use super::record::{Kind, MAX_BODY_BYTES};
use super::stats::AuditStats;
use crate::event::{process, write_natural};
use crate::spool::{Clock, DiskFile};

/// Records between two checkpoints at most.
pub(super) const CHECKPOINT_RECORDS: u32 = 100;
/// Time between two checkpoints at most, also when nothing is written.
pub(super) const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);
/// How long a key is kept that has sealed something.
pub(super) const EPOCH_INTERVAL: Duration = Duration::from_secs(1);
/// Checkpoints that wait for a slow target; over that the oldest go, which later ones cover.
const MAX_WAITING: usize = 256;
/// With so many of them the thread is woken.
const MANY_WAITING: usize = 128;

/// What callers and the thread share.
pub(super) struct Writer {
    pub(super) log_id: LogId,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    pub(super) changed: Condvar,
    /// Only the thread, and whoever closes, publish; the lock keeps their notes in order.
    publisher: Mutex<Publisher>,
    wants_checkpoints: bool,
    /// How many forks lay behind when the lane was begun.
    forks: u32,
}

pub(super) struct State {
    pub(super) lane: Lane,
    pub(super) stats: AuditStats,
    /// Operations that no record tells of yet.
    unreported: u64,
    waiting: VecDeque<Sealed>,
    pub(super) since_checkpoint: u32,
    /// The time of the record after which a checkpoint is due that nobody has sealed yet.
    due: Option<SystemTime>,
    pub(super) checkpoint_at: Duration,
    /// When this epoch's key sealed its first record.
    pub(super) epoch_since: Duration,
    /// The size of the lane when the thread looked last, and when it first had that size.
    pub(super) seen: (u64, Duration),
    /// When it looked.
    pub(super) looked: Duration,
    /// Whether the thread sleeps until the next checkpoint, and has to be told of a new epoch.
    pub(super) sleeps_long: bool,
    /// Whether the thread has something to do, and is to be woken once the lock is free.
    wakes: bool,
    pub(super) is_closing: bool,
    pub(super) has_ended: bool,
}

fn copied() -> io::Error {
    let message = "this process is a copy that fork made; build the audit log after it";
    io::Error::new(io::ErrorKind::Unsupported, message)
}

impl Writer {
    pub(super) fn new(
        log_id: LogId,
        lane: Lane,
        publisher: Publisher,
        clock: Arc<dyn Clock>,
    ) -> Self {
        process::notice();
        let now = clock.now();
        let wants_checkpoints = !publisher.is_idle();
        let stats = AuditStats { records: lane.size, ..AuditStats::default() };
        let state = State {
            lane,
            stats,
            unreported: 0,
            waiting: VecDeque::new(),
            since_checkpoint: 0,
            due: None,
            checkpoint_at: now,
            epoch_since: now,
            seen: (0, now),
            looked: now,
            sleeps_long: false,
            wakes: false,
            is_closing: false,
            has_ended: false,
        };
        let writer = Self {
            log_id,
            clock,
            state: Mutex::new(state),
            changed: Condvar::new(),
            publisher: Mutex::new(publisher),
            wants_checkpoints,
            forks: process::forks(),
        };
        // The first checkpoint is due at once: it says that this writer exists.
        let wall = writer.clock.wall();
        writer.take_checkpoint(&mut writer.lock(), wall, false);
        writer
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a record. No await, no wait but for the lock and the page cache.
    ///
    /// # Errors
    /// Fails when the record is not in the log.
    pub(super) fn append(&self, kind: Kind, body: &[u8]) -> io::Result<()> {
        // Before the lock is taken: a copy is told of, and whoever listens may ask for the numbers.
        let is_copy = self.is_copy();
        let mut state = self.lock();
        let written = match is_copy {
            true => Err(copied()),
            false => self.try_append(&mut state, kind, body),
        };
        state.stats.is_failing = written.is_err();
        match (&written, kind) {
            (Ok(()), Kind::Event) => state.stats.events += 1,
            (Err(_), Kind::Event) => {
                state.stats.missed += 1;
                state.unreported += 1;
            }
            _ => {}
        }
        state.stats.errors += u64::from(written.is_err());
        self.unlock(state);
        written
    }

    /// Frees the lock, and then wakes the thread: before, it would wait for the lock at once.
    fn unlock(&self, mut state: MutexGuard<'_, State>) {
        let wakes = std::mem::take(&mut state.wakes);
        drop(state);
        if wakes {
            self.changed.notify_all();
        }
    }

    fn try_append(&self, state: &mut State, kind: Kind, body: &[u8]) -> io::Result<()> {
        if state.is_closing {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the audit log is closed"));
        }
        if body.len() > MAX_BODY_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.report_missed(state)?;
        self.write(state, kind, body)
    }

    /// Whether a fork made this process of the one whose lane it is: two must not write one chain.
    pub(super) fn is_copy(&self) -> bool {
        process::notice();
        process::forks() != self.forks
    }

    /// Says how many operations are not in the log, before the next one is.
    fn report_missed(&self, state: &mut State) -> io::Result<()> {
        if state.unreported == 0 {
            return Ok(());
        }
        let mut body = b"{\"events\":".to_vec();
        write_natural(state.unreported, &mut body);
        body.push(b'}');
        self.write(state, Kind::Missed, &body)?;
        state.unreported = 0;
        Ok(())
    }

    fn write(&self, state: &mut State, kind: Kind, body: &[u8]) -> io::Result<()> {
        // The thread was not here since; now it has to be, while the key is.
        self.seal_due(state);
        let (size, sealed) = (state.lane.size, state.lane.epoch_records);
        let wall = self.clock.wall();
        state.lane.write(kind, body, wall)?;
        state.stats.records += state.lane.size - size;
        state.since_checkpoint += 1;
        let is_fresh_epoch = sealed == 0 || state.lane.epoch_records < sealed;
        if is_fresh_epoch {
            state.epoch_since = self.clock.now();
            state.wakes |= std::mem::take(&mut state.sleeps_long);
        }
        if state.since_checkpoint >= CHECKPOINT_RECORDS {
            state.since_checkpoint = 0;
            state.due = Some(wall);
        }
        Ok(())
    }

    /// Seals the checkpoint that is due since the last record.
    pub(super) fn seal_due(&self, state: &mut State) {
        if let Some(wall) = state.due.take() {
            self.take_checkpoint(state, wall, false);
        }
    }

    /// Seals a checkpoint while the epoch's key is there, and leaves it to the thread.
    pub(super) fn take_checkpoint(&self, state: &mut State, wall: SystemTime, closed: bool) {
        state.since_checkpoint = 0;
        state.checkpoint_at = self.clock.now();
        if !self.wants_checkpoints {
            return;
        }
        let checkpoint = state.lane.checkpoint(wall, closed);
        let sealed = checkpoint.seal(&self.log_id, state.lane.key());
        if state.waiting.len() >= MAX_WAITING {
            state.waiting.pop_front();
            state.stats.checkpoints_lost += 1;
        }
        state.waiting.push_back(sealed);
        state.wakes |= state.waiting.len() == MANY_WAITING;
    }

    /// Whether checkpoints wait for their targets.
    pub(super) fn has_waiting(state: &State) -> bool {
        !state.waiting.is_empty()
    }

    /// Takes what waits to its targets. What a checkpoint covers is made durable before, so that a
    /// power loss does not look like a cut: where that fails the checkpoint is lost, and the next one
    /// covers what it said.
    pub(super) fn publish(&self) -> io::Result<()> {
        let publisher = self.publisher.lock().unwrap_or_else(PoisonError::into_inner);
        let (waiting, file): (Vec<Sealed>, Arc<dyn DiskFile>) = {
            let mut state = self.lock();
            (state.waiting.drain(..).collect(), state.lane.file())
        };
        let mut result = if waiting.is_empty() { Ok(()) } else { file.sync() };
        drop(file);
        let (durable, undurable) = waiting.split_at(if result.is_ok() { waiting.len() } else { 0 });
        let (mut published, mut lost) = (0, undurable.len() as u64);
        for sealed in durable {
            match publisher.publish(sealed) {
                Ok(()) => published += 1,
                Err(error) => {
                    lost += 1;
                    result = Err(error);
                }
            }
        }
        let mut state = self.lock();
        state.stats.checkpoints += published;
        state.stats.checkpoints_lost += lost;
        result
    }

    /// Writes the close record, once.
    ///
    /// # Errors
    /// Fails when it is not in the log; the next start then records the end of this lane.
    pub(super) fn close(&self) -> io::Result<()> {
        let mut state = self.lock();
        if state.is_closing {
            return Ok(());
        }
        let closed = self
            .report_missed(&mut state)
            .and_then(|()| self.write(&mut state, Kind::Closed, b"{}"));
        state.is_closing = true;
        self.seal_due(&mut state);
        self.take_checkpoint(&mut state, self.clock.wall(), closed.is_ok());
        state.wakes = true;
        self.unlock(state);
        closed
    }

    /// Leaves everything as a killed process does.
    #[cfg(test)]
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.is_closing = true;
        state.due = None;
        state.waiting.clear();
    }
}
