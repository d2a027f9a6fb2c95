//! Begin records: which calls are under way, so that the next process can tell which of them the
//! death of this one has cut off.
//!
//! One file per process, beside its segments: the header of a segment, then slots of one page each.
//! A call that begins is one write to a free slot, and one that has ended is one write that clears
//! it. The file is made with the first call and removed when the spool is closed and no call is
//! left. A begin record is no captured event: it becomes one when another process finds it.

mod report;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use super::Spool;
use super::disk::{Disk, DiskFile, Writes};
use super::frame::{self, FRAME_HEADER, MAX_COMMON_BYTES, SEGMENT_HEADER};
use super::room::is_gone;
use super::segment;
use crate::event::process;
use crate::sync::MutexGuard;

/// The ending of the file's name.
pub(super) const BEGUN_SUFFIX: &str = ".begun";
/// Calls under way at once that have a begin record.
const SLOTS: u16 = 256;
/// A slot is a page, so that no kill can come between two halves of a write.
const SLOT_BYTES: usize = 4096;
/// Where the slots start: behind the largest header, so that a damaged one costs no slot.
const FIRST_SLOT: usize = (SEGMENT_HEADER + MAX_COMMON_BYTES).next_multiple_of(SLOT_BYTES);
/// How long no begin record is tried after the disk has refused one.
const DISK_PAUSE: Duration = Duration::from_secs(5);

/// A call that is under way and has a begin record.
#[derive(Debug)]
#[must_use = "a call that has ended must not be reported as interrupted"]
pub(crate) struct Begun {
    slot: u16,
    /// Bytes of the frame in the slot.
    len: u16,
    /// The process that noted it: a copy that fork made has other slots.
    forks: u32,
    /// Which file of the process it is in: one that somebody removed is made anew.
    turn: u32,
}

/// The calls under way in this process.
#[derive(Default)]
pub(super) struct Register {
    pub(super) held: Option<Held>,
    paused_until: Option<Duration>,
    closed: bool,
    /// Files that were removed before this one.
    turn: u32,
}

/// The file, whose lock this process holds.
pub(super) struct Held {
    name: String,
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    /// The slot that was cleared last is taken first: one that could not be cleared is overwritten.
    free: Vec<u16>,
    next_sequence: u32,
    scratch: Vec<u8>,
}

impl Spool {
    /// Notes that a call is under way. The payload is its event, should it never end. Never fails;
    /// a call that cannot be noted is counted.
    pub(crate) fn begin(&self, payload: &[u8]) -> Option<Begun> {
        let begun = self.try_begin(payload);
        if let Err(missed) = &begun {
            self.count(|stats| {
                stats.begins_missed += 1;
                stats.disk_errors += u64::from(missed.is_some());
            });
        }
        begun.ok()
    }

    /// The error is what the disk refused, or none when a bound was reached.
    fn try_begin(&self, payload: &[u8]) -> Result<Begun, Option<io::Error>> {
        let mut register = self.register();
        let is_paused = register.paused_until.is_some_and(|until| self.clock.now() < until);
        if is_paused || FRAME_HEADER + payload.len() > SLOT_BYTES {
            return Err(None);
        }
        let turn = register.turn;
        let begun = match &mut register.held {
            Some(held) => held.begin(payload, turn),
            empty => self.make().and_then(|held| empty.insert(held).begin(payload, turn)),
        };
        register.paused_until =
            matches!(begun, Err(Some(_))).then(|| self.clock.now().saturating_add(DISK_PAUSE));
        begun
    }

