//! The spool: where events wait, on disk so that they survive a SIGKILL, else in bounded memory.
//!
//! Callers append under one short lock and with one write. The sender claims runs of events, reads
//! them without the lock, and settles them. Nothing here knows the network or what an event means.

mod ack;
mod adopt;
mod begun;
mod claim;
mod clock;
mod directory;
mod disk;
mod durable;
mod ending;
mod files;
mod frame;
mod ledger;
mod memory;
mod owner;
mod private;
mod quarantine;
mod report;
mod room;
mod scan;
mod segment;
mod settle;
mod share;
#[cfg_attr(fuzzing, allow(dead_code, reason = "the targets use a part of the machine"))]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a machine for tests and fuzzing alone")]
#[cfg(any(test, fuzzing))]
mod simulated;
mod splice;
mod state;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

pub(crate) use begun::Begun;
pub(crate) use claim::{Claim, Limits};
#[cfg(any(test, fuzzing))]
pub(crate) use clock::ManualClock;
pub(crate) use clock::{Clock, SystemClock};
pub use directory::default_directory;
pub(crate) use directory::default_directory_in;
pub(crate) use disk::Disk;
#[cfg(feature = "audit")]
pub(crate) use disk::DiskFile;
#[cfg(any(test, fuzzing, feature = "audit"))]
pub(crate) use disk::Writes;
pub(crate) use files::RealDisk;
pub(crate) use frame::Frame;
pub use ledger::{Delivery, DropReason, Stats, Tally};
pub(crate) use owner::{Owner, Place};
#[cfg(feature = "audit")]
pub(crate) use private::open_private;
#[cfg(feature = "audit")]
pub(crate) use scan::read_full;
pub(crate) use settle::Verdict;
#[cfg(any(test, fuzzing))]
pub(crate) use simulated::{Dice, Machine};
pub(crate) use splice::splice;
pub(crate) use state::Settings;
#[cfg(test)]
pub(crate) use tests::append_before_counting;
#[cfg(test)]
pub(crate) use tests::faults::{Faults, FaultyDisk};

pub(crate) use scan::{Scanner, read_header};
pub(crate) use segment::SEGMENT_SUFFIX;

use crate::sync::{self, MutexGuard};
use settle::Next;
use share::Share;
use state::State;

/// The events that wait, and the account of all.
pub(crate) struct Spool {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    /// What the process has that made the spool.
    first: Share,
    /// The thread that sends, once it runs.
    sender: OnceLock<sync::ThreadId>,
}

/// What the sender and those who wait for it tell each other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signal {
    /// How often the sender was asked to send at once.
    pub(crate) flushes: u64,
    /// The last flush that needs nothing more.
    pub(crate) flushes_done: u64,
    /// The last flush for which an attempt was made.
    pub(crate) flushes_tried: u64,
    /// No attempt before this moment of the clock.
    pub(crate) blocked_until: Option<Duration>,
    /// Whether the process ends, so that nothing may be begun that takes long.
    pub(crate) leaving: bool,
    /// Whether the sender was asked to end.
    pub(crate) ending: bool,
    /// Whether the sender has ended.
    pub(crate) ended: bool,
    wake: bool,
}

impl Spool {
    /// An empty spool. No file is made before the first event.
    pub(crate) fn new(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        crate::event::process::notice();
        let state = State::new(Arc::clone(&disk), Arc::clone(&clock), settings.clone());
        Self { disk, clock, settings, first: Share::new(state), sender: OnceLock::new() }
    }

    /// Says that the calling thread is the sender.
    pub(crate) fn set_sender_thread(&self) {
        // There is one per spool.
        let _ = self.sender.set(sync::thread_id());
    }

    /// Whether the calling thread is the sender, as in a callback of the author's.
    pub(crate) fn is_sender_thread(&self) -> bool {
        self.sender.get().is_some_and(|sender| *sender == sync::thread_id())
    }

