//! One writer's lane: its segments, its key of the moment, and the end of its chain.
//!
//! Everything here is synchronous and happens under the audit log's lock: nothing can come between
//! a record's MAC, its write and the chain's step, and the chain steps after a whole write only.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::checkpoint::Checkpoint;
use super::key::{EpochKey, LogId};
use super::record::{self, Header, Kind, Time};
use crate::event::{self, write_natural};
use crate::spool::{Disk, DiskFile, Writes};

/// Records that one epoch's key seals at most.
pub(super) const EPOCH_RECORDS: u32 = 100;
/// The ending of a segment that has no genesis yet.
const NEW_SUFFIX: &str = ".new";

/// A lane that this process writes.
pub(super) struct Lane {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    log_id: LogId,
    pub(super) writer_id: u32,
    key: EpochKey,
    /// The seal of the epoch before, until a record carries it.
    sealed: Option<[u8; 32]>,
    /// Records that this epoch's key has sealed.
    pub(super) epoch_records: u32,
    segment: u32,
    file: Arc<dyn DiskFile>,
    /// Bytes of whole lines in the segment.
    len: u64,
    /// Whether a part of a line may stand behind them.
    is_torn: bool,
    max_segment_bytes: u64,
    pub(super) size: u64,
    head: [u8; 32],
    /// Members of each genesis, behind its `segment`.
    about: Vec<u8>,
    buffer: Vec<u8>,
}

/// What a lane is begun with.
pub(super) struct Plan {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) directory: PathBuf,
    pub(super) log_id: LogId,
    pub(super) writer_id: u32,
    pub(super) key: EpochKey,
    pub(super) max_segment_bytes: u64,
    pub(super) about: Vec<u8>,
}

/// The name of a segment's file. Names sort by writer and segment.
pub(super) fn segment_name(writer_id: u32, segment: u32) -> String {
    format!("lane-{writer_id:08}-{segment:04}.jsonl")
}

/// The writer and segment of a file's name.
pub(super) fn parse_name(name: &str) -> Option<(u32, u32)> {
    let (writer, segment) = name.strip_prefix("lane-")?.strip_suffix(".jsonl")?.split_once('-')?;
    let (writer_id, number) = (writer.parse().ok()?, segment.parse().ok()?);
    (segment_name(writer_id, number) == name).then_some((writer_id, number))
}

impl Lane {
    /// Begins a lane: when this returns, its first segment is there, with its genesis, for good.
    ///
    /// # Errors
    /// Fails when the segment cannot be made and written.
    pub(super) fn begin(plan: Plan, wall: SystemTime) -> io::Result<Self> {
        let path = plan.directory.join(segment_name(plan.writer_id, 0));
        let file = make(&*plan.disk, &path)?;
        let mut lane = Self {
            disk: plan.disk,
            directory: plan.directory,
            log_id: plan.log_id,
            writer_id: plan.writer_id,
            key: plan.key,
            sealed: None,
            epoch_records: 0,
            segment: 0,
            file,
            len: 0,
            is_torn: false,
            max_segment_bytes: plan.max_segment_bytes,
            size: 0,
            head: [0; 32],
            about: plan.about,
            buffer: Vec::new(),
        };
        lane.write_genesis(wall)?;
        lane.place(&path)?;
        Ok(lane)
    }

    /// Writes one record.
    ///
    /// # Errors
    /// Fails when not the whole line was taken; then it is as if nothing had been tried, but for
    /// bytes that the next write cuts off first.
    pub(super) fn write(&mut self, kind: Kind, body: &[u8], wall: SystemTime) -> io::Result<()> {
        // First, so that no segment is left for the next one with a part of a line at its end.
        self.mend()?;
        let line = body.len() as u64 + 512;
        if self.len > 0 && self.len.saturating_add(line) > self.max_segment_bytes {
            // A segment that cannot be changed for a new one goes on: too long beats unrecorded.
            let _ = self.rotate(wall);
        }
        self.write_line(kind, body, wall)
    }

