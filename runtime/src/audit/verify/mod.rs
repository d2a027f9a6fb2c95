//! Verification: reads a log once from end to end, in memory that does not grow with it.

mod block;
mod damage;
mod files;
mod json;
mod lane;
mod look;
mod missing;
mod pool;
mod report;
mod signatures;
mod under_way;

pub use damage::{Damage, DamageKind};
pub use report::{LaneEnd, LaneReport, Report, Verdict};

use damage::Damages;
use lane::{LaneCheck, Log};

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use files::{Pass, Progress};
use lane::Attested;
use under_way::UnderWay;

use super::checkpoint::{Checkpoint, Note, read_notes};
use super::key::{ChainKey, NoteKey, VerificationKey};
use crate::error::Error;

/// Checkpoints that are held at once: 10 s apart they are a year's.
const MAX_CHECKPOINTS: usize = 4_000_000;

/// Verifies audit logs.
///
/// See the [module](super) for an example.
pub struct Verifier<'a> {
    key: &'a VerificationKey,
    checkpoints: Vec<PathBuf>,
    first_writer: u32,
    progress: Option<Progress<'a>>,
}

impl<'a> Verifier<'a> {
    /// A verifier with this key.
    #[must_use]
    pub fn new(key: &'a VerificationKey) -> Self {
        Self { key, checkpoints: Vec::new(), first_writer: 0, progress: None }
    }

    /// Compares with the checkpoints of this file as well: notes, or the captured stderr of servers.
    #[must_use]
    pub fn checkpoints(mut self, file: impl Into<PathBuf>) -> Self {
        self.checkpoints.push(file.into());
        self
    }

    /// Begins with this lane; those before it were removed with intent.
    #[must_use]
    pub fn first_writer(mut self, writer_id: u32) -> Self {
        self.first_writer = writer_id;
        self
    }

    /// Calls this from time to time with the bytes that are read and those that there are.
    #[must_use]
    pub fn progress(mut self, progress: impl FnMut(u64, u64) + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Reads the log and says what is to be said of it.
    ///
    /// # Errors
    ///
    /// When the verification could not run: the directory or a file cannot be read. That is no
    /// verdict on the log.
    pub fn verify(mut self, directory: &Path) -> Result<Report, Error> {
        self.run(directory)
            .map(|(report, _)| report)
            .map_err(|error| Error::storage("the audit log could not be read", error))
    }

    /// Verifies, and makes a checkpoint of each lane's present end, as notes to be kept elsewhere.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn checkpoint(mut self, directory: &Path) -> Result<(Report, String), Error> {
        self.run(directory)
            .map_err(|error| Error::storage("the audit log could not be read", error))
    }

    fn run(&mut self, directory: &Path) -> io::Result<(Report, String)> {
        // Writers may go on meanwhile: what promises is read before what has to keep it. So the key
        // and the checkpoints come before the lanes.
        let beside = missing::read(directory)?;
        let mut damages = Damages::default();
        let (mut notes, unreadable) = self.read_checkpoints()?;
        let own_key = self.key.notes();
        notes.values_mut().flatten().for_each(|note| note.check_own(&own_key));
        signatures::check(notes.values_mut().flatten().collect(), self.key.signer());
        let lanes = files::list(directory, self.first_writer, &mut damages)?;
        let log = Log { log_id: *self.key.log() };
        let total = lanes.values().flat_map(BTreeMap::values).sum();
        let mut pass = Pass::new(directory, total, self.progress.take());
        let (mut chain, mut reports, mut attested) = (self.key.chain(), Vec::new(), Vec::new());
        let (mut made, mut under_way) = (String::new(), UnderWay::default());
        for (&writer_id, segments) in &lanes {
            skip_to(&mut chain, writer_id);
            let own = notes.get(&writer_id).into_iter().flatten().collect();
            let mut check = LaneCheck::new(&log, writer_id, chain.writer(), own);
            let before = damages.count;
            pass.lane(&mut check, segments, &mut damages)?;
            check.end(&mut damages);
            under_way.take(&mut check, damages.count == before, &mut damages);
            attested.append(&mut check.attested);
            reports.push(check.report.clone());
            if check.size > 0 {
                made.push_str(&note_of(&log, &check, &own_key));
                made.push('\n');
            }
        }
        let noted = notes.keys().next_back().copied();
        missing::find(&lanes, (self.first_writer, noted), &beside, self.key, &mut damages);
        compare_ends(&mut reports, &attested, self.first_writer, &mut damages);
        let report = Report {
            log_id: self.key.log_id(),
            lanes: reports,
            damages,
            checkpoints: notes.values().map(|notes| notes.len() as u64).sum(),
            checkpoints_unreadable: unreadable,
        };
        Ok((report, made))
    }

