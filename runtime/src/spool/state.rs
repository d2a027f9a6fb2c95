//! What the spool's lock guards: the segments, the memory queue and the account.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;
use super::disk::Disk;
use super::frame::{FRAME_HEADER, Frame, MAX_PAYLOAD_BYTES};
use super::ledger::{DropReason, Stats};
use super::memory::MemoryQueue;
use super::owner::{Owner, Place};
use super::segment::{ACK_SUFFIX, SEGMENT_SUFFIX, Segment};

/// How long appends go to memory after the disk has failed, at first and at most.
const DISK_PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// Events that move from memory to disk beside one append once the disk has recovered.
const MOVE_PER_APPEND: usize = 16;
const MEBIBYTE: u64 = 1024 * 1024;

/// The spool's settings.
#[derive(Clone)]
pub(crate) struct Settings {
    /// Where the segments are; none keeps everything in memory.
    pub(crate) directory: Option<PathBuf>,
    /// Bytes of all segments in the directory.
    pub(crate) max_bytes: u64,
    /// Bytes of the memory queue.
    pub(crate) memory_max_bytes: usize,
    /// Whether delivered segments stay as a local record until the cap evicts them.
    pub(crate) keep_delivered: bool,
    /// For whom the events wait, and where else some may be.
    pub(crate) owner: Owner,
    /// The JSON members that all events of this process share.
    pub(crate) common: Arc<[u8]>,
}

impl Settings {
    /// How large a segment may get: the cap is kept in steps of one segment. Each one that waits is
    /// an open file, so a cap beyond 256 MiB has larger segments, and not more of them.
    pub(super) fn segment_max_bytes(&self) -> u64 {
        let most = (self.max_bytes / 64).clamp(4 * MEBIBYTE, 64 * MEBIBYTE);
        (self.max_bytes / 8).clamp(4 * 1024, most)
    }

    /// The directories in which this spool's files may be, its own first.
    pub(super) fn places(&self) -> Vec<Place> {
        let own = self.directory.clone().map(|directory| Place {
            directory,
            takes_untagged: true,
            keep_delivered: self.keep_delivered,
        });
        let elsewhere = self.owner.elsewhere().filter(|_| own.is_some()).cloned();
        own.into_iter().chain(elsewhere).collect()
    }
}

/// Everything behind the lock.
pub(super) struct State {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    /// Own segments by age; the last one takes the appends unless it is sealed.
    pub(super) own: VecDeque<Segment>,
    pub(super) adopted: VecDeque<Segment>,
    /// Finished segments whose end the disk has refused; their locks keep others from sending them.
    pub(super) lingering: Vec<Segment>,
    pub(super) memory: MemoryQueue,
    /// Events out of the memory queue in the batch that is being sent.
    pub(super) memory_in_flight: u64,
    /// Events in the batch that is being sent whose segment was evicted meanwhile: own, adopted.
    pub(super) evicted_in_flight: [u64; 2],
    pub(super) stats: Stats,
    scratch: Vec<u8>,
    /// Until when the disk is left alone, and for how long the next time.
    disk_pause: Option<(Duration, Duration)>,
    /// What the disk refused when it began to fail, until the operator is told.
    pub(super) disk_news: Option<io::Error>,
    /// Acknowledgements that had no segment when the directory was last looked through.
    pub(super) strays: HashSet<String>,
    pub(super) closed: bool,
    /// Whether the directory's own name is durable.
    pub(super) is_rooted: bool,
}

impl State {
    pub(super) fn new(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        let memory = MemoryQueue::new(settings.memory_max_bytes);
        Self {
            disk,
            clock,
            settings,
            own: VecDeque::new(),
            adopted: VecDeque::new(),
            lingering: Vec::new(),
            memory,
            memory_in_flight: 0,
            evicted_in_flight: [0; 2],
            stats: Stats::default(),
            scratch: Vec::new(),
            disk_pause: None,
            disk_news: None,
            strays: HashSet::new(),
            closed: false,
            is_rooted: false,
        }
    }

    /// Takes an event in; its place is disk, memory or, past all bounds, the account alone.
    pub(super) fn append(&mut self, frame: &mut Frame<'_>) {
        if self.is_too_large(frame.payload()) {
            return self.stats.own.refuse(1, DropReason::TooLarge);
        }
        if self.closed {
            return self.append_late(frame);
        }
        self.stats.own.take(1);
        if self.settings.directory.is_none() {
            return self.remember(frame.payload());
        }
        match self.append_to_disk(frame, None) {
            Ok(()) if self.memory.len() > 0 => self.move_to_disk(),
            Ok(()) => {}
            Err(()) => {
                self.stats.memory_fallbacks += 1;
                self.remember(frame.payload());
            }
        }
    }

    fn is_too_large(&self, payload: &[u8]) -> bool {
        let max = (MAX_PAYLOAD_BYTES as u64).min(self.settings.segment_max_bytes() / 2);
        (payload.len() + FRAME_HEADER) as u64 > max
    }

