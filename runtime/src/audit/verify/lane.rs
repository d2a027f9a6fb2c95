//! Checks one lane, line by line: a state that each line moves on. It reads nothing by itself.

mod ends;

use super::damage::{Damage, DamageKind, Damages};
use super::look::Look;
use super::report::LaneReport;
use crate::audit::checkpoint::Note;
use crate::audit::key::{EpochKey, LogId};
use crate::audit::lane::EPOCH_RECORDS;
use crate::audit::record::{Header, Kind};
use crate::audit::recover::{self, Begun, EventId, event_id};

/// Steps of the key for one lane beside those that its records need: a line can claim any epoch.
const MAX_STEPS: u64 = 1_000_000;

/// What all lanes of a log have in common.
pub(in crate::audit) struct Log {
    pub(in crate::audit) log_id: LogId,
}

/// The end of another lane, as a recovery has recorded it.
#[derive(Clone, Debug)]
pub(in crate::audit) struct Attested {
    pub(super) writer_id: u32,
    pub(in crate::audit) size: u64,
    pub(in crate::audit) head: [u8; 32],
    /// Operations that were under way there.
    pub(super) interrupted: Option<u64>,
}

/// An operation of another lane that a recovery has recorded as interrupted.
#[derive(Clone, Debug)]
pub(super) struct Interrupted {
    pub(super) writer_id: u32,
    pub(super) seq: u64,
    pub(super) event_id: EventId,
}

/// The check of one lane.
#[derive(Clone)]
pub(in crate::audit) struct LaneCheck<'a> {
    log: &'a Log,
    writer_id: u32,
    first: EpochKey,
    /// The key of the last good record.
    key: EpochKey,
    epoch_records: u32,
    /// The `seq` that comes next.
    pub(in crate::audit) size: u64,
    /// The digest of the last good record.
    pub(in crate::audit) head: [u8; 32],
    /// Lines since then that were not good.
    bad_lines: u64,
    /// Whether a segment is missing since then.
    has_gap: bool,
    segment: u32,
    line: u64,
    is_closed: bool,
    steps_left: u64,
    /// Checkpoints of this lane that are still ahead, the next one last.
    checkpoints: Vec<&'a Note>,
    pub(super) begun: Begun,
    pub(in crate::audit) attested: Vec<Attested>,
    pub(super) interrupted: Vec<Interrupted>,
    pub(in crate::audit) report: LaneReport,
}

impl<'a> LaneCheck<'a> {
    pub(in crate::audit) fn new(
        log: &'a Log,
        writer_id: u32,
        key: EpochKey,
        mut checkpoints: Vec<&'a Note>,
    ) -> Self {
        checkpoints.sort_by_key(|note| std::cmp::Reverse(note.checkpoint.size));
        Self {
            log,
            writer_id,
            first: key.clone(),
            key,
            epoch_records: 0,
            size: 0,
            head: [0; 32],
            bad_lines: 0,
            has_gap: false,
            segment: 0,
            line: 0,
            is_closed: false,
            steps_left: MAX_STEPS,
            checkpoints,
            begun: Begun::new(),
            attested: Vec::new(),
            interrupted: Vec::new(),
            report: LaneReport { writer_id, ..LaneReport::default() },
        }
    }

    /// Begins a segment, in their order.
    pub(in crate::audit) fn segment(&mut self, segment: u32, damages: &mut Damages) {
        let expected = if self.report.segments == 0 { 0 } else { self.segment + 1 };
        for missing in expected..segment.min(expected.saturating_add(1000)) {
            self.has_gap = true;
            let (writer_id, kind) = (self.writer_id, DamageKind::SegmentMissing);
            damages.add(Damage { writer_id, segment: Some(missing), line: None, kind, count: 0 });
        }
        (self.segment, self.line) = (segment, 0);
        self.report.segments += 1;
    }

    /// Takes one line, without its newline.
    #[cfg(test)]
    pub(in crate::audit) fn line(&mut self, bytes: &[u8], damages: &mut Damages) {
        self.looked(bytes, Look::at(bytes).as_ref(), damages);
    }

    /// Takes one line, without its newline, at which somebody has looked already.
    pub(super) fn looked(&mut self, bytes: &[u8], look: Option<&Look>, damages: &mut Damages) {
        self.line += 1;
        if self.is_closed {
            self.damage(DamageKind::AfterClose, 0, damages);
        }
        let Some(line) = look else {
            return self.bad(DamageKind::Malformed, damages);
        };
        if line.header.log_id != self.log.log_id {
            return self.bad(DamageKind::ForeignLog, damages);
        }
        if line.header.writer_id != self.writer_id {
            return self.bad(DamageKind::ForeignWriter, damages);
        }
        let epoch = line.header.epoch;
        let stepped = if epoch == self.key.epoch { None } else { Some(self.key_of(epoch)) };
        let is_sealed = match &stepped {
            None => self.key.verify(&line.sealed, &line.mac),
            Some(key) => key.as_ref().is_some_and(|key| key.verify(&line.sealed, &line.mac)),
        };
        if !is_sealed {
            return self.bad(DamageKind::Altered, damages);
        }
        if line.header.seq < self.size {
            return self.damage(DamageKind::OutOfOrder, 0, damages);
        }
        let body = line.body(bytes);
        self.follow(line, damages);
        self.check_form(line, body, damages);
        if let Some(key) = stepped.flatten() {
            (self.key, self.epoch_records) = (key, 0);
        }
        self.epoch_records += 1;
        if self.epoch_records == EPOCH_RECORDS + 1 {
            self.damage(DamageKind::EpochOverrun, 0, damages);
        }
        (self.size, self.head) = (line.header.seq.saturating_add(1), line.digest);
        (self.bad_lines, self.has_gap) = (0, false);
        self.report.count(&line.header);
        self.is_closed |= line.header.kind == Kind::Closed;
        self.pass_checkpoints(damages);
    }

