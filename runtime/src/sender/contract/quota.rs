//! The quota that an ingest service reports.

use std::time::SystemTime;

/// How the account stands.
///
/// ```
/// assert!(toolwatch::destination::QuotaStatus::default().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuotaStatus {
    /// Enough is left.
    #[default]
    Ok,
    /// Little is left.
    Warning,
    /// Nothing is left: errors are kept, successes sampled down.
    Exceeded,
    /// The service takes nothing more until the reset.
    HardLimit,
}

impl QuotaStatus {
    /// The status with this name on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "ok" => Self::Ok,
            "warning" => Self::Warning,
            "exceeded" => Self::Exceeded,
            "hard_limit" => Self::HardLimit,
            _ => return None,
        })
    }

    /// Whether enough is left.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Ok)
    }
}

/// The quota of an account, as its service last reported it.
///
/// ```
/// use toolwatch::destination::{Quota, QuotaStatus};
/// let quota = Quota::new(QuotaStatus::Warning).with_limit(1000).with_remaining(100);
/// assert_eq!((quota.limit(), quota.remaining()), (Some(1000), Some(100)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    status: QuotaStatus,
    limit: Option<u64>,
    remaining: Option<u64>,
    reset: Option<SystemTime>,
}

impl Quota {
    /// A quota of which only the status is known.
    #[must_use]
    pub const fn new(status: QuotaStatus) -> Self {
        Self { status, limit: None, remaining: None, reset: None }
    }

    /// Sets the events of a period.
    #[must_use]
    pub const fn with_limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets the events that are left.
    #[must_use]
    pub const fn with_remaining(mut self, remaining: u64) -> Self {
        self.remaining = Some(remaining);
        self
    }

    /// Sets when the next period begins.
    #[must_use]
    pub const fn with_reset(mut self, reset: SystemTime) -> Self {
        self.reset = Some(reset);
        self
    }

    /// How the account stands.
    #[must_use]
    pub const fn status(&self) -> QuotaStatus {
        self.status
    }

    /// The events of a period.
    #[must_use]
    pub const fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// The events that are left.
    #[must_use]
    pub const fn remaining(&self) -> Option<u64> {
        self.remaining
    }

    /// When the next period begins.
    #[must_use]
    pub const fn reset(&self) -> Option<SystemTime> {
        self.reset
    }
}