    fn make(&self) -> Result<Held, Option<io::Error>> {
        let (directory, owner, common) = {
            let settings = &self.lock().settings;
            (settings.directory.clone(), settings.owner.clone(), Arc::clone(&settings.common))
        };
        let directory = directory.ok_or(None)?;
        if self.disk.prepare(&directory).map_err(Some)? {
            self.lock().is_rooted = false;
        }
        let (name, path, file) =
            segment::create(&*self.disk, &directory, &owner, BEGUN_SUFFIX, Writes::AtPositions)
                .map_err(Some)?;
        let created = self.clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default();
        let created_ms = u64::try_from(created.as_millis()).unwrap_or(u64::MAX);
        let mut header = Vec::with_capacity(SLOT_BYTES);
        frame::write_header(&mut header, created_ms, &common);
        if let Err(error) = file.write_at(0, &header) {
            let _ = self.disk.remove(&path);
            return Err(Some(error));
        }
        let free = (0..SLOTS).rev().collect();
        Ok(Held { name, path, file, free, next_sequence: 0, scratch: header })
    }

    /// Notes that a call has ended; its event, if there is to be one, is in the spool already.
    pub(crate) fn end(&self, begun: Begun) {
        if begun.forks != process::forks() {
            return;
        }
        let mut register = self.register();
        let is_older = begun.turn != register.turn;
        let Some(held) = register.held.as_mut().filter(|_| !is_older) else { return };
        let cleared = clear(&*held.file, begun.slot, begun.len.into());
        held.free.push(begun.slot);
        register.remove_when_done(&*self.disk);
        drop(register);
        if cleared.is_err() {
            self.count(|stats| stats.disk_errors += 1);
        }
    }

    /// Sees to it that calls are not noted in a file that somebody removed, which no other process
    /// would find. Those that are under way have no note any more, and are counted.
    pub(crate) fn forget_removed_begun(&self) {
        let Some(path) = self.register().held.as_ref().map(|held| held.path.clone()) else {
            return;
        };
        if !is_removed(&*self.disk, &path) {
            return;
        }
        let mut register = self.register();
        // Meanwhile it may have been made anew, or the last call may have ended.
        let Some(held) = register.held.take_if(|held| held.path == path) else { return };
        register.turn = register.turn.wrapping_add(1);
        drop(register);
        let missed = usize::from(SLOTS).saturating_sub(held.free.len()) as u64;
        self.count(|stats| stats.begins_missed += missed);
    }

    /// Removes the file once no call is under way any more.
    pub(super) fn close_begun(&self) {
        let mut register = self.register();
        register.closed = true;
        register.remove_when_done(&*self.disk);
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.share().begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Register {
    fn remove_when_done(&mut self, disk: &dyn Disk) {
        let closed = self.closed;
        let done = self.held.take_if(|held| closed && held.free.len() == usize::from(SLOTS));
        if let Some(held) = done {
            let _ = disk.remove(&held.path);
        }
    }
}

impl Held {
    fn begin(&mut self, payload: &[u8], turn: u32) -> Result<Begun, Option<io::Error>> {
        let slot = self.free.pop().ok_or(None)?;
        self.scratch.clear();
        frame::write_frame(&mut self.scratch, self.next_sequence, payload);
        self.next_sequence = self.next_sequence.wrapping_add(1);
        let written = self.file.write_at(place(slot), &self.scratch);
        let len = u16::try_from(self.scratch.len()).unwrap_or(u16::MAX);
        written.map(|()| Begun { slot, len, forks: process::forks(), turn }).map_err(|error| {
            // A part of it may stand there.
            let _ = clear(&*self.file, slot, len.into());
            self.free.push(slot);
            Some(error)
        })
    }
}

/// Whether a directory that can be read, or is gone, has no such file.
fn is_removed(disk: &dyn Disk, path: &Path) -> bool {
    let (Some(directory), Some(own)) = (path.parent(), path.file_name()) else { return false };
    match disk.list(directory) {
        Ok(files) => !files.iter().any(|(name, _)| own == name.as_str()),
        Err(error) => is_gone(&error),
    }
}

fn place(slot: u16) -> u64 {
    (FIRST_SLOT + usize::from(slot) * SLOT_BYTES) as u64
}

/// Makes a slot free, and leaves nothing of the frame that was there.
fn clear(file: &dyn DiskFile, slot: u16, len: usize) -> io::Result<()> {
    static ZEROS: [u8; SLOT_BYTES] = [0; SLOT_BYTES];
    file.write_at(place(slot), &ZEROS[..len.min(SLOT_BYTES)])
}
