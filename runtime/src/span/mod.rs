//! One call from its arrival to its end, recorded exactly once.
//!
//! A [`CallSpan`] is opened when a call reaches its handler and finished with an outcome. If it is
//! dropped instead, it records a panic (when the author's code was running) or a dropped call. It
//! knows nothing of how rmcp hands over a call: that is the work of [`crate::attach`].

use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::capture::losses::{self, Loss};
use crate::event::{
    Arguments, Caller, ErrorKind, Event, EventId, EventType, Failure, IntentRecord, Name, Outcome,
    ResultShape, Timestamp, Trace,
};
use crate::watch::Active;

/// What is known of a call before its handler runs.
pub(crate) struct Opening {
    pub(crate) name: Name,
    pub(crate) tags: &'static [(&'static str, &'static str)],
    /// When the call reached its handler.
    pub(crate) arrived: Timestamp,
    pub(crate) trace: Trace,
    pub(crate) caller: Caller,
    pub(crate) arguments: Option<Arguments>,
    pub(crate) intent: Option<IntentRecord>,
    pub(crate) cancelled: CancellationToken,
}

/// What is known of a call when it ends.
#[derive(Default)]
pub(crate) struct Ending {
    pub(crate) result: Option<ResultShape>,
    pub(crate) failure: Option<Failure>,
}

/// A call that is under way. Dropping it records the call as well.
pub(crate) struct CallSpan {
    open: Option<(Active, Opening)>,
    /// When capture was done, so that what toolwatch costs is no part of what the tool costs.
    opened: Option<Instant>,
    polled: Option<Instant>,
    in_user_code: bool,
}

impl CallSpan {
    /// A span that records to `watch`.
    pub(crate) fn open(watch: Active, opening: Opening) -> Self {
        Self {
            open: Some((watch, opening)),
            opened: Some(Instant::now()),
            polled: None,
            in_user_code: false,
        }
    }

    /// A span that records nothing.
    pub(crate) const fn disabled() -> Self {
        Self { open: None, opened: None, polled: None, in_user_code: false }
    }

    /// The watch and what was captured so far; `None` when nothing is recorded.
    pub(crate) fn opening_mut(&mut self) -> Option<&mut (Active, Opening)> {
        self.open.as_mut()
    }

    /// Marks the handler's first poll: what came before was queueing.
    pub(crate) fn start(&mut self) {
        if self.open.is_some() && self.polled.is_none() {
            self.polled = Some(Instant::now());
        }
    }

    /// Runs a piece of the author's code. A span that is dropped within records a panic.
    pub(crate) fn in_user_code<R>(&mut self, run: impl FnOnce() -> R) -> R {
        self.in_user_code = true;
        let output = run();
        self.in_user_code = false;
        output
    }

    /// Records the call with this outcome. A request that its client has cancelled is recorded
    /// as cancelled, because the reply will not be read.
    pub(crate) fn finish(mut self, outcome: Outcome, ending: Ending) {
        let cancelled =
            self.open.as_ref().is_some_and(|(_, opening)| opening.cancelled.is_cancelled());
        if cancelled {
            let failure = ending.failure.unwrap_or_else(|| Failure::of_kind(ErrorKind::Cancelled));
            self.record(Outcome::Cancelled, Ending { failure: Some(failure), ..ending });
        } else {
            self.record(outcome, ending);
        }
    }

    fn record(&mut self, outcome: Outcome, ending: Ending) {
        let Some((watch, opening)) = self.open.take() else { return };
        let opened = self.opened.unwrap_or_else(Instant::now);
        let polled = self.polled.unwrap_or(opened);
        let event = Event {
            id: EventId::at(opening.arrived),
            event_type: EventType::ToolCall,
            name: opening.name,
            method: "tools/call",
            tags: opening.tags,
            started: opening.arrived,
            duration_ns: nanos(opened.elapsed()),
            queue_ns: nanos(polled.saturating_duration_since(opened)),
            trace: opening.trace,
            outcome,
            caller: opening.caller,
            arguments: opening.arguments,
            result: ending.result,
            failure: ending.failure,
            intent: opening.intent,
            weight: 1.0,
        };
        // Neither the reply nor, in a drop, a panic of the author's that unwinds may meet another.
        losses::guarded(Loss::Event, || watch.record(event));
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        let (outcome, kind) = if self.in_user_code {
            (Outcome::Panic, ErrorKind::Panic)
        } else {
            (Outcome::Dropped, ErrorKind::Dropped)
        };
        self.record(outcome, Ending { result: None, failure: Some(Failure::of_kind(kind)) });
    }
}

impl Failure {
    /// A failure of which no more than its kind is known.
    pub(crate) const fn of_kind(kind: ErrorKind) -> Self {
        Self { kind, type_name: None, code: None, chain_len: 0, fingerprint: None }
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
