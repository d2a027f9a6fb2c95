//! The files of a log: which there are, and their lines one after the other.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use super::damage::{DamageKind, Damages};
use super::lane::LaneCheck;
use crate::audit::lane::{parse_name, segment_name};
use crate::audit::record::MAX_LINE_BYTES;

const BUFFER_BYTES: usize = 1024 * 1024;

/// Takes the bytes that are read and those that there are.
pub(super) type Progress<'a> = Box<dyn FnMut(u64, u64) + 'a>;

/// The lanes of a directory: the length of each segment.
pub(super) type Lanes = BTreeMap<u32, BTreeMap<u32, u64>>;

/// The lanes of a directory from `first_writer` on.
pub(super) fn list(
    directory: &Path,
    first_writer: u32,
    damages: &mut Damages,
) -> io::Result<Lanes> {
    let mut lanes = Lanes::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if let Some((writer_id, segment)) = parse_name(&name) {
            if writer_id >= first_writer {
                lanes.entry(writer_id).or_default().insert(segment, 0);
            }
        } else if name.starts_with("lane-") && name.ends_with(".jsonl") {
            damages.add_to_lane(u32::MAX, DamageKind::StrayFile, 0);
        }
    }
    // Later lanes tell of earlier ones, so the ends of earlier ones are taken last.
    for (writer_id, segments) in lanes.iter_mut().rev() {
        for (segment, len) in segments {
            *len = fs::metadata(directory.join(segment_name(*writer_id, *segment)))?.len();
        }
    }
    Ok(lanes)
}

/// The reading of all segments.
pub(super) struct Pass<'a, 'p> {
    directory: &'a Path,
    done: u64,
    total: u64,
    progress: Option<Progress<'p>>,
}

impl<'a, 'p> Pass<'a, 'p> {
    pub(super) fn new(directory: &'a Path, total: u64, progress: Option<Progress<'p>>) -> Self {
        Self { directory, done: 0, total, progress }
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
            let file = File::open(self.directory.join(name))?;
            let mut reader = BufReader::with_capacity(BUFFER_BYTES, file.take(*len));
            let rest = self.lines(&mut reader, check, damages)?;
            check.end_segment(&rest, Some(segment) == last, damages);
        }
        Ok(())
    }

    /// Hands each line on, and returns what is behind the last newline.
    fn lines(
        &mut self,
        reader: &mut impl BufRead,
        check: &mut LaneCheck<'_>,
        damages: &mut Damages,
    ) -> io::Result<Vec<u8>> {
        let (mut line, mut told) = (Vec::with_capacity(4096), self.done);
        loop {
            line.clear();
            // A longer line is no record: it comes in pieces, each of which is malformed.
            (&mut *reader).take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
            self.done += line.len() as u64;
            match line.split_last() {
                Some((b'\n', whole)) => check.line(whole, damages),
                Some(_) if line.len() > MAX_LINE_BYTES => check.line(&line, damages),
                _ => return Ok(line),
            }
            if let (true, Some(progress)) = (self.done - told >= 1 << 20, &mut self.progress) {
                told = self.done;
                progress(self.done, self.total);
            }
        }
    }
}
