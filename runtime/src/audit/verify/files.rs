//! The files of a log: which there are, and their lines one after the other.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::block::PIECE_BYTES;
use super::damage::{DamageKind, Damages};
use super::lane::LaneCheck;
use super::pool::Pool;
use crate::audit::lane::{parse_name, segment_name};

/// Takes the bytes that are read and those that there are.
pub(super) type Progress<'a> = Box<dyn FnMut(u64, u64) + 'a>;

/// The lanes of a directory: the length of each segment.
pub(super) type Lanes = BTreeMap<u32, BTreeMap<u32, u64>>;

/// The error of a file with the file's path.
pub(super) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Lanes that may be missing before others that are there. Each costs a step of the chain, and a name
/// can claim any number.
pub(super) const MAX_GAP: u32 = 1_000_000;
/// Where a damage is told that is of no lane.
pub(super) const NO_LANE: u32 = u32::MAX;

/// The lanes of a directory from `first_writer` on. What has the name of a segment and is no file, such
/// as a pipe that would keep a reader waiting, and what is numbered too far, is told and left out.
pub(super) fn list(
    directory: &Path,
    first_writer: u32,
    damages: &mut Damages,
) -> io::Result<Lanes> {
    let mut lanes = Lanes::new();
    for entry in fs::read_dir(directory).map_err(|error| named(directory, &error))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if let Some((writer_id, segment)) = parse_name(&name) {
            if writer_id >= first_writer {
                lanes.entry(writer_id).or_default().insert(segment, 0);
            }
        } else if name.starts_with("lane-") && name.ends_with(".jsonl") {
            damages.add_to_lane(NO_LANE, DamageKind::StrayFile, 0);
        }
    }
    // Later lanes tell of earlier ones, so the ends of earlier ones are taken last.
    for (writer_id, segments) in lanes.iter_mut().rev() {
        let mut strays = Vec::new();
        for (segment, len) in &mut *segments {
            let path = directory.join(segment_name(*writer_id, *segment));
            let found = fs::metadata(&path).map_err(|error| named(&path, &error))?;
            *len = found.len();
            if !found.is_file() {
                strays.push(*segment);
            }
        }
        for segment in strays {
            segments.remove(&segment);
            damages.add_to_lane(*writer_id, DamageKind::StrayFile, 0);
        }
    }
    let (mut next, mut room) = (first_writer, MAX_GAP);
    lanes.retain(|writer_id, segments| {
        let gap = writer_id.saturating_sub(next);
        let is_near = gap <= room;
        if segments.is_empty() {
            return false;
        }
        if is_near {
            (next, room) = (writer_id.saturating_add(1), room - gap);
        } else {
            damages.add_to_lane(*writer_id, DamageKind::StrayFile, 0);
        }
        is_near
    });
    Ok(lanes)
}

/// The reading of all segments.
pub(super) struct Pass<'a, 'p> {
    directory: &'a Path,
    pool: Pool,
    done: u64,
    /// What was done when progress was told last.
    told: u64,
    total: u64,
    progress: Option<Progress<'p>>,
}

impl<'a, 'p> Pass<'a, 'p> {
    pub(super) fn new(directory: &'a Path, total: u64, progress: Option<Progress<'p>>) -> Self {
        Self { directory, pool: Pool::default(), done: 0, told: 0, total, progress }
    }

    pub(super) fn lane(
        &mut self,
        check: &mut LaneCheck<'_>,
        segments: &BTreeMap<u32, u64>,
        damages: &mut Damages,
    ) -> io::Result<()> {
        let last = segments.keys().next_back();
        for (segment, len) in segments {
            check.segment(*segment, damages);
            let name = segment_name(check.report.writer_id, *segment);
            let path = self.directory.join(name);
            let file = File::open(&path).map_err(|error| named(&path, &error))?;
            let rest = self.lines(&mut file.take(*len), check, damages);
            let rest = rest.map_err(|error| named(&path, &error))?;
            check.end_segment(&rest, Some(segment) == last, damages);
        }
        Ok(())
    }

    /// Hands each line on, and returns what is behind the last newline.
    fn lines(
        &mut self,
        source: &mut impl Read,
        check: &mut LaneCheck<'_>,
        damages: &mut Damages,
    ) -> io::Result<Vec<u8>> {
        let (mut rest, mut is_end) = (Vec::new(), false);
        // Whether the line is too long for a record; then its pieces are one bad line.
        let mut is_long = false;
        loop {
            while !is_end && self.pool.has_room() {
                let mut block = self.pool.spare();
                is_end = block.fill(source, &mut rest)?;
                self.pool.put(block);
            }
            let Some(block) = self.pool.take()? else { break };
            for piece in block.pieces() {
                if piece.has_end {
                    let look = if is_long { None } else { piece.look };
                    check.looked(piece.bytes, look, damages);
                }
                is_long = !piece.has_end;
            }
            self.tell(block.len() as u64);
            self.pool.give_back(block);
        }
        if is_long {
            rest.resize(PIECE_BYTES, 0);
        }
        Ok(rest)
    }

    fn tell(&mut self, len: u64) {
        self.done += len;
        if let (true, Some(progress)) = (self.done - self.told >= 1 << 20, &mut self.progress) {
            self.told = self.done;
            progress(self.done, self.total);
        }
    }
}
