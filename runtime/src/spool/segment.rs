//! One segment that this process holds: written to, read from, settled, removed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ack::{self, Acknowledged};
use super::disk::{Disk, DiskFile, Writes};
use super::frame::{self, Frame};
use super::owner::Owner;
use super::private::is_refusal;
use super::scan::{self, Scanner};
use crate::event::EventId;

/// The ending of a segment's name.
pub(crate) const SEGMENT_SUFFIX: &str = ".seg";
/// The ending of an acknowledgement's name.
pub(crate) const ACK_SUFFIX: &str = ".ack";
/// Fresh names that are tried when an adopter snatches a new file; twice in a row is chance enough.
const CREATE_ATTEMPTS: usize = 4;

/// A segment whose lock this process holds.
pub(super) struct Segment {
    /// The name without its ending: a UUIDv7, so names sort by time, and behind it for whom it is.
    pub(super) name: Arc<str>,
    pub(super) path: PathBuf,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) common: Arc<[u8]>,
    /// Bytes that are known to be whole.
    pub(super) len: u64,
    /// The sequence number of the next append; 0 in a segment that was taken over.
    pub(super) next_sequence: u32,
    /// Events that are not settled.
    pub(super) waiting: u64,
    /// How many of those are in the batch that is being sent.
    pub(super) in_flight: u64,
    pub(super) settled: Acknowledged,
    ack: Option<Arc<dyn DiskFile>>,
    /// Which turn of the acknowledgement's two slots is next.
    turn: u32,
    pub(super) sealed: bool,
    pub(super) adopted: bool,
    /// Whether it stays as a local record once it is delivered.
    pub(super) keep: bool,
    /// Written, or taken over, since the last sync.
    pub(super) dirty: bool,
    pub(super) created: Duration,
    /// Reads that failed in a row, and the moment of the clock before which none is tried again.
    pub(super) read_failures: u32,
    pub(super) read_again: Duration,
}

impl Segment {
    /// Makes a new segment with a header.
    pub(super) fn create(
        disk: &dyn Disk,
        directory: &Path,
        owner: &Owner,
        common: Arc<[u8]>,
        wall: SystemTime,
        now: Duration,
    ) -> io::Result<Self> {
        let (name, path, file) = create(disk, directory, owner, SEGMENT_SUFFIX, Writes::AtTheEnd)?;
        let created_ms = wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut header = Vec::new();
        frame::write_header(&mut header, u64::try_from(created_ms).unwrap_or(u64::MAX), &common);
        if !matches!(file.append(&header), Ok(written) if written == header.len()) {
            let _ = disk.remove(&path);
            return Err(io::ErrorKind::WriteZero.into());
        }
        let settled = Acknowledged { offset: header.len() as u64, next_sequence: 0 };
        Ok(Self {
            name: name.into(),
            path,
            file,
            common,
            len: settled.offset,
            next_sequence: 0,
            waiting: 0,
            in_flight: 0,
            settled,
            ack: None,
            turn: 0,
            sealed: false,
            adopted: false,
            keep: false,
            dirty: true,
            created: now,
            read_failures: 0,
            read_again: Duration::ZERO,
        })
    }

    /// Takes over a segment of a dead process. The second value is how many records its torn tail
    /// held; the tail is cut off. `None` when a living process holds the segment, or it is gone.
    pub(super) fn adopt(
        disk: &dyn Disk,
        directory: &Path,
        name: &str,
        fallback: &Arc<[u8]>,
        now: Duration,
    ) -> io::Result<Option<(Self, u64)>> {
        let path = directory.join(format!("{name}{SEGMENT_SUFFIX}"));
        let Some(file) = disk.adopt(&path, Writes::AtTheEnd)? else {
            return Ok(None);
        };
        let (header, len) = (scan::read_header(&*file)?, file.len()?);
        let start = Acknowledged {
            offset: header.as_ref().map_or(0, |header| header.len),
            next_sequence: 0,
        };
        let (settled, turn) = read_ack(disk, &path, len, start)?;
        let (waiting, good, tail) = count(&*file, settled, len)?;
        if tail.bytes > 0 {
            file.set_len(good)?;
        }
        let common = header.map_or_else(|| Arc::clone(fallback), |header| header.common.into());
        let segment = Self {
            name: name.into(),
            path,
            file,
            common,
            len: good,
            next_sequence: 0,
            waiting,
            in_flight: 0,
            settled,
            ack: None,
            turn,
            sealed: true,
            adopted: true,
            keep: false,
            dirty: true,
            created: now,
            read_failures: 0,
            read_again: Duration::ZERO,
        };
        Ok(Some((segment, tail.lost)))
    }

