//! One call from its arrival to its end, recorded exactly once.
//!
//! A [`CallSpan`] is opened when a call reaches its handler and finished with an outcome. If it is
//! dropped instead, it records a panic (when the author's code was running) or a dropped call. It
//! knows nothing of how rmcp hands over a call: that is the work of [`crate::attach`].

mod lend;
mod ticket;

use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::capture::losses::{self, Loss};
use crate::event::{ErrorKind, Event, Failure, Outcome, ResultShape, Side, Trace};
use crate::metrics::Flight;
use crate::otel::{Scope, Started, Surroundings};
use crate::watch::{Active, Begun};

pub(crate) use lend::{leave_ticket, lend, lent_ticket};
pub(crate) use ticket::Ticket;

/// What is known of a call when it ends.
#[derive(Default)]
pub(crate) struct Ending {
    pub(crate) result: Option<ResultShape>,
    pub(crate) failure: Option<Failure>,
}

/// A call that is recorded.
struct Live {
    watch: Active,
    event: Box<Event>,
    cancelled: CancellationToken,
    begun: Option<Begun>,
    /// Counts the call as one that is under way.
    flight: Option<Flight>,
    /// Its span by the OpenTelemetry API.
    started: Started,
    /// When capture was done, so that what toolwatch costs is no part of what the tool costs.
    opened: Instant,
    polled: Option<Instant>,
}

/// A call that is under way. Dropping it records the call as well.
pub(crate) struct CallSpan {
    live: Option<Live>,
    in_user_code: bool,
    /// What travels with the request, when somebody asked for it.
    ticket: Option<Ticket>,
    /// Whether the call must not run, because it could not be recorded before.
    is_refused: bool,
}

impl CallSpan {
    /// A span that records to `watch` what the event says by then.
    pub(crate) fn open(
        watch: Active,
        mut event: Box<Event>,
        cancelled: CancellationToken,
        around: &Surroundings,
    ) -> Self {
        // First, because it gives the event its ids.
        let started = watch.open_span(&mut event, around);
        let begun = watch.begin(&mut event);
        #[cfg(feature = "audit")]
        let is_refused = !watch.admit(&event);
        #[cfg(not(feature = "audit"))]
        let is_refused = false;
        let flight = watch.start_flight(&event);
        let opened = Instant::now();
        let live = Live { watch, event, cancelled, begun, flight, started, opened, polled: None };
        Self { live: Some(live), in_user_code: false, ticket: None, is_refused }
    }

    /// A span that records nothing.
    pub(crate) const fn disabled() -> Self {
        Self { live: None, in_user_code: false, ticket: None, is_refused: false }
    }

    /// Whether the call must not run.
    pub(crate) const fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// The context that the author's code runs in.
    pub(crate) fn scope(&self) -> Scope {
        self.live.as_ref().map_or(Scope::none(), |live| live.started.scope())
    }

    /// The trace of the call, when it is recorded.
    pub(crate) fn trace(&self) -> Option<Trace> {
        self.live.as_ref().map(|live| live.event.trace)
    }

    /// The watch, when the call is recorded.
    pub(crate) fn watch(&self) -> Option<&Active> {
        self.live.as_ref().map(|live| &live.watch)
    }

    /// What was captured so far, when the call is recorded.
    pub(crate) fn event_mut(&mut self) -> Option<&mut Event> {
        self.live.as_mut().map(|live| &mut *live.event)
    }

    /// Writes the begin record anew, when there is one: what was captured first went by a policy
    /// that is not the tool's own.
    pub(crate) fn begin_again(&mut self) {
        let Some(live) = &mut self.live else { return };
        if let Some(begun) = live.begun.take() {
            live.watch.end(begun);
            live.begun = live.watch.begin(&mut live.event);
        }
    }

    /// What travels with the request, made when somebody asks for it; `None` for a call that is not
    /// recorded.
    pub(crate) fn ticket(&mut self) -> Option<Ticket> {
        let live = self.live.as_ref()?;
        let make = || {
            let event = &live.event;
            let known = (event.trace, event.caller.clone());
            Ticket::new(live.watch.clone(), event.started, known, live.started.scope())
        };
        Some(self.ticket.get_or_insert_with(make).clone())
    }

    /// Marks the handler's first poll: what came before was queueing.
    pub(crate) fn start(&mut self) {
        if let Some(live) = &mut self.live {
            live.polled.get_or_insert_with(Instant::now);
        }
    }

    /// Says whether the author's code was running, for a span whose poll happens elsewhere.
    pub(crate) fn set_in_user_code(&mut self, in_user_code: bool) {
        self.in_user_code = in_user_code;
    }

    /// Runs a piece of the author's code. A span that is dropped within records a panic.
    pub(crate) fn in_user_code<R>(&mut self, run: impl FnOnce() -> R) -> R {
        self.in_user_code = true;
        let _attached = self.scope().attach();
        let output = run();
        self.in_user_code = false;
        output
    }

    /// Records the call with this outcome. A request that its client has cancelled is recorded
    /// as cancelled, because the reply will not be read.
    pub(crate) fn finish(mut self, outcome: Outcome, mut ending: Ending) {
        let (Some(live), ticket) = (self.live.take(), self.ticket.take()) else { return };
        if live.cancelled.is_cancelled() {
            ending.failure.get_or_insert_with(|| Failure::of_kind(ErrorKind::Cancelled));
            live.record(Outcome::Cancelled, ending, ticket);
        } else {
            live.record(outcome, ending, ticket);
        }
    }
}

impl Live {
    fn record(mut self, outcome: Outcome, ending: Ending, ticket: Option<Ticket>) {
        let polled = self.polled.unwrap_or(self.opened);
        let event = &mut self.event;
        event.duration_ns = nanos(self.opened.elapsed());
        event.queue_ns = nanos(polled.saturating_duration_since(self.opened));
        event.outcome = outcome;
        event.result = ending.result;
        event.failure = ending.failure.map(|failure| failure.or_by_protocol(outcome));
        if let Some(ticket) = ticket {
            ticket.tell(event);
        }
        // Neither the reply nor, in a drop, a panic of the author's that unwinds may meet another.
        losses::guarded(Loss::Event, || {
            self.watch.observe_end(&mut self.event);
            self.watch.record_call(self.event, self.flight.as_ref(), self.started);
        });
        if let Some(begun) = self.begun {
            self.watch.end(begun);
        }
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        let Some(live) = self.live.take() else { return };
        let (outcome, kind) = if self.in_user_code {
            (Outcome::Panic, ErrorKind::Panic)
        } else {
            (Outcome::Dropped, ErrorKind::Dropped)
        };
        let failure = Some(Failure::of_kind(kind));
        live.record(outcome, Ending { result: None, failure }, self.ticket.take());
    }
}

impl Failure {
    /// A failure of which no more than its kind is known.
    pub(crate) const fn of_kind(kind: ErrorKind) -> Self {
        Self { kind, type_name: None, code: None, chain_len: 0, fingerprint: None, side: None }
    }

    /// The failure with the side that the protocol tells, unless the author told one.
    pub(crate) fn or_by_protocol(self, outcome: Outcome) -> Self {
        Self { side: self.side.or_else(|| Side::of(outcome, self.code)), ..self }
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
