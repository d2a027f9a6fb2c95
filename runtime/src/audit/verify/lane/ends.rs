//! The ends of segments and lanes, and the checkpoints that were made on the way.

use super::LaneCheck;
use crate::audit::checkpoint::Note;
use crate::audit::key::EpochKey;
use crate::audit::record::{Line, MAX_LINE_BYTES};
use crate::audit::verify::damage::{DamageKind, Damages};

impl LaneCheck<'_> {
    /// Compares with the checkpoints that were made here.
    pub(super) fn pass_checkpoints(&mut self, damages: &mut Damages) {
        while let Some(note) = self.checkpoints.pop_if(|note| note.checkpoint.size <= self.size) {
            if note.checkpoint.size < self.size {
                // The record is missing, and has been told.
                continue;
            }
            if !self.is_authentic(note) {
                self.damage(DamageKind::CheckpointForged, 0, damages);
            } else if note.checkpoint.head != self.head {
                self.damage(DamageKind::Replaced, 0, damages);
            } else {
                self.report.checkpointed = self.size;
            }
        }
    }

    fn is_authentic(&self, note: &Note) -> bool {
        if note.is_own() {
            return true;
        }
        let sealed_by = |key: &EpochKey| note.is_authentic(key);
        match note.checkpoint.epoch.checked_sub(self.key.epoch) {
            Some(0) => sealed_by(&self.key),
            Some(1) => {
                let mut next = self.key.clone();
                next.advance();
                sealed_by(&next)
            }
            _ => false,
        }
    }

    /// Whether a checkpoint beyond the end is authentic; then `key` is that of its epoch, and the steps
    /// do not count against what a line or a note may claim.
    fn is_authentic_beyond(&mut self, note: &Note, key: &mut EpochKey) -> bool {
        let left = self.steps_left;
        let Some(own) = self.key_from(key, note.checkpoint.epoch) else { return false };
        let is_authentic = note.is_authentic(&own);
        if is_authentic {
            (*key, self.steps_left) = (own, left);
        }
        is_authentic
    }

    /// Ends a segment that has these bytes behind its last newline.
    pub(in crate::audit) fn end_segment(
        &mut self,
        rest: &[u8],
        is_last: bool,
        damages: &mut Damages,
    ) {
        if self.line == 0 && rest.is_empty() {
            self.line = 1;
            self.damage(DamageKind::NoGenesis, 0, damages);
        }
        if rest.is_empty() {
            return;
        }
        self.line += 1;
        if self.is_closed {
            self.damage(DamageKind::AfterClose, 0, damages);
        } else if !is_last || self.line == 1 || rest.len() > MAX_LINE_BYTES {
            self.damage(DamageKind::Torn, 0, damages);
        } else if self.is_whole(&rest[..rest.len() - 1]) {
            // A whole record and a byte that is no newline: no torn write leaves that.
            self.damage(DamageKind::Altered, 0, damages);
        } else {
            self.report.torn_bytes = rest.len() as u64;
        }
    }

    fn is_whole(&mut self, bytes: &[u8]) -> bool {
        let Some(line) = Line::parse(bytes) else { return false };
        let (sealed, _) = line.digests();
        let key = self.key_of(line.header.epoch);
        key.is_some_and(|key| key.verify(&sealed, &line.mac))
    }

    /// Ends the lane: what checkpoints promise beyond its end is cut off.
    pub(in crate::audit) fn end(&mut self, damages: &mut Damages) {
        self.report.is_closed = self.is_closed;
        self.report.unfinished = self.begun.len() as u64;
        (self.report.size, self.report.head) = (self.size, self.head);
        // From one checkpoint to the next, or many of them would take too many steps.
        let mut key = self.key.clone();
        while let Some(note) = self.checkpoints.pop() {
            let is_authentic = note.is_own() || self.is_authentic_beyond(note, &mut key);
            let kind = if is_authentic { DamageKind::Cut } else { DamageKind::CheckpointForged };
            damages.add_to_lane(self.writer_id, kind, note.checkpoint.size);
        }
    }
}
