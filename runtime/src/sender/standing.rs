//! How the account at a destination stands: written by the sender, read by every call.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use super::contract::{Quota, QuotaStatus};
use crate::sync::Mutex;

/// The quota that a destination reported last. Calls read its status without a lock.
pub(super) struct Standing {
    /// The place of the status in [`STATUSES`]. A call that reads the one before is as good as one
    /// that came before.
    status: AtomicUsize,
    /// Until when it holds, in ms since the Unix epoch: when the next period begins it is over.
    until_ms: AtomicU64,
    last: Mutex<Option<Quota>>,
}

/// Every status; the first is that of a destination that has reported none.
const STATUSES: [QuotaStatus; 4] =
    [QuotaStatus::Ok, QuotaStatus::Warning, QuotaStatus::Exceeded, QuotaStatus::HardLimit];

impl Default for Standing {
    fn default() -> Self {
        let (status, until_ms) = (AtomicUsize::new(0), AtomicU64::new(u64::MAX));
        Self { status, until_ms, last: Mutex::default() }
    }
}

impl Standing {
    /// Takes what was reported at this moment, and returns the status before.
    pub(super) fn replace(&self, quota: Quota, now: SystemTime) -> QuotaStatus {
        let before = self.status(|| now);
        let place = STATUSES.iter().position(|status| *status == quota.status()).unwrap_or(0);
        // A reset that is over already, as on a machine whose clock is ahead, says nothing.
        let until_ms = quota.reset().filter(|reset| *reset > now).map_or(u64::MAX, millis);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that of two reports the later one counts for both.
        self.status.store(place, Relaxed);
        self.until_ms.store(until_ms, Relaxed);
        *last = Some(quota);
        before
    }

    /// What was reported last.
    pub(super) fn last(&self) -> Option<Quota> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The status of it, until its period is over. Only one that can end asks for the time.
    pub(super) fn status(&self, now: impl FnOnce() -> SystemTime) -> QuotaStatus {
        let place = self.status.load(Relaxed);
        if place == 0 {
            return QuotaStatus::Ok;
        }
        let until_ms = self.until_ms.load(Relaxed);
        if until_ms != u64::MAX && millis(now()) >= until_ms {
            return QuotaStatus::Ok;
        }
        STATUSES.get(place).copied().unwrap_or_default()
    }
}

fn millis(moment: SystemTime) -> u64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    #[test]
    fn calls_see_the_status_that_was_reported_last() {
        let standing = Standing::default();
        let now = || at(1000);
        assert_eq!((standing.status(now), standing.last()), (QuotaStatus::Ok, None));
        let mut before = QuotaStatus::Ok;
        for status in STATUSES {
            assert_eq!(standing.replace(Quota::new(status), now()), before);
            assert_eq!(standing.status(now), status);
            assert_eq!(standing.last(), Some(Quota::new(status)));
            before = status;
        }
    }

    #[test]
    fn a_status_ends_with_its_period_unless_that_was_over_before() {
        let standing = Standing::default();
        let of = |reset| Quota::new(QuotaStatus::Exceeded).with_reset(at(reset));
        standing.replace(of(2000), at(1000));
        assert_eq!(standing.status(|| at(1999)), QuotaStatus::Exceeded);
        assert_eq!(standing.status(|| at(2000)), QuotaStatus::Ok);
        assert_eq!(standing.last(), Some(of(2000)), "what was reported stays");
        assert_eq!(standing.replace(of(2000), at(2000)), QuotaStatus::Ok, "a change");
        assert_eq!(standing.status(|| at(9000)), QuotaStatus::Exceeded, "it says nothing");
    }
}