    /// The checkpoints of this log by lane, and how many could not be read.
    fn read_checkpoints(&self) -> io::Result<(BTreeMap<u32, Vec<Note>>, u64)> {
        let (mut notes, mut unreadable) = (BTreeMap::<u32, Vec<Note>>::new(), 0);
        let (mut count, mut torn) = (0, 0);
        for path in &self.checkpoints {
            let named = |error| files::named(path, &error);
            let mut file = BufReader::new(File::open(path).map_err(named)?);
            let found = read_notes(&mut file, |note| {
                let writer_id = note.checkpoint.writer_id;
                let is_ours = note.log_id == *self.key.log() && writer_id >= self.first_writer;
                if is_ours && !note.is_whole(self.key.signer()) {
                    torn += 1;
                } else if is_ours && count < MAX_CHECKPOINTS {
                    count += 1;
                    notes.entry(writer_id).or_default().push(note);
                }
            });
            unreadable += found.map_err(named)?;
        }
        Ok((notes, unreadable + torn))
    }
}

impl std::fmt::Debug for Verifier<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("key", &self.key).finish_non_exhaustive()
    }
}

fn skip_to(chain: &mut ChainKey, writer_id: u32) {
    while chain.writer_id < writer_id {
        chain.advance();
    }
}

/// A checkpoint of a lane as it is now, sealed with a key that no server ever had.
fn note_of(log: &Log, check: &LaneCheck<'_>, key: &NoteKey) -> String {
    let checkpoint = Checkpoint {
        writer_id: check.report.writer_id,
        size: check.size,
        head: check.head,
        epoch: check.report.last_epoch,
        time: check.report.last_time.clone(),
        closed: check.report.is_closed,
    };
    checkpoint.to_own_note(&log.log_id, key)
}

/// Compares the ends of lanes with what later lanes have recorded of them.
fn compare_ends(
    reports: &mut [LaneReport],
    attested: &[Attested],
    first_writer: u32,
    damages: &mut Damages,
) {
    for found in attested.iter().filter(|found| found.writer_id >= first_writer) {
        // A lane that is missing has been told.
        let Ok(at) = reports.binary_search_by_key(&found.writer_id, |lane| lane.writer_id) else {
            continue;
        };
        let lane = &mut reports[at];
        let kind = match lane.size.cmp(&found.size) {
            std::cmp::Ordering::Less => Some(DamageKind::Cut),
            std::cmp::Ordering::Greater => Some(DamageKind::Grown),
            _ if lane.head != found.head => Some(DamageKind::Replaced),
            _ if lane.torn_bytes > 0 => Some(DamageKind::Torn),
            _ => None,
        };
        if let Some(kind) = kind {
            damages.add_to_lane(found.writer_id, kind, found.size);
        }
        if !lane.is_closed {
            lane.end = LaneEnd::Recovered;
        }
    }
    reports.iter_mut().filter(|lane| lane.is_closed).for_each(|lane| lane.end = LaneEnd::Closed);
}

#[cfg(test)]
pub(super) mod internals {
    //! For the suite that changes every byte.
    pub(in crate::audit) use super::damage::Damages;
    pub(in crate::audit) use super::lane::{LaneCheck, Log};
}