    fn fresh(&self) -> State {
        State::new(Arc::clone(&self.disk), Arc::clone(&self.clock), self.settings.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.share().state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event in. Never fails and never waits for more than the disk's page cache. What the
    /// disk refused is told when it begins to fail, and not again before it has worked.
    pub(crate) fn append_frame(&self, frame: &mut Frame<'_>) -> Option<std::io::Error> {
        use std::sync::atomic::Ordering::Relaxed;
        let (waiting, news) = {
            let mut state = self.lock();
            state.append(frame);
            (state.stats.own.spooled(), state.disk_news.take())
        };
        let wake_at = &self.share().wake_at;
        if waiting >= wake_at.load(Relaxed) && wake_at.swap(u64::MAX, Relaxed) != u64::MAX {
            self.tell(|signal| signal.wake = true);
        }
        news
    }

    /// The same for what is no frame yet.
    #[cfg(test)]
    pub(crate) fn append(&self, payload: &[u8]) -> Option<std::io::Error> {
        self.append_frame(&mut Frame::of(&mut Vec::new(), payload))
    }

    /// Enters an event that was given up before it was encoded.
    pub(crate) fn count_dropped(&self, reason: DropReason) {
        self.lock().stats.own.refuse(1, reason);
    }

    /// The numbers, all of one moment.
    pub(crate) fn stats(&self) -> Stats {
        self.lock().stats.clone()
    }

    /// Changes the counters that are not part of the account.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Stats)) {
        change(&mut self.lock().stats);
    }

    /// Enters events that a final status gave up.
    pub(crate) fn count_status(&self, status: u16, events: u64) {
        self.lock().stats.count_status(status, events);
    }

    /// Where the segments are.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        self.lock().settings.directory.clone()
    }

    /// Takes a run of events out for sending.
    pub(crate) fn claim(&self, limits: Limits, adopted_first: bool) -> Option<Claim> {
        let next = self.lock().next_source(limits, adopted_first);
        let source = match next {
            Next::Nothing => return None,
            Next::Claimed(claim) => return Some(claim),
            Next::Read(source) => source,
        };
        match Claim::read(&source, limits) {
            Ok(claim) => self.lock().confirm(&claim).then_some(claim),
            Err(_) => {
                self.lock().read_failed(&source);
                None
            }
        }
    }

    /// Settles the first `count` events of a claim.
    pub(crate) fn settle(&self, claim: &mut Claim, count: usize, verdict: Verdict) {
        let Some(part) = claim.split_off(count) else {
            return;
        };
        let finished = self.lock().settle(claim.segment.as_ref(), claim.adopted, part, verdict);
        if let Some(segment) = finished {
            self.end_segment(segment);
        }
    }

    /// Ends the sending: what is only in memory is lost and counted, what comes later goes to disk.
    pub(crate) fn close(&self) {
        self.lock().close();
        self.close_begun();
    }

    /// Events that are spooled and that no other process would find if this one died now.
    #[cfg(test)]
    pub(crate) fn at_risk(&self) -> u64 {
        let state = self.lock();
        state.memory.len() + state.memory_in_flight + state.evicted_in_flight.iter().sum::<u64>()
    }

    /// Lets go of the segments on disk, so that another process can adopt them.
    pub(crate) fn release(&self) {
        self.let_go(self.lock());
    }

    /// The same once the sending has ended, whoever is the last to know: the sender's thread asks
    /// when it ends, and who closes the spool when that was before.
    pub(crate) fn release_if_closed(&self) {
        let state = self.lock();
        if state.closed {
            self.let_go(state);
        }
    }

    fn let_go(&self, mut state: MutexGuard<'_, State>) {
        let State { own, adopted, .. } = &mut *state;
        own.drain(..).chain(adopted.drain(..)).for_each(|segment| segment.file.unlock());
        let lingering = std::mem::take(&mut state.lingering);
        drop(state);
        self.release_lingering(lingering);
    }

    /// Tells the other side something.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut Signal)) {
        let share = self.share();
        change(&mut share.signal.lock().unwrap_or_else(PoisonError::into_inner));
        share.changed.notify_all();
    }

    /// What was told last.
    pub(crate) fn signal(&self) -> Signal {
        *self.share().signal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something that fits was told, or for so long.
    pub(crate) fn wait(&self, timeout: Duration, fits: impl Fn(&Signal) -> bool) -> bool {
        // No deadline when the timeout reaches beyond what the clock can tell.
        let deadline = sync::now().checked_add(timeout);
        let share = self.share();
        let mut signal = share.signal.lock().unwrap_or_else(PoisonError::into_inner);
        while !fits(&signal) {
            let left = deadline
                .map_or(timeout, |deadline| deadline.saturating_duration_since(sync::now()));
            if left.is_zero() {
                return false;
            }
            signal =
                share.changed.wait_timeout(signal, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The sender's sleep: until it is asked for something, enough events wait, or for so long.
    pub(crate) fn sleep(&self, timeout: Duration, wake_at: u64, flushes_seen: u64) {
        use std::sync::atomic::Ordering::Relaxed;
        let share = self.share();
        share.wake_at.store(wake_at, Relaxed);
        if self.lock().stats.own.spooled() < wake_at {
            self.wait(timeout, |signal| {
                signal.wake || signal.ending || signal.flushes > flushes_seen
            });
        }
        share.wake_at.store(u64::MAX, Relaxed);
        share.signal.lock().unwrap_or_else(PoisonError::into_inner).wake = false;
    }
}
