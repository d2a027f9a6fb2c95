//! How the account at a destination stands: written by the sender, read by every call.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::contract::{Quota, QuotaStatus};
use crate::sync::Mutex;

/// The quota that a destination reported last. Calls read its status without a lock.
#[derive(Default)]
pub(super) struct Standing {
    /// The place of the status in [`STATUSES`]. A call that reads the one before is as good as one
    /// that came before.
    status: AtomicUsize,
    last: Mutex<Option<Quota>>,
}

/// Every status; the first is that of a destination that has reported none.
const STATUSES: [QuotaStatus; 4] =
    [QuotaStatus::Ok, QuotaStatus::Warning, QuotaStatus::Exceeded, QuotaStatus::HardLimit];

impl Standing {
    /// Takes what was reported, and returns what was before.
    pub(super) fn replace(&self, quota: Quota) -> Option<Quota> {
        let place = STATUSES.iter().position(|status| *status == quota.status()).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that of two reports the later one counts for both.
        self.status.store(place, Relaxed);
        last.replace(quota)
    }

    /// What was reported last.
    pub(super) fn last(&self) -> Option<Quota> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The status of it.
    pub(super) fn status(&self) -> QuotaStatus {
        STATUSES.get(self.status.load(Relaxed)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_see_the_status_that_was_reported_last() {
        let standing = Standing::default();
        assert_eq!((standing.status(), standing.last()), (QuotaStatus::Ok, None));
        for status in STATUSES {
            standing.replace(Quota::new(status));
            assert_eq!(standing.status(), status);
            assert_eq!(standing.last(), Some(Quota::new(status)));
        }
    }
}
