//! What the audit log did, as numbers.

/// The numbers of one audit log in this process, all of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditStats {
    pub(super) records: u64,
    pub(super) events: u64,
    pub(super) missed: u64,
    pub(super) refused: u64,
    pub(super) errors: u64,
    pub(super) checkpoints: u64,
    pub(super) checkpoints_lost: u64,
    pub(super) is_failing: bool,
}

impl AuditStats {
    /// Records written, of every type.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Operations whose end is in the log.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Operations that ran and are not in the log: the disk refused them, or their body was over
    /// 256 KiB. A `missed` record tells of them once the disk works again.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Operations that did not run because they could not be recorded.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Writes that failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Checkpoints that reached every place that was named for them.
    #[must_use]
    pub fn checkpoints(&self) -> u64 {
        self.checkpoints
    }

    /// Checkpoints that did not; a later one covers what they said.
    #[must_use]
    pub fn checkpoints_lost(&self) -> u64 {
        self.checkpoints_lost
    }

    /// Whether the last write failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.is_failing
    }
}
