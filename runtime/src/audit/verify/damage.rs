//! What can be wrong with a log, and where.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The lane.
    pub writer_id: u32,
    /// The segment, where one is meant.
    pub segment: Option<u32>,
    /// The line in the segment, from 1, where one is meant.
    pub line: Option<u64>,
    /// What is wrong.
    pub kind: DamageKind,
    /// How many records are missing, or which size was promised, where the kind counts.
    pub count: u64,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DamageKind {
    /// A line that has not the form of a record.
    Malformed,
    /// A record of another log.
    ForeignLog,
    /// A record of another lane.
    ForeignWriter,
    /// A record whose MAC is wrong: changed, or never sealed.
    Altered,
    /// A sealed record whose body is not JSON, or has a key twice.
    Ambiguous,
    /// Records before this line are gone; `count` of them.
    Missing,
    /// A record that has been before, or comes too late.
    OutOfOrder,
    /// A record that does not continue the one before it.
    Unchained,
    /// The epoch of this record does not follow that of the one before.
    EpochGap,
    /// The first record of an epoch does not carry the seal of the end of the one before, or another
    /// record carries one.
    EpochUnsealed,
    /// One epoch's key has sealed more than 100 records.
    EpochOverrun,
    /// A segment that does not start with its genesis.
    NoGenesis,
    /// A genesis that is not the first record of its segment.
    SecondGenesis,
    /// Something behind the close record.
    AfterClose,
    /// A part of a line, where none can be left by a crash.
    Torn,
    /// A segment is gone.
    SegmentMissing,
    /// A lane is gone.
    LaneMissing,
    /// A lane is shorter than a checkpoint or a recovery says; `count` is what was promised.
    Cut,
    /// A lane goes on behind the end that a recovery has recorded; `count` is that end.
    Grown,
    /// A record is not the one that a checkpoint or a recovery names.
    Replaced,
    /// What a later lane says was under way at the end of this one is not what was.
    Misreported,
    /// A checkpoint of this log that its keys did not make.
    CheckpointForged,
    /// The sealing key beside the log is of another chain, or none.
    SealingKey,
    /// A file with the name of a segment in a wrong spelling, or something else than a file under such a
    /// name, or a lane with a number that is far above all others.
    StrayFile,
}

impl DamageKind {
    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::ForeignLog => "foreign_log",
            Self::ForeignWriter => "foreign_writer",
            Self::Altered => "altered",
            Self::Ambiguous => "ambiguous",
            Self::Missing => "missing",
            Self::OutOfOrder => "out_of_order",
            Self::Unchained => "unchained",
            Self::EpochGap => "epoch_gap",
            Self::EpochUnsealed => "epoch_unsealed",
            Self::EpochOverrun => "epoch_overrun",
            Self::NoGenesis => "no_genesis",
            Self::SecondGenesis => "second_genesis",
            Self::AfterClose => "after_close",
            Self::Torn => "torn",
            Self::SegmentMissing => "segment_missing",
            Self::LaneMissing => "lane_missing",
            Self::Cut => "cut",
            Self::Grown => "grown",
            Self::Replaced => "replaced",
            Self::Misreported => "misreported",
            Self::CheckpointForged => "checkpoint_forged",
            Self::SealingKey => "sealing_key",
            Self::StrayFile => "stray_file",
        }
    }

    /// What it means, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Malformed => "the line is no record as servers write them",
            Self::ForeignLog => "the record is of another log",
            Self::ForeignWriter => "the record is of another lane",
            Self::Altered => "the record was changed, or no server has written it",
            Self::Ambiguous => "the record is sealed, and two readers could read it differently",
            Self::Missing => "so many records before this line are gone",
            Self::OutOfOrder => "the record was there before, or stands too late",
            Self::Unchained => "the record does not follow the one before it",
            Self::EpochGap => "the key of the record does not follow the one before it",
            Self::EpochUnsealed => "the end of the epoch before is not sealed as it should be",
            Self::EpochOverrun => "a key has sealed more records than a server lets it",
            Self::NoGenesis => "the segment does not start with its genesis",
            Self::SecondGenesis => "a genesis stands where none can be",
            Self::AfterClose => "something stands behind the record that closes the lane",
            Self::Torn => "a part of a line stands where no crash can leave one",
            Self::SegmentMissing => "a file of the lane is gone",
            Self::LaneMissing => "the lane is gone",
            Self::Cut => "the lane once had so many records, and has fewer now",
            Self::Grown => "the lane ended with so many records, and has more now",
            Self::Replaced => "the record is another than a checkpoint or a later lane has seen",
            Self::Misreported => "a later lane was made to tell wrongly what was interrupted in it",
            Self::CheckpointForged => "a checkpoint names this log and its keys did not make it",
            Self::SealingKey => "the sealing key beside the log is not of this log's keys",
            Self::StrayFile => "something has the name of a segment, or almost, and is none",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lane {}", self.writer_id)?;
        if let Some(segment) = self.segment {
            write!(f, ", segment {segment}")?;
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.kind.as_str())?;
        if self.count > 0 {
            write!(f, " ({})", self.count)?;
        }
        Ok(())
    }
}

/// Damages that are kept; all are counted.
const MAX_KEPT: usize = 1000;

/// What was found so far.
#[derive(Debug, Default)]
pub(in crate::audit) struct Damages {
    pub(in crate::audit) kept: Vec<Damage>,
    pub(in crate::audit) count: u64,
}

impl Damages {
    pub(in crate::audit) fn add(&mut self, damage: Damage) {
        self.count += 1;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(damage);
        }
    }

    /// Something about a lane as a whole.
    pub(in crate::audit) fn add_to_lane(&mut self, writer_id: u32, kind: DamageKind, count: u64) {
        self.add(Damage { writer_id, segment: None, line: None, kind, count });
    }
}
