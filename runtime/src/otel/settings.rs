//! What an author sets.

use std::fmt;
use std::sync::Arc;

use opentelemetry::global::ObjectSafeTracerProvider;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};

pub(super) type Tracing = Arc<dyn ObjectSafeTracerProvider + Send + Sync>;
pub(super) type Metering = Arc<dyn MeterProvider + Send + Sync>;

/// Spans and metrics by the OpenTelemetry API, for [`WatchBuilder::otel`](crate::WatchBuilder::otel).
///
/// Without a provider here the application's global ones are used. They are looked up when they are
/// needed, so they may be installed after the watch was built.
///
/// ```
/// use toolwatch::{Otel, Watch};
///
/// # fn main() -> Result<(), toolwatch::Error> {
/// let watch = Watch::builder().server("docs", "1.0.0").otel(Otel::new()).build()?;
/// assert!(watch.is_enabled() && watch.directory().is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "these are settings; hand them to `WatchBuilder::otel`"]
pub struct Otel {
    pub(super) tracing: Option<Tracing>,
    pub(super) metering: Option<Metering>,
    pub(super) makes_spans: bool,
    pub(super) makes_metrics: bool,
    pub(super) takes_tracestate: bool,
}

impl Otel {
    /// Spans and metrics on the global providers.
    pub const fn new() -> Self {
        Self {
            tracing: None,
            metering: None,
            makes_spans: true,
            makes_metrics: true,
            takes_tracestate: false,
        }
    }

    /// Makes spans with this provider, such as an `SdkTracerProvider`, instead of the global one.
    /// The application ends it; the watch never shuts a provider down.
    pub fn tracer_provider<P>(mut self, provider: P) -> Self
    where
        P: TracerProvider + Send + Sync + 'static,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Span + Send + Sync + 'static,
    {
        self.tracing = Some(Arc::new(provider));
        self
    }

    /// Makes metrics with this provider, such as an `SdkMeterProvider`, instead of the global one.
    pub fn meter_provider(mut self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.metering = Some(Arc::new(provider));
        self
    }

    /// Whether spans are made. Default: yes.
    pub const fn spans(mut self, are_made: bool) -> Self {
        self.makes_spans = are_made;
        self
    }

    /// Whether metrics are made. Default: yes.
    pub const fn metrics(mut self, are_made: bool) -> Self {
        self.makes_metrics = are_made;
        self
    }

    /// Whether a caller's `tracestate` becomes a part of the span's context, and so is exported and
    /// passed on by the author's propagators. Default: no, because it is a text that the caller
    /// chooses, with up to 512 characters of whatever they like, which no event can hold. Say yes
    /// where samplers or backends of callers that you trust need it.
    pub const fn tracestate(mut self, is_taken: bool) -> Self {
        self.takes_tracestate = is_taken;
        self
    }
}

impl Default for Otel {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Otel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otel")
            .field("has_tracer_provider", &self.tracing.is_some())
            .field("has_meter_provider", &self.metering.is_some())
            .field("spans", &self.makes_spans)
            .field("metrics", &self.makes_metrics)
            .field("tracestate", &self.takes_tracestate)
            .finish()
    }
}
