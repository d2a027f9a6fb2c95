//! What a verification says.

use std::fmt::Write as _;

use super::damage::{Damage, Damages};
use crate::audit::record::{Header, Kind};

/// Whether a log can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every record is as it was written, and none is missing as far as records and checkpoints
    /// tell.
    Intact,
    /// Something is wrong.
    Damaged,
    /// There is no record, and nothing says that there should be one.
    Nothing,
}

impl Verdict {
    /// Whether the log is intact.
    #[must_use]
    pub fn is_intact(self) -> bool {
        self == Self::Intact
    }

    /// Whether the log is damaged.
    #[must_use]
    pub fn is_damaged(self) -> bool {
        self == Self::Damaged
    }

    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Damaged => "damaged",
            Self::Nothing => "nothing",
        }
    }
}

/// How a lane ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LaneEnd {
    /// With a close record.
    Closed,
    /// Its process died, and a later one has recorded where it ends.
    Recovered,
    /// Its process runs, or died and no other has started since.
    #[default]
    Open,
}

impl LaneEnd {
    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Recovered => "recovered",
            Self::Open => "open",
        }
    }
}

/// What a verification says of one lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneReport {
    /// The lane.
    pub writer_id: u32,
    /// Segments that are there.
    pub segments: u32,
    /// Records whose MAC is right and that are in their place.
    pub records: u64,
    /// Operations among them.
    pub events: u64,
    /// Operations that ran and could not be recorded, as the log itself says.
    pub missed: u64,
    /// Operations that began and whose end is not in the lane.
    pub unfinished: u64,
    /// The last epoch.
    pub last_epoch: u64,
    /// The earliest time of a record, RFC 3339 in UTC.
    pub first_time: String,
    /// The latest time of a record.
    pub last_time: String,
    /// How often the clock went back between two records: no damage.
    pub clock_steps_back: u64,
    /// Bytes of a part of a line at the end, which a crash has left.
    pub torn_bytes: u64,
    /// Records up to the last checkpoint that was compared.
    pub checkpointed: u64,
    /// How the lane ends.
    pub end: LaneEnd,
    pub(super) is_closed: bool,
    pub(super) size: u64,
    pub(super) head: [u8; 32],
    pub(super) before: String,
}

impl LaneReport {
    pub(super) fn count(&mut self, header: &Header) {
        self.records += 1;
        self.events += u64::from(header.kind == Kind::Event);
        self.last_epoch = self.last_epoch.max(header.epoch);
        let Ok(time) = std::str::from_utf8(&header.time) else { return };
        if time < self.before.as_str() {
            self.clock_steps_back += 1;
        }
        set(&mut self.before, time);
        if self.first_time.is_empty() || time < self.first_time.as_str() {
            set(&mut self.first_time, time);
        }
        if time > self.last_time.as_str() {
            set(&mut self.last_time, time);
        }
    }
}

fn set(text: &mut String, time: &str) {
    text.clear();
    text.push_str(time);
}

/// What a verification says of a log.
#[derive(Debug)]
pub struct Report {
    pub(super) log_id: String,
    pub(super) lanes: Vec<LaneReport>,
    pub(super) damages: Damages,
    pub(super) checkpoints: u64,
    pub(super) checkpoints_unreadable: u64,
}

impl Report {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.damages.count, self.lanes.is_empty()) {
            (0, true) => Verdict::Nothing,
            (0, false) => Verdict::Intact,
            _ => Verdict::Damaged,
        }
    }

    /// The log's id, in hexadecimal digits.
    #[must_use]
    pub fn log_id(&self) -> &str {
        &self.log_id
    }

    /// The first 1,000 damages.
    #[must_use]
    pub fn damages(&self) -> &[Damage] {
        &self.damages.kept
    }

    /// How many damages there are.
    #[must_use]
    pub fn damage_count(&self) -> u64 {
        self.damages.count
    }

    /// The lanes, by their number.
    #[must_use]
    pub fn lanes(&self) -> &[LaneReport] {
        &self.lanes
    }

    /// Good records of all lanes.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.records).sum()
    }

    /// Checkpoints of this log that were read.
    #[must_use]
    pub fn checkpoints(&self) -> u64 {
        self.checkpoints
    }

    /// Texts that begin like a checkpoint and are none, such as a torn write leaves. No damage.
    #[must_use]
    pub fn checkpoints_unreadable(&self) -> u64 {
        self.checkpoints_unreadable
    }

    /// The report as one JSON object, with the names of this type's methods and fields.
    #[must_use]
    pub fn to_json(&self) -> String {
        let lanes: Vec<String> = self.lanes.iter().map(lane_json).collect();
        let damages: Vec<String> = self.damages.kept.iter().map(damage_json).collect();
        format!(
            "{{\"verdict\":\"{}\",\"log_id\":\"{}\",\"records\":{},\"checkpoints\":{},\
             \"checkpoints_unreadable\":{},\"damage_count\":{},\"damages\":[{}],\"lanes\":[{}]}}",
            self.verdict().as_str(),
            self.log_id,
            self.records(),
            self.checkpoints,
            self.checkpoints_unreadable,
            self.damages.count,
            damages.join(","),
            lanes.join(",")
        )
    }
}

fn lane_json(lane: &LaneReport) -> String {
    let mut json = format!("{{\"writer_id\":{},\"end\":\"{}\"", lane.writer_id, lane.end.as_str());
    for (name, number) in [
        ("segments", lane.segments.into()),
        ("records", lane.records),
        ("events", lane.events),
        ("missed", lane.missed),
        ("unfinished", lane.unfinished),
        ("last_epoch", lane.last_epoch),
        ("clock_steps_back", lane.clock_steps_back),
        ("torn_bytes", lane.torn_bytes),
        ("checkpointed", lane.checkpointed),
    ] {
        let _ = write!(json, ",\"{name}\":{number}");
    }
    let (first, last) = (&lane.first_time, &lane.last_time);
    let _ = write!(json, ",\"first_time\":\"{first}\",\"last_time\":\"{last}\"}}");
    json
}

fn damage_json(damage: &Damage) -> String {
    let mut json = format!("{{\"writer_id\":{}", damage.writer_id);
    if let Some(segment) = damage.segment {
        let _ = write!(json, ",\"segment\":{segment}");
    }
    if let Some(line) = damage.line {
        let _ = write!(json, ",\"line\":{line}");
    }
    let (kind, count) = (damage.kind.as_str(), damage.count);
    let _ = write!(json, ",\"kind\":\"{kind}\",\"count\":{count}}}");
    json
}