    /// Takes in the begin record of a dead process, with the members that its events shared. An
    /// error, while the disk fails, leaves it where it is: memory would not be safer.
    pub(super) fn append_begun(&mut self, payload: &[u8], common: &Arc<[u8]>) -> Result<(), ()> {
        if self.is_too_large(payload) {
            self.stats.own.refuse(1, DropReason::TooLarge);
            return Ok(());
        }
        self.frame_to_disk(payload, Some(common))?;
        self.stats.own.take(1);
        Ok(())
    }

    /// After the end, such as calls that are dropped with their runtime: the next process finds what
    /// is on disk, but nobody would read the memory again.
    fn append_late(&mut self, frame: &mut Frame<'_>) {
        if self.settings.directory.is_some() && self.append_to_disk(frame, None).is_ok() {
            self.stats.own.take(1);
        } else {
            self.stats.own.refuse(1, DropReason::Shutdown);
        }
    }

    fn remember(&mut self, payload: &[u8]) {
        let dropped = self.memory.push(payload);
        self.stats.own.give_up(dropped, DropReason::MemoryFull);
    }

    /// The same as [`State::append_to_disk`] for what is no frame yet.
    fn frame_to_disk(&mut self, payload: &[u8], common: Option<&Arc<[u8]>>) -> Result<(), ()> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let appended = self.append_to_disk(&mut Frame::of(&mut scratch, payload), common);
        self.scratch = scratch;
        appended
    }

    /// Appends to the active segment; the shared members are this process's when none are given.
    fn append_to_disk(
        &mut self,
        frame: &mut Frame<'_>,
        common: Option<&Arc<[u8]>>,
    ) -> Result<(), ()> {
        if let Some((until, _)) = self.disk_pause
            && self.clock.now() < until
        {
            return Err(());
        }
        match self.try_append(frame, common) {
            Ok(()) => {
                self.disk_pause = None;
                Ok(())
            }
            Err(error) => {
                self.pause_disk(error);
                Err(())
            }
        }
    }

    /// Nothing is logged here: whoever listens may ask for what this lock guards, or panic.
    fn pause_disk(&mut self, error: io::Error) {
        self.stats.disk_errors += 1;
        if self.disk_pause.is_none() {
            self.disk_news = Some(error);
        }
        let pause = self.disk_pause.map_or(DISK_PAUSE.0, |(_, pause)| pause);
        self.disk_pause = Some((self.clock.now() + pause, (pause * 2).min(DISK_PAUSE.1)));
    }

    fn try_append(&mut self, frame: &mut Frame<'_>, common: Option<&Arc<[u8]>>) -> io::Result<()> {
        let common = common.unwrap_or(&self.settings.common);
        let needed = (FRAME_HEADER + frame.payload().len()) as u64;
        let max = self.settings.segment_max_bytes();
        let fits = self.own.back().is_some_and(|active| {
            let is_of_kind = Arc::ptr_eq(&active.common, common) || active.common == *common;
            !active.sealed && active.len + needed <= max && is_of_kind
        });
        if !fits {
            let common = Arc::clone(common);
            self.rotate(common)?;
        }
        let Some(active) = self.own.back_mut() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        active.append(frame)
    }

    /// Seals the active segment and makes the next one, after making room for it.
    fn rotate(&mut self, common: Arc<[u8]>) -> io::Result<()> {
        let Some(directory) = self.settings.directory.clone() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        self.is_rooted &= !self.disk.prepare(&directory)?;
        self.seal();
        self.make_room(&directory)?;
        let (wall, now) = (self.clock.wall(), self.clock.now());
        let settings = &self.settings;
        let mut segment =
            Segment::create(&*self.disk, &directory, &settings.owner, common, wall, now)?;
        segment.keep = settings.keep_delivered;
        self.own.push_back(segment);
        Ok(())
    }

    /// Ends the active segment. It goes at once when everything in it was delivered.
    pub(super) fn seal(&mut self) {
        let Some(active) = self.own.back_mut() else {
            return;
        };
        active.sealed = true;
        if active.is_finished()
            && let Some(segment) = self.own.pop_back()
        {
            self.retire(segment);
        }
    }

    fn move_to_disk(&mut self) {
        for _ in 0..MOVE_PER_APPEND {
            let Some(event) = self.memory.pop() else {
                return;
            };
            if self.frame_to_disk(&event, None).is_err() {
                return self.memory.unpop(event);
            }
        }
    }

    /// The bytes of the directory's own files.
    pub(super) fn is_spool_file(name: &str) -> bool {
        name.ends_with(SEGMENT_SUFFIX) || name.ends_with(ACK_SUFFIX)
    }

    /// Ends everything: what is in memory is lost, what is on disk is left for the next process.
    pub(super) fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        let lost = self.memory.clear() + std::mem::take(&mut self.memory_in_flight);
        self.stats.own.give_up(lost, DropReason::Shutdown);
        self.give_up_removed();
        for adopted in [false, true] {
            let evicted = std::mem::take(&mut self.evicted_in_flight[usize::from(adopted)]);
            self.stats.tally(adopted).give_up(evicted, DropReason::SpoolFull);
        }
        self.seal();
    }
}