    /// Checks that an authentic record is the next one.
    fn follow(&mut self, line: &Look, damages: &mut Damages) {
        let skipped = line.header.seq - self.size;
        if skipped > 0 {
            // After a gap nobody knows how many records the epoch had before.
            self.epoch_records = 0;
            if !self.has_gap && skipped > self.bad_lines {
                self.damage(DamageKind::Missing, skipped - self.bad_lines, damages);
            }
        } else {
            if line.header.prev != self.head {
                self.damage(DamageKind::Unchained, 0, damages);
            }
            let expected = match line.header.epoch.wrapping_sub(self.key.epoch) {
                0 => None,
                1 => Some(self.key.seal_end(&self.head)),
                _ => return self.damage(DamageKind::EpochGap, 0, damages),
            };
            if line.header.sealed != expected {
                self.damage(DamageKind::EpochUnsealed, 0, damages);
            }
        }
    }

    /// Checks that a record is what its place asks for, and that all readers read the same.
    fn check_form(&mut self, line: &Look, body: &[u8], damages: &mut Damages) {
        match (self.line, line.header.kind) {
            (1, Kind::Genesis) if names_segment(body, self.segment) => {}
            (1, _) => self.damage(DamageKind::NoGenesis, 0, damages),
            (_, Kind::Genesis) => self.damage(DamageKind::SecondGenesis, 0, damages),
            _ => {}
        }
        if !line.is_strict || !self.count(&line.header, body) {
            self.damage(DamageKind::Ambiguous, 0, damages);
        }
    }

    /// Takes what an authentic record says into the report. False when it lacks what its type needs.
    fn count(&mut self, header: &Header, body: &[u8]) -> bool {
        recover::follow(header, body, &mut self.begun);
        match header.kind {
            Kind::Missed | Kind::Recovered | Kind::Interrupted => {
                self.read_body(header.kind, body).is_some()
            }
            _ => true,
        }
    }

    fn read_body(&mut self, kind: Kind, bytes: &[u8]) -> Option<()> {
        let body: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        if kind == Kind::Missed {
            self.report.missed = self.report.missed.saturating_add(body["events"].as_u64()?);
            return Some(());
        }
        let writer_id = body["writer_id"].as_u64()?.try_into().ok()?;
        if kind == Kind::Interrupted {
            let (seq, event_id) = (body["seq"].as_u64()?, event_id(bytes)?);
            self.interrupted.push(Interrupted { writer_id, seq, event_id });
            return Some(());
        }
        let size = body["size"].as_u64()?;
        let mut head = [0; 32];
        if !crate::audit::hex::decode(body["head"].as_str()?.as_bytes(), &mut head) {
            return None;
        }
        // Of a lane that was closed in order nothing is told.
        let interrupted = match &body["interrupted"] {
            serde_json::Value::Null => None,
            count => Some(count.as_u64()?),
        };
        self.attested.push(Attested { writer_id, size, head, interrupted });
        Some(())
    }

    /// The key of an epoch, forward from that of the last record or anew from the first one.
    fn key_of(&mut self, epoch: u64) -> Option<EpochKey> {
        let base = self.key.clone();
        self.key_from(&base, epoch)
    }

    /// The key of an epoch, forward from this one or anew from the first one.
    fn key_from(&mut self, base: &EpochKey, epoch: u64) -> Option<EpochKey> {
        let mut key = if epoch < base.epoch { self.first.clone() } else { base.clone() };
        let steps = epoch - key.epoch;
        if steps > 1 {
            self.steps_left = self.steps_left.checked_sub(steps)?;
        }
        for _ in 0..steps {
            key.advance();
        }
        Some(key)
    }

    fn bad(&mut self, kind: DamageKind, damages: &mut Damages) {
        self.bad_lines += 1;
        self.damage(kind, 0, damages);
    }

    fn damage(&self, kind: DamageKind, count: u64, damages: &mut Damages) {
        let (writer_id, segment, line) = (self.writer_id, Some(self.segment), Some(self.line));
        damages.add(Damage { writer_id, segment, line, kind, count });
    }
}

/// Whether the body of a genesis is that of this segment.
fn names_segment(body: &[u8], segment: u32) -> bool {
    let Some(rest) = body.strip_prefix(format!("{{\"segment\":{segment}").as_bytes()) else {
        return false;
    };
    matches!(rest.first(), Some(b',' | b'}'))
}
