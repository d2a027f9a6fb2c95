//! Decides what becomes of a batch after an attempt. Pure: no clock, no randomness of its own.

use std::time::Duration;

use super::contract::SendError;
use crate::spool::DropReason;

/// The first upper bound of the backoff, and the last.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));
/// No `Retry-After` is honoured beyond this: a service's mistake must not stop delivery for a day.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(5 * 60);
/// How long to wait before asking again with a key that was refused.
pub(crate) const PAUSE: Duration = Duration::from_secs(5 * 60);

/// What to do after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Send the same again after a while.
    RetryAfter {
        /// How long.
        wait: Duration,
        /// Whether the service asked for that wait, so that no flush may shorten it.
        asked: bool,
    },
    /// Send nothing for a long while, and tell the operator once.
    Pause(Duration),
    /// Send a half of the batch.
    Split,
    /// Give the batch up.
    Drop(DropReason),
    /// Put the single event of the batch aside.
    Quarantine,
}

/// Decides after the `attempt`th failure in a row (from 1) of a batch of `events`; `random` is
/// evenly distributed in 0..1.
pub(crate) fn decide(error: &SendError, events: usize, attempt: u32, random: f64) -> RetryDecision {
    if error.is_rejected() {
        return RetryDecision::Drop(DropReason::HttpStatus);
    }
    let Some(status) = error.http_status() else {
        return match events {
            // It would fail for ever, and with it all that stands behind it.
            0 | 1 if error.is_encode() => RetryDecision::Quarantine,
            _ if error.is_encode() => RetryDecision::Split,
            _ => retry(error, attempt, random),
        };
    };
    match status {
        400 | 413 if events > 1 => RetryDecision::Split,
        400 | 413 => RetryDecision::Quarantine,
        // A redirect is a wrong endpoint: as with a refused key, only the operator can mend it.
        401 | 403 | 300..=399 => RetryDecision::Pause(PAUSE),
        408 | 425 | 429 => retry(error, attempt, random),
        402 | 404..=499 => RetryDecision::Drop(DropReason::HttpStatus),
        // Server errors, and answers that are no answer at all.
        _ => retry(error, attempt, random),
    }
}

fn retry(error: &SendError, attempt: u32, random: f64) -> RetryDecision {
    let backoff = backoff(attempt, random);
    // None at all, or a moment that is over, as on a machine whose clock is ahead, asks for nothing.
    match error.retry_after().filter(|after| !after.is_zero()) {
        Some(after) => RetryDecision::RetryAfter {
            wait: after.clamp(backoff.min(BACKOFF.0), MAX_RETRY_AFTER),
            asked: true,
        },
        None => RetryDecision::RetryAfter { wait: backoff, asked: false },
    }
}

/// Exponential backoff with full jitter.
fn backoff(attempt: u32, random: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let bound = BACKOFF.0.saturating_mul(1 << doublings).min(BACKOFF.1);
    bound.mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use RetryDecision::{Drop, Pause, Quarantine, RetryAfter, Split};

    const fn wait(millis: u64, asked: bool) -> RetryDecision {
        RetryAfter { wait: Duration::from_millis(millis), asked }
    }

    #[track_caller]
    fn check(status: u16, events: usize, expect: RetryDecision) {
        assert_eq!(decide(&SendError::status(status), events, 1, 1.0), expect, "{status}");
    }

    #[test]
    fn each_status_has_its_behaviour() {
        for status in [408, 425, 429, 500, 501, 502, 503, 504, 507, 599, 600, 0] {
            check(status, 9, wait(500, false));
        }
        for status in [401, 403, 301, 302, 304, 307, 308] {
            check(status, 9, Pause(PAUSE));
        }
        for status in [402, 404, 405, 406, 409, 410, 411, 415, 418, 422, 431, 451, 499] {
            check(status, 9, Drop(DropReason::HttpStatus));
        }
        for status in [400, 413] {
            check(status, 2, Split);
            check(status, 1, Quarantine);
        }
    }

    #[test]
    fn what_is_rejected_for_good_is_dropped_whatever_its_status() {
        for status in [0, 301, 400, 401, 413, 429, 500, 503] {
            let decision = decide(&SendError::rejected(status), 9, 1, 1.0);
            assert_eq!(decision, Drop(DropReason::HttpStatus), "{status}");
        }
    }

    #[test]
    fn no_answer_is_retried() {
        for error in [SendError::unreachable(), SendError::timeout(), SendError::panic()] {
            assert_eq!(decide(&error, 1, 1, 0.5), wait(250, false));
        }
    }

    #[test]
    #[cfg(feature = "http")]
    fn what_cannot_be_written_is_found_and_put_aside() {
        assert_eq!(decide(&SendError::encode(), 9, 1, 1.0), Split);
        assert_eq!(decide(&SendError::encode(), 1, 1, 1.0), Quarantine);
    }

    #[test]
    fn the_backoff_doubles_up_to_its_bound_and_never_overflows() {
        let error = SendError::timeout();
        for (attempt, millis) in [
            (1, 500),
            (2, 1000),
            (3, 2000),
            (7, 32_000),
            (8, 60_000),
            (9, 60_000),
            (u32::MAX, 60_000),
        ] {
            assert_eq!(decide(&error, 1, attempt, 1.0), wait(millis, false));
            assert_eq!(decide(&error, 1, attempt, 0.0), wait(0, false));
        }
    }

    #[test]
    fn what_the_service_asks_for_is_clamped() {
        for (seconds, millis) in
            [(1, 1000), (2, 2000), (300, 300_000), (301, 300_000), (u64::MAX, 300_000)]
        {
            let error = SendError::status(429).with_retry_after(Duration::from_secs(seconds));
            assert_eq!(decide(&error, 1, 3, 1.0), wait(millis, true));
        }
        let none = SendError::status(429).with_retry_after(Duration::ZERO);
        assert_eq!(decide(&none, 1, 3, 1.0), wait(2000, false), "the backoff still grows");
        let short = SendError::status(429).with_retry_after(Duration::from_millis(1));
        assert_eq!(decide(&short, 1, 3, 1.0), wait(500, true));
    }
}
