//! Decides when to send. Pure: the time and the state of things are arguments.

use std::time::Duration;

/// How things are at one moment of the clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// The moment.
    pub(crate) now: Duration,
    /// Events that wait.
    pub(crate) waiting: u64,
    /// When everything had been sent the last time.
    pub(crate) drained_at: Duration,
    /// No attempt before this moment, after a failure.
    pub(crate) retry_at: Option<Duration>,
    /// Whether a flush may go ahead of `retry_at`.
    pub(crate) may_hurry: bool,
    /// Whether someone waits for a flush.
    pub(crate) flushing: bool,
}

/// When to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cadence {
    /// Events that make a batch worth sending at once.
    pub(crate) max_batch_size: u64,
    /// How long events wait for company.
    pub(crate) flush_interval: Duration,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send a batch.
    Send,
    /// Wait, unless a flush is asked for.
    Wait {
        /// How long.
        time: Duration,
        /// Whether a full batch ends the wait.
        wake_when_full: bool,
    },
}

/// Decides what to do now.
pub(crate) fn decide(view: View, cadence: Cadence) -> Decision {
    let hurried = view.flushing && view.may_hurry;
    if let Some(retry_at) = view.retry_at
        && view.now < retry_at
        && !hurried
    {
        return Decision::Wait { time: retry_at - view.now, wake_when_full: false };
    }
    // An author's interval may be as long as there is.
    let due_at = view.drained_at.saturating_add(cadence.flush_interval);
    let due = view.flushing
        || view.retry_at.is_some()
        || view.waiting >= cadence.max_batch_size
        || view.now >= due_at;
    if view.waiting > 0 && due {
        return Decision::Send;
    }
    let rest = due_at.saturating_sub(view.now);
    let time = if rest.is_zero() { cadence.flush_interval } else { rest };
    Decision::Wait { time, wake_when_full: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CADENCE: Cadence = Cadence { max_batch_size: 50, flush_interval: Duration::from_secs(1) };
    const VIEW: View = View {
        now: Duration::from_millis(10_400),
        waiting: 1,
        drained_at: Duration::from_secs(10),
        retry_at: None,
        may_hurry: true,
        flushing: false,
    };

    #[track_caller]
    fn check(view: View, expect: Decision) {
        assert_eq!(decide(view, CADENCE), expect);
    }

    const fn wait(millis: u64, wake_when_full: bool) -> Decision {
        Decision::Wait { time: Duration::from_millis(millis), wake_when_full }
    }

    #[test]
    fn events_wait_for_company_until_the_interval_is_over() {
        check(VIEW, wait(600, true));
        check(View { now: Duration::from_secs(11), ..VIEW }, Decision::Send);
    }

    #[test]
    fn a_full_batch_or_a_flush_goes_at_once() {
        check(View { waiting: 50, ..VIEW }, Decision::Send);
        check(View { flushing: true, ..VIEW }, Decision::Send);
    }

    #[test]
    fn nothing_is_sent_when_nothing_waits() {
        check(View { waiting: 0, flushing: true, ..VIEW }, wait(600, true));
        check(View { waiting: 0, now: Duration::from_secs(20), ..VIEW }, wait(1000, true));
    }

    #[test]
    fn an_interval_beyond_the_clock_waits_for_a_full_batch_or_a_flush() {
        let cadence = Cadence { flush_interval: Duration::MAX, ..CADENCE };
        let Decision::Wait { time, wake_when_full: true } = decide(VIEW, cadence) else {
            panic!("events wait for company");
        };
        assert!(time > Duration::from_secs(u64::MAX / 2));
        for view in [View { waiting: 50, ..VIEW }, View { flushing: true, ..VIEW }] {
            assert_eq!(decide(view, cadence), Decision::Send);
        }
    }

    #[test]
    fn after_a_failure_only_a_flush_goes_ahead_and_only_when_it_may() {
        let view = View { retry_at: Some(Duration::from_secs(12)), waiting: 500, ..VIEW };
        check(view, wait(1600, false));
        check(View { flushing: true, ..view }, Decision::Send);
        check(View { flushing: true, may_hurry: false, ..view }, wait(1600, false));
        check(View { now: Duration::from_secs(12), waiting: 1, ..view }, Decision::Send);
    }
}
