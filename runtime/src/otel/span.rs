//! A span, from the start of its operation to its end.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _,
};
use opentelemetry::{Context, ContextGuard};

use super::parent::{Surroundings, links};
use super::tracers::{Tracers, is_real};
use super::values::Values;
use crate::capture::losses::{self, Loss};
use crate::event::{Event, Tag, Timestamp};
use crate::telemetry::{self, Description};

/// The span of an operation that is under way; empty where there is none.
#[derive(Default)]
pub(crate) struct Started(Option<Box<Open>>);

/// The context of a span, to be attached around what belongs to it.
#[derive(Clone, Default)]
pub(crate) struct Scope(Option<Context>);

struct Open {
    context: Context,
    name: String,
    /// What it was started with.
    seen: Vec<u64>,
    /// How long ago the operation had arrived, in nanoseconds, when this was made.
    lag_ns: u64,
    at: Instant,
}

impl Started {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope(self.0.as_ref().map(|open| open.context.clone()))
    }

    pub(super) const fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

/// An operation whose recording has failed: its span ends here, in a drop that may not panic.
impl Drop for Started {
    fn drop(&mut self) {
        if let Some(open) = self.0.take() {
            losses::guarded(Loss::Otel, || drop(open));
        }
    }
}

impl Scope {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Makes this the current context of the thread until what is returned is dropped.
    pub(crate) fn attach(self) -> Option<ContextGuard> {
        self.0.map(Context::attach)
    }
}

/// Starts the span of an event, which takes its ids. The second is whether the provider made one, as
/// far as that can be told: where the application suppresses its telemetry it cannot.
pub(super) fn start(
    tracers: &Tracers,
    event: &mut Event,
    tags: &[Tag],
    around: &Surroundings,
) -> (Started, Option<bool>) {
    // First: what passes in between may not make the span end before its children.
    let at = Instant::now();
    let lag_ns = Timestamp::now().0.saturating_sub(event.started.0);
    let parent = around.parent(event);
    if parent.is_telemetry_suppressed() {
        return (Started(None), None);
    }
    let (builder, seen) = build(event, tags);
    let name = builder.name.clone().into_owned();
    let tracer = tracers.tracer();
    let span: BoxedSpan = tracer.build_with_context(builder, &parent);
    let made = span.span_context().clone();
    let is_real = is_real(&made, parent.span().span_context());
    tracers.note(&tracer, is_real);
    if is_real {
        event.trace.trace_id = made.trace_id().to_bytes();
        event.trace.span_id = made.span_id().to_bytes();
        event.trace.is_sampled = made.is_sampled();
    } else if !made.is_valid() {
        return (Started(None), Some(false));
    }
    let context = parent.with_span(span);
    let open = Open { context, name, seen, lag_ns, at };
    (Started(Some(Box::new(open))), Some(is_real))
}

/// What is known of an operation that starts, for samplers to see.
fn build(event: &Event, tags: &[Tag]) -> (SpanBuilder, Vec<u64>) {
    // A tool that is not known yet may be by the end, and what is told now stays.
    let is_known = event.name.as_str() != "_unknown";
    let mut values = Values::first();
    let mut builder = SpanBuilder::from_name(event.method);
    let mut kind = SpanKind::Internal;
    let mut known = telemetry::node(event, tags);
    // It has not ended yet.
    if let Some(attributes) = known.get_mut("attributes") {
        attributes.remove("outcome");
    }
    if !is_known {
        known.remove("event_name");
    }
    if let Some(described) = Description::read(&known) {
        match is_known {
            true => described.attributes(&mut values),
            false => described.conventions(&mut values),
        }
        builder.name = described.name().trim_end().to_owned().into();
        if described.is_server() {
            kind = SpanKind::Server;
        }
    }
    let (values, seen) = values.into_parts();
    let builder = builder
        .with_kind(kind)
        .with_start_time(time(event.started.0))
        .with_attributes(values)
        .with_links(links(&event.trace));
    (builder, seen)
}

/// Ends a span with all that is known by now.
pub(super) fn end(mut started: Started, event: &Event, tags: &[Tag]) {
    let Some(open) = started.0.take() else { return };
    let Open { context, name, seen, lag_ns, at } = *open;
    let took = u64::try_from(at.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let took = match event.method.is_empty() {
        // The author says how long an event of their own took.
        true => event.duration_ns,
        false => lag_ns.saturating_add(took),
    };
    let span = context.span();
    losses::guarded(Loss::Otel, || {
        if !span.is_recording() {
            return;
        }
        let known = telemetry::node(event, tags);
        let Some(described) = Description::read(&known) else { return };
        let mut values = Values::beside(seen);
        described.attributes(&mut values);
        #[cfg(feature = "planted-leaks")]
        if let Some(text) = crate::testing::leak::of(crate::testing::leak::Leak::OtelAttribute) {
            crate::telemetry::Attributes::text(&mut values, "leak", &text);
        }
        span.set_attributes(values.values);
        let name_by_now = described.name();
        if name_by_now != name {
            span.update_name(name_by_now);
        }
        if described.error_type().is_some() {
            // Without a description: that of the conventions is the error's text.
            span.set_status(Status::error(""));
        }
    });
    let ended = event.started.0.saturating_add(took);
    losses::guarded(Loss::Otel, || span.end_with_timestamp(time(ended)));
    // Whoever lets go of it last may be foreign code as well.
    losses::guarded(Loss::Otel, || drop(context));
}

fn time(nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos)
}
