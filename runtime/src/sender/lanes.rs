//! One event, several destinations: each has a lane of its own, with its own spool, account and
//! thread, so that none waits for another and none loses what another has taken.

use std::path::PathBuf;

use super::flush::{flush_all, leave_all, shutdown_all};
use super::{OnError, Pipeline, Quota};
use crate::Error;
use crate::contain::contain;
use crate::event::process;
use crate::spool::{self, Delivery, Stats};

/// The ways of an event to all destinations. Without any, events are for readers in the process
/// alone.
pub(crate) struct Lanes {
    lanes: Vec<Pipeline>,
    /// For what the operator should know when there is no lane to tell it.
    on_error: OnError,
}

/// The notes of one call that is under way, one per lane.
#[derive(Default)]
pub(crate) struct Begun {
    first: Option<spool::Begun>,
    more: Vec<Option<spool::Begun>>,
}

impl Lanes {
    pub(crate) const fn new(lanes: Vec<Pipeline>, on_error: OnError) -> Self {
        Self { lanes, on_error }
    }

    /// Whether events are for readers in the process alone.
    pub(crate) const fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pipeline> {
        self.lanes.iter()
    }

    /// Tells the operator of something.
    pub(crate) fn report(&self, error: &Error) {
        let Some(first) = self.lanes.first() else {
            // There is no account that could count the panic of who listens, or of a callback.
            let _ = contain(|| tracing::warn!(%error, "the watch needs attention"));
            let _ = contain(|| (self.on_error)(error));
            return;
        };
        first.report(error);
    }

    /// Notes in each lane that a call is under way; none when no lane could.
    pub(crate) fn begin(&self, payload: &[u8]) -> Option<Begun> {
        process::notice();
        let (first, more) = self.lanes.split_first()?;
        let begun = Begun {
            first: first.begin(payload),
            more: more.iter().map(|lane| lane.begin(payload)).collect(),
        };
        (begun.first.is_some() || begun.more.iter().any(Option::is_some)).then_some(begun)
    }

    /// Notes in each lane that a call has ended.
    pub(crate) fn end(&self, begun: Begun) {
        let begun = std::iter::once(begun.first).chain(begun.more);
        let end = |(lane, begun): (&Pipeline, Option<spool::Begun>)| {
            begun.into_iter().for_each(|begun| lane.end(begun));
        };
        self.lanes.iter().zip(begun).for_each(end);
    }

    /// The numbers of all lanes together: an event counts once for each destination.
    pub(crate) fn stats(&self) -> Stats {
        process::notice();
        self.lanes.iter().fold(Stats::default(), |mut sum, lane| {
            sum.add(&lane.stats());
            sum
        })
    }

    /// Tells the numbers of each lane by its destination's name, for as long as the lanes are there.
    #[cfg(feature = "otlp")]
    pub(crate) fn accounts(&self) -> Box<dyn Fn() -> Vec<(String, Stats)> + Send> {
        let of_lane = |lane: &Pipeline| (lane.destination_name(), lane.account());
        let accounts: Vec<_> = self.lanes.iter().map(of_lane).collect();
        let read = move || {
            let now = accounts.iter().map(|(name, account)| Some((name.clone(), account()?)));
            now.flatten().collect()
        };
        Box::new(read)
    }

    /// The quota that a destination reported last: of the first one that has any.
    pub(crate) fn quota_status(&self) -> Option<Quota> {
        self.lanes.iter().find_map(Pipeline::quota_status)
    }

    /// Where the segments of the first lane are, and those of the others below it.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        self.lanes.first().and_then(Pipeline::directory)
    }

    /// Sends what waits in all lanes; returns as [`Pipeline::flush`] does for the slowest of them.
    pub(crate) fn flush(&self, timeout: std::time::Duration) -> Delivery {
        process::notice();
        flush_all(&self.lanes, timeout);
        self.stats().delivery()
    }

    /// Ends all lanes as [`Pipeline::shutdown`] does, within the time of one.
    pub(crate) fn shutdown(&self, timeout: std::time::Duration) -> Delivery {
        process::notice();
        shutdown_all(&self.lanes, timeout);
        self.stats().delivery()
    }
}

impl Lanes {
    /// Ends all lanes within 50 ms, because the process ends.
    pub(crate) fn leave(&self) -> Delivery {
        leave_all(&self.lanes);
        self.stats().delivery()
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        process::notice();
        // All at once: one after the other would cost this time for each.
        leave_all(&self.lanes);
    }
}