    fn write_line(&mut self, kind: Kind, body: &[u8], wall: SystemTime) -> io::Result<()> {
        if self.epoch_records >= EPOCH_RECORDS {
            self.step_epoch();
        }
        let header = Header {
            log_id: self.log_id,
            writer_id: self.writer_id,
            epoch: self.key.epoch,
            seq: self.size,
            time: stamp(wall),
            kind,
            prev: self.head,
            sealed: self.sealed,
        };
        let digest = record::write(&header, body, &self.key, &mut self.buffer);
        let taken = self.file.append(&self.buffer);
        if !matches!(taken, Ok(taken) if taken == self.buffer.len()) {
            self.is_torn = true;
            let _ = self.mend();
            return Err(taken.err().unwrap_or_else(|| io::ErrorKind::StorageFull.into()));
        }
        self.len += self.buffer.len() as u64;
        (self.size, self.head, self.sealed) = (self.size + 1, digest, None);
        self.epoch_records += 1;
        Ok(())
    }

    /// Cuts off what a failed write has left.
    fn mend(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.len)?;
            self.is_torn = false;
        }
        Ok(())
    }

    /// Forgets the key of an epoch that has sealed something.
    pub(super) fn step_epoch(&mut self) {
        if self.epoch_records > 0 {
            self.sealed = Some(self.key.seal_end(&self.head));
            self.key.advance();
            self.epoch_records = 0;
        }
    }

    fn write_genesis(&mut self, wall: SystemTime) -> io::Result<()> {
        let mut body = b"{\"segment\":".to_vec();
        write_natural(self.segment.into(), &mut body);
        body.extend_from_slice(&self.about);
        body.push(b'}');
        self.write_line(Kind::Genesis, &body, wall)
    }

    /// Goes on in a new segment, or stays in this one when that cannot be made.
    fn rotate(&mut self, wall: SystemTime) -> io::Result<()> {
        // A checkpoint that covers the old segment syncs the new one alone.
        self.file.sync()?;
        let path = self.directory.join(segment_name(self.writer_id, self.segment + 1));
        let file = make(&*self.disk, &path)?;
        let old = (std::mem::replace(&mut self.file, file), self.len, self.is_torn);
        if self.epoch_records >= EPOCH_RECORDS {
            self.step_epoch();
        }
        let chain = (self.size, self.head, self.sealed, self.epoch_records);
        self.segment += 1;
        (self.len, self.is_torn) = (0, false);
        let begun = self.write_genesis(wall).and_then(|()| self.place(&path));
        if begun.is_err() {
            self.segment -= 1;
            (self.file, self.len, self.is_torn) = old;
            (self.size, self.head, self.sealed, self.epoch_records) = chain;
        }
        begun
    }

    /// Gives a segment its name, once its genesis is there for good: so no crash leaves a segment
    /// without one.
    fn place(&self, path: &Path) -> io::Result<()> {
        self.file.sync()?;
        std::fs::rename(new_path(path), path)?;
        // The segment has its name now, whether or not the name is durable yet.
        let _ = self.disk.sync_directory(&self.directory);
        Ok(())
    }

    /// How far the lane has come. Sealed with the key of the moment.
    pub(super) fn checkpoint(&self, wall: SystemTime, closed: bool) -> Checkpoint {
        Checkpoint {
            writer_id: self.writer_id,
            size: self.size,
            head: self.head,
            epoch: self.key.epoch,
            time: stamp(wall).into_iter().map(char::from).collect(),
            closed,
        }
    }

    pub(super) fn key(&self) -> &EpochKey {
        &self.key
    }

    /// The segment's file, to be made durable outside the lock.
    pub(super) fn file(&self) -> Arc<dyn DiskFile> {
        Arc::clone(&self.file)
    }
}

/// Makes the file of a segment under its passing name, whatever a crash has left there.
fn make(disk: &dyn Disk, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
    let new = new_path(path);
    match disk.create(&new, Writes::AtTheEnd) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            disk.remove(&new)?;
            disk.create(&new, Writes::AtTheEnd)
        }
        made => made,
    }
}

fn new_path(path: &Path) -> PathBuf {
    path.with_extension(NEW_SUFFIX.trim_start_matches('.'))
}

fn stamp(wall: SystemTime) -> Time {
    let nanos = wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    event::time_text(u64::try_from(nanos).unwrap_or(u64::MAX))
}
