//! What a destination says about a batch that it took.

use super::quota::Quota;

/// A destination's yes to a batch.
///
/// ```
/// use toolwatch::destination::Ack;
/// assert_eq!(Ack::all().with_rejected(2).rejected(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ack {
    rejected: u64,
    quota: Option<Quota>,
}

impl Ack {
    /// All events of the batch were taken.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// So many events of the batch were refused for good.
    #[must_use]
    pub const fn with_rejected(mut self, rejected: u64) -> Self {
        self.rejected = rejected;
        self
    }

    /// What is left of the account's quota.
    #[must_use]
    pub const fn with_quota(mut self, quota: Quota) -> Self {
        self.quota = Some(quota);
        self
    }

    /// How many events of the batch were refused for good.
    #[must_use]
    pub const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// What is left of the account's quota, when the destination said so.
    #[must_use]
    pub const fn quota(&self) -> Option<&Quota> {
        self.quota.as_ref()
    }
}
