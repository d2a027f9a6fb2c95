//! What a span hangs below: the context of `_meta`, else that of the HTTP request, else nothing.

use std::str::FromStr as _;

use opentelemetry::Context;
use opentelemetry::trace::{
    Link as SpanLink, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use serde_json::Value;

use crate::capture::context::{RequestInfo, traceparent};
use crate::event::{Event, EventType, Link, Trace};
use crate::semconv::TRACESTATE;

/// The most characters of a `tracestate` that is taken: what W3C Trace Context asks everybody to
/// pass on.
const MAX_STATE_CHARS: usize = 512;

/// What a request says of its trace beside its event, which cannot hold any of it.
#[derive(Default)]
pub(crate) struct Surroundings {
    /// The context that the application's own HTTP layer has left with the request.
    stored: Option<Context>,
    /// Whether `_meta` has a trace context.
    is_by_meta: bool,
    state: TraceState,
}

impl Surroundings {
    pub(super) fn read(request: &RequestInfo<'_>, takes_state: bool) -> Self {
        let stored = request.extension::<Context>();
        let stored = stored.filter(|context| context.span().span_context().is_valid()).cloned();
        let text = |name| request.meta().get(name).and_then(Value::as_str);
        let is_by_meta = text("traceparent").and_then(traceparent).is_some();
        let state = match (takes_state, is_by_meta) {
            (false, _) => None,
            (true, true) => text(TRACESTATE).and_then(parse),
            (true, false) => in_headers(request),
        };
        Self { stored, is_by_meta, state: state.unwrap_or_default() }
    }

    /// The context of an event's parent. Where the application has stored one, the event is told:
    /// it is the parent of what has none by `_meta`, and else a link.
    pub(super) fn parent(&self, event: &mut Event) -> Context {
        let is_remote = event.event_type != EventType::Custom;
        let trace = &mut event.trace;
        let by_meta = trace.parent_span_id.filter(|_| self.is_by_meta);
        match &self.stored {
            Some(stored) if by_meta.is_none() => {
                let span = stored.span().span_context().clone();
                trace.trace_id = span.trace_id().to_bytes();
                trace.parent_span_id = Some(span.span_id().to_bytes());
                trace.is_sampled = span.is_sampled();
                return stored.clone();
            }
            Some(stored) => trace.link = Some(link_to(stored.span().span_context())),
            None => {}
        }
        let Some(parent) = trace.parent_span_id else { return Context::new() };
        let link = Link { trace_id: trace.trace_id, span_id: parent, is_sampled: trace.is_sampled };
        let context = context_of(link, is_remote, self.state.clone());
        Context::new().with_remote_span_context(context)
    }
}

/// The contexts that an event is linked to.
pub(super) fn links(trace: &Trace) -> Vec<SpanLink> {
    let link = |link| SpanLink::with_context(context_of(link, true, TraceState::NONE));
    trace.link.map(link).into_iter().collect()
}

fn link_to(span: &SpanContext) -> Link {
    Link {
        trace_id: span.trace_id().to_bytes(),
        span_id: span.span_id().to_bytes(),
        is_sampled: span.is_sampled(),
    }
}

fn context_of(link: Link, is_remote: bool, state: TraceState) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(link.trace_id),
        SpanId::from_bytes(link.span_id),
        TraceFlags::NOT_SAMPLED.with_sampled(link.is_sampled),
        is_remote,
        state,
    )
}

/// Lists in several headers are one.
fn in_headers(request: &RequestInfo<'_>) -> Option<TraceState> {
    let headers = request.headers()?.get_all(TRACESTATE);
    let texts: Vec<_> = headers.iter().filter_map(|header| header.to_str().ok()).collect();
    parse(&texts.join(","))
}

/// A list that is one. The API checks neither its length nor its values, and what passes is written
/// into headers.
fn parse(text: &str) -> Option<TraceState> {
    let is_printable = |byte: u8| byte == b'\t' || matches!(byte, b' '..=b'~');
    if text.is_empty() || text.len() > MAX_STATE_CHARS || !text.bytes().all(is_printable) {
        return None;
    }
    TraceState::from_str(text).ok()
}
