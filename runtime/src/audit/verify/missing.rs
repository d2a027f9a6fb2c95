//! Which lanes there should be: they are numbered without gaps, and the sealing key beside the log and
//! the checkpoints say how far.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use super::damage::{DamageKind, Damages};
use super::files::{self, Lanes, MAX_GAP, NO_LANE};
use super::skip_to;
use crate::audit::builder::SEALING_KEY;
use crate::audit::key::{self, SealingState, VerificationKey};
use crate::spool::RealDisk;

/// Lanes that are told missing one by one.
const MAX_LANES_MISSING: usize = 10_000;
/// How often a key is read in which nothing is whole: a start may write one slot between the reading
/// of the two.
const READS: u32 = 5;
const READ_STEP: Duration = Duration::from_millis(10);

/// What the sealing key beside the log says.
pub(super) enum Beside {
    /// It is not there, or not for this user to read.
    Nothing,
    /// It is no sealing key.
    Damaged,
    State(Box<SealingState>),
}

/// Reads the sealing key beside the log.
///
/// # Errors
/// Fails when it is there and cannot be read, for another reason than its permissions.
pub(super) fn read(directory: &Path) -> io::Result<Beside> {
    let path = directory.join(SEALING_KEY);
    match fs::metadata(&path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Ok(Beside::Damaged),
        Err(error) => return nothing(&path, &error),
    }
    for _ in 0..READS {
        match key::peruse(&RealDisk, &path) {
            Ok(state) => return Ok(Beside::State(Box::new(state))),
            Err(error) if error.kind() == ErrorKind::InvalidData => std::thread::sleep(READ_STEP),
            Err(error) => return nothing(&path, &error),
        }
    }
    Ok(Beside::Damaged)
}

fn nothing(path: &Path, error: &io::Error) -> io::Result<Beside> {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied => Ok(Beside::Nothing),
        _ => Err(files::named(path, error)),
    }
}

/// Tells the lanes that are missing from `first_writer` on. `noted` is the last lane of which there is
/// a checkpoint.
pub(super) fn find(
    lanes: &Lanes,
    (first_writer, noted): (u32, Option<u32>),
    beside: &Beside,
    key: &VerificationKey,
    damages: &mut Damages,
) {
    let last = lanes.keys().next_back().copied();
    let begun = last.map_or(first_writer, |last| last.saturating_add(1));
    let mut end = begun.max(noted.map_or(0, |last| last.saturating_add(1)));
    match beside {
        Beside::Nothing => {}
        Beside::Damaged => damages.add_to_lane(NO_LANE, DamageKind::SealingKey, 0),
        Beside::State(state) if owns(key, state, begun) => end = end.max(state.chain.writer_id),
        Beside::State(state) => {
            damages.add_to_lane(state.chain.writer_id, DamageKind::SealingKey, 0);
        }
    }
    let missing = (first_writer..end).filter(|id| !lanes.contains_key(id));
    for writer_id in missing.take(MAX_LANES_MISSING) {
        damages.add_to_lane(writer_id, DamageKind::LaneMissing, 0);
    }
}

/// Whether the sealing key is of this log's chain.
fn owns(key: &VerificationKey, state: &SealingState, begun: u32) -> bool {
    // Nobody can have started that many writers whose lanes are all gone.
    if state.chain.writer_id > begun.saturating_add(MAX_GAP) {
        return false;
    }
    let mut chain = key.chain();
    skip_to(&mut chain, state.chain.writer_id);
    state.log_id == *key.log() && chain.secret.bytes() == state.chain.secret.bytes()
}
