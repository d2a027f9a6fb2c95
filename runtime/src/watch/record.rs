//! From an event to whoever is told of it.

use std::ops::Range;

use super::{Active, Begun};
use crate::capture::context::RequestInfo;
use crate::capture::losses::{self, Loss};
use crate::capture::scratch;
use crate::error::Error;
use crate::event::{self, ErrorKind, Event, Failure, Outcome, Timestamp};
use crate::metrics::Flight;
use crate::otel::{Started, Surroundings};
use crate::spool::Frame;
use crate::stderr;

impl Active {
    /// Notes that an operation is under way, when begin records are on: should the process die
    /// before [`Active::end`], the next one reports it with what is known by now. Sampling leaves
    /// none out, because an operation that is cut off is an error.
    pub(crate) fn begin(&self, event: &mut Event) -> Option<Begun> {
        if !self.settings().begin_records {
            return None;
        }
        let outcome = std::mem::replace(&mut event.outcome, Outcome::Interrupted);
        let interrupted = Failure::of_kind(ErrorKind::Interrupted);
        let failure = event.failure.replace(interrupted.or_by_protocol(Outcome::Interrupted));
        let write = |buffer: &mut Vec<u8>| {
            event::encode(event, self.tags(), buffer);
            #[cfg(feature = "planted-leaks")]
            crate::testing::leak::alter(buffer, self.lanes().directory().as_deref());
            self.lanes().begin(buffer)
        };
        let begun = losses::guarded(Loss::Event, || scratch::with(write)).flatten();
        (event.outcome, event.failure) = (outcome, failure);
        begun
    }

    /// Notes that an operation has ended. Its event has to be recorded before: a kill in between
    /// is told by the event's id, one without an event is not.
    pub(crate) fn end(&self, begun: Begun) {
        self.lanes().end(begun);
    }

    /// Whether a tool may run, as far as an audit log that has to know of it says.
    #[cfg(feature = "audit")]
    pub(crate) fn admit(&self, event: &Event) -> bool {
        let admitted = losses::guarded(Loss::Event, || self.readers().admit(event));
        admitted.unwrap_or_else(|| !self.readers().refuses())
    }

    /// What the span of a request has to know of it beside its event.
    pub(crate) fn surroundings(&self, request: &RequestInfo<'_>) -> Surroundings {
        self.readers().otel.surroundings(request)
    }

    /// Starts the span of a request by the OpenTelemetry API, when there is to be one. It gives the
    /// event its ids.
    pub(crate) fn open_span(&self, event: &mut Event, around: &Surroundings) -> Started {
        self.readers().otel.open(event, self.tags(), around, |why| self.warn(why))
    }

    fn warn(&self, why: &'static str) {
        self.report(&Error::configuration(why));
    }

    /// Hands an event that is no call's to the delivery path.
    pub(crate) fn record(&self, mut event: Box<Event>) {
        let warn = |why| self.warn(why);
        let started = self.readers().otel.open_custom(&mut event, self.tags(), warn);
        self.record_call(event, None, started);
    }

    /// Hands an event to the delivery path. Never fails and never blocks on the network.
    pub(crate) fn record_call(
        &self,
        mut event: Box<Event>,
        flight: Option<&Flight>,
        started: Started,
    ) {
        if self.settings().debug {
            say(&event);
        }
        let readers = self.readers();
        let measured = scratch::with(|buffer| {
            let written = self.append(&mut event, Frame::new(buffer));
            let measured = self.registry().record(&event, flight);
            readers.read(&event, written, buffer);
            measured
        });
        // Last, because it is the application's own code, which may take its time.
        readers.otel.measure(measured, event.duration_ns);
        readers.otel.close(started, &mut event, self.tags());
        event::recycle(event);
    }

    /// Hands an event to each destination that keeps it. It is encoded and framed once for all of
    /// them, unless the quota of one of them gives it another weight there. Returns where in the
    /// frame's buffer the shape of its arguments stands.
    fn append(&self, event: &mut Event, mut frame: Frame<'_>) -> Option<Range<usize>> {
        let ended = event.started.0.saturating_add(event.duration_ns);
        event::process::notice_at(Timestamp(ended));
        let (key, rate) = (sampling_key(event), self.settings().sample_rate);
        let is_error = event.outcome.is_error();
        let mut written = None;
        for lane in self.lanes().iter() {
            let Some(weight) = lane.sample(key, rate, is_error) else { continue };
            if written.is_none() || event.weight.to_bits() != weight.to_bits() {
                event.weight = weight;
                written = Some(self.encode(event, frame.clear()));
            }
            lane.append_frame(&mut frame);
        }
        // What a planted leak has changed stands elsewhere.
        written.filter(|_| cfg!(not(feature = "planted-leaks")))
    }

    /// Writes an event behind what the buffer holds.
    fn encode(&self, event: &Event, buffer: &mut Vec<u8>) -> Range<usize> {
        self.count_tags_over(event);
        #[cfg(feature = "planted-leaks")]
        let room = std::mem::take(buffer);
        let written = event::encode(event, self.tags(), buffer);
        #[cfg(feature = "planted-leaks")]
        {
            crate::testing::leak::alter(buffer, self.lanes().directory().as_deref());
            buffer.splice(..0, room);
        }
        written
    }
}

/// What `debug` writes of an event: nothing that a caller chose.
fn say(event: &Event) {
    let millis = event.duration_ns / 1_000_000;
    let of_author = event.event_type.as_str();
    let method = if event.method.is_empty() { of_author } else { event.method };
    let (name, outcome) = (event.name, event.outcome.as_str());
    stderr::say(format_args!("{method} {name}: {outcome} in {millis} ms"));
}

/// Calls of one session, or of one trace, are kept or left out together.
fn sampling_key(event: &Event) -> u64 {
    let trace = event.trace.trace_id;
    let half = u64::from_be_bytes([
        trace[8], trace[9], trace[10], trace[11], trace[12], trace[13], trace[14], trace[15],
    ]);
    event.caller.session.map_or(half, |session| session.value)
}