    /// Appends one frame with one write. After a failure nothing of it is left, or the segment is
    /// sealed so that nothing ever follows what is left.
    pub(super) fn append(&mut self, frame: &mut Frame<'_>) -> io::Result<()> {
        let bytes = frame.numbered(self.next_sequence);
        let written = self.file.append(bytes);
        if matches!(written, Ok(len) if len == bytes.len()) {
            self.len += bytes.len() as u64;
            self.next_sequence += 1;
            self.waiting += 1;
            self.dirty = true;
            return Ok(());
        }
        self.sealed |= self.file.set_len(self.len).is_err();
        Err(written.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into()))
    }

    /// Notes that `events` up to a position are settled, in memory and in the file beside.
    pub(super) fn settle(
        &mut self,
        disk: &dyn Disk,
        upto: Acknowledged,
        events: u64,
    ) -> io::Result<()> {
        self.waiting = self.waiting.saturating_sub(events);
        self.in_flight = self.in_flight.saturating_sub(events);
        self.settled = upto;
        if self.is_finished() {
            return Ok(());
        }
        self.write_ack(disk)
    }

    /// Writes the acknowledgement of what is settled.
    pub(super) fn write_ack(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let file = match self.ack.take() {
            Some(file) => file,
            None => disk.open_ack(&self.path.with_extension("ack"))?,
        };
        let (offset, slot) = ack::encode(self.turn, self.settled);
        let written = file.write_at(offset, &slot);
        self.ack = Some(file);
        self.turn = self.turn.wrapping_add(1);
        written
    }

    /// Whether nothing will be added and nothing is left to send.
    pub(super) const fn is_finished(&self) -> bool {
        self.sealed && self.waiting == 0
    }

    /// Removes the segment and then its acknowledgement: in this order a crash in between leaves 48
    /// bytes behind, in the other one it sends everything twice.
    ///
    /// # Errors
    /// Fails when the segment is still there.
    pub(super) fn remove(&self, disk: &dyn Disk) -> io::Result<()> {
        match disk.remove(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => {
                // One that stays is a stray, and those are looked for.
                let _ = disk.remove(&self.path.with_extension("ack"));
                Ok(())
            }
        }
    }
}

/// Makes a file with a fresh name, and returns the name without its ending, the path and the file.
pub(super) fn create(
    disk: &dyn Disk,
    directory: &Path,
    owner: &Owner,
    suffix: &str,
    writes: Writes,
) -> io::Result<(String, PathBuf, Arc<dyn DiskFile>)> {
    let mut attempts = 0;
    loop {
        let name = format!("{}{}", EventId::fresh(), owner.infix());
        let path = directory.join(format!("{name}{suffix}"));
        match disk.create(&path, writes) {
            Err(error)
                if error.kind() == io::ErrorKind::AlreadyExists && attempts < CREATE_ATTEMPTS =>
            {
                attempts += 1
            }
            file => return Ok((name, path, file?)),
        }
    }
}

/// How far the segment at `path` was settled, at least from `start` on, and which turn is next: the
/// slot that is not the one read, so that a torn write cannot cost both.
///
/// # Errors
/// Fails when the acknowledgement is there and cannot be read now, as for want of descriptors: without
/// it everything would be sent again. One that is not private is none.
fn read_ack(
    disk: &dyn Disk,
    path: &Path,
    len: u64,
    start: Acknowledged,
) -> io::Result<(Acknowledged, u32)> {
    let file = match disk.adopt(&path.with_extension("ack"), Writes::AtTheEnd) {
        Err(error) if !is_refusal(&error) => return Err(error),
        Err(_) | Ok(None) => return Ok((start, 0)),
        Ok(Some(file)) => file,
    };
    let found = ack::read(&*file, &(start.offset..=len))?;
    Ok(found.map_or((start, 0), |(settled, turn)| (settled, turn.wrapping_add(1))))
}

/// Counts what is left from a position to the end: records, lost ones included; the end of the last whole
/// record; and what stands behind it.
fn count(file: &dyn DiskFile, from: Acknowledged, len: u64) -> io::Result<(u64, u64, scan::Tail)> {
    let mut scanner = Scanner::new(file, from.offset, from.next_sequence, len);
    let mut waiting = 0;
    while let Some(found) = scanner.next_record()? {
        waiting += 1 + found.lost_before;
    }
    Ok((waiting, scanner.good(), scanner.tail()))
}
