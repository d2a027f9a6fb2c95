//! What a watch hands its operations to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::check::{Known, OtelCheck, OtelState};
use super::meters::{Meters, Source};
use super::parent::Surroundings;
use super::settings::Otel;
use super::span::{self, Started};
use super::tracers::Tracers;
use crate::capture::context::RequestInfo;
use crate::capture::losses::{self, Loss};
use crate::event::{Event, EventType, Tag};
use crate::metrics::Measured;

/// The spans and metrics of one watch; empty for a watch that makes none.
#[derive(Default)]
pub(crate) struct Reader(Option<Inner>);

struct Inner {
    tracers: Option<Tracers>,
    meters: Option<Meters>,
    takes_tracestate: bool,
    spans: Known,
    has_warned: AtomicBool,
}

impl Reader {
    pub(crate) fn start(otel: &Otel, server: &str) -> Self {
        let scope = super::scope(server);
        let tracers = || Tracers::new(scope.clone(), otel.tracing.clone());
        let meters = || Meters::new(scope.clone(), otel.metering.clone());
        let spans = if otel.makes_spans { OtelState::Unproven } else { OtelState::Off };
        Self(Some(Inner {
            tracers: otel.makes_spans.then(tracers),
            meters: otel.makes_metrics.then(meters),
            takes_tracestate: otel.takes_tracestate,
            spans: Known::new(spans),
            has_warned: AtomicBool::new(false),
        }))
    }

    /// Says where the numbers are that are collected now and then.
    pub(crate) fn serve(&self, numbers: Arc<Source>) {
        if let Some(meters) = self.0.as_ref().and_then(|of| of.meters.as_ref()) {
            losses::guarded(Loss::Otel, || meters.serve(numbers));
        }
    }

    /// What the span of a request has to know of it beside its event.
    pub(crate) fn surroundings(&self, request: &RequestInfo<'_>) -> Surroundings {
        match self.0.as_ref().filter(|of| of.tracers.is_some()) {
            Some(of) => Surroundings::read(request, of.takes_tracestate),
            None => Surroundings::default(),
        }
    }

    /// Starts a span, and gives the event its ids. `warn` is called once, when nothing comes of it.
    pub(crate) fn open(
        &self,
        event: &mut Event,
        tags: &[Tag],
        around: &Surroundings,
        warn: impl FnOnce(&'static str),
    ) -> Started {
        let Some((of, tracers)) = self.0.as_ref().and_then(|of| Some((of, of.tracers.as_ref()?)))
        else {
            return Started::none();
        };
        let trace = event.trace;
        let start = || span::start(tracers, event, tags, around);
        let Some((started, is_real)) = losses::guarded(Loss::Otel, start) else {
            event.trace = trace;
            return Started::none();
        };
        let Some(is_real) = is_real else { return started };
        of.spans.set(if is_real { OtelState::Works } else { OtelState::NoOp });
        if !is_real && !of.has_warned.swap(true, Relaxed) {
            warn(super::check::NO_OP);
        }
        started
    }

    /// Starts the span of an event of the author's own, which has no start that anybody sees.
    pub(crate) fn open_custom(
        &self,
        event: &mut Event,
        tags: &[Tag],
        warn: impl FnOnce(&'static str),
    ) -> Started {
        if event.event_type != EventType::Custom {
            return Started::none();
        }
        self.open(event, tags, &Surroundings::default(), warn)
    }

    /// Ends a span.
    pub(crate) fn close(&self, started: Started, event: &mut Event, tags: &[Tag]) {
        if started.is_some() {
            // That of a destination, which has to do with no other reader.
            event.weight = 1.0;
            span::end(started, event, tags);
        }
    }

    /// Records how long something took.
    pub(crate) fn measure(&self, measured: Measured, duration_ns: u64) {
        if let Some(meters) = self.0.as_ref().and_then(|of| of.meters.as_ref()) {
            losses::guarded(Loss::Otel, || meters.record(measured, duration_ns));
        }
    }

    pub(crate) fn check(&self) -> OtelCheck {
        let Some(of) = &self.0 else { return OtelCheck::OFF };
        let metrics = match &of.meters {
            None => OtelState::Off,
            Some(meters) if meters.is_read() => OtelState::Works,
            Some(_) => OtelState::Unproven,
        };
        OtelCheck { spans: of.spans.get(), metrics }
    }
}
