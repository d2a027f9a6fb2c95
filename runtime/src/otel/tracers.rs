//! Which tracer makes the spans.
//!
//! A tracer that was taken from the global provider before the application has installed its own
//! makes nothing, for ever. So it is looked up anew until it has made a span that is one.

use std::sync::{Arc, PoisonError, RwLock};

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::{InstrumentationScope, trace::SpanContext};

use super::settings::Tracing;

/// The tracer of one watch.
pub(super) struct Tracers {
    scope: InstrumentationScope,
    injected: Option<Tracing>,
    /// The one that makes spans.
    known: RwLock<Option<Arc<BoxedTracer>>>,
}

impl Tracers {
    pub(super) fn new(scope: InstrumentationScope, injected: Option<Tracing>) -> Self {
        Self { scope, injected, known: RwLock::default() }
    }

    pub(super) fn tracer(&self) -> Arc<BoxedTracer> {
        if let Some(known) = &*self.known.read().unwrap_or_else(PoisonError::into_inner) {
            return Arc::clone(known);
        }
        let scope = self.scope.clone();
        Arc::new(match &self.injected {
            Some(provider) => BoxedTracer::new(provider.boxed_tracer(scope)),
            None => global::tracer_with_scope(scope),
        })
    }

    /// Notes whether a tracer makes spans. One that does so no more, because its provider was shut
    /// down, is forgotten.
    pub(super) fn note(&self, tracer: &Arc<BoxedTracer>, is_real: bool) {
        let is_known = self.known.read().unwrap_or_else(PoisonError::into_inner).is_some();
        if is_known != is_real {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            *known = is_real.then(|| Arc::clone(tracer));
        }
    }
}

/// Whether a span was made: a no-op hands out its parent's context, or none.
pub(super) fn is_real(span: &SpanContext, parent: &SpanContext) -> bool {
    span.is_valid() && span.span_id() != parent.span_id()
}
