//! A server whose tools open spans of their own, with the attribute and without.

use opentelemetry_sdk::trace::{SdkTracer, SpanData};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::opentelemetry::trace::{
    FutureExt as _, SpanId, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use toolwatch::opentelemetry::{Context, KeyValue};
use toolwatch::{CurrentCall, Shape, Watch, WatchBuilder, watched_tool};
use toolwatch_tests::observed::offline;
use toolwatch_tests::sdk::Sdk;

#[derive(serde::Deserialize, schemars::JsonSchema, Shape)]
pub(crate) struct Turns {
    /// How often the tool lets others go first.
    turns: u32,
}

#[derive(Clone)]
pub(crate) struct Nest {
    tracer: SdkTracer,
}

/// Says in which span the code that asks runs.
pub(crate) fn here() -> String {
    let context = Context::current();
    let span = context.span().span_context().clone();
    format!("{}-{}", span.trace_id(), span.span_id())
}

impl Nest {
    pub(crate) fn new(sdk: &Sdk) -> Self {
        Self { tracer: sdk.tracing.tracer("author") }
    }

    /// Opens a span, lets others go first, and opens another one below it.
    async fn work(&self, turns: u32) -> String {
        let before = here();
        let outer = self.tracer.start("outer");
        let inner = async {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            self.tracer.in_span("inner", |_| ());
        };
        inner.with_context(Context::current_with_span(outer)).await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        assert_eq!(here(), before, "the context came back after the await");
        Context::current().span().set_attribute(KeyValue::new("author.turns", i64::from(turns)));
        before
    }
}

#[tool_router(server_handler, vis = "pub(crate)")]
impl Nest {
    /// With the attribute.
    #[watched_tool]
    #[tool]
    async fn watched(&self, Parameters(Turns { turns }): Parameters<Turns>) -> String {
        self.work(turns).await
    }

    /// Without.
    #[tool]
    async fn plain(&self, Parameters(Turns { turns }): Parameters<Turns>) -> String {
        self.work(turns).await
    }

    /// Not async, with the attribute.
    #[watched_tool]
    #[tool]
    fn at_once(&self) -> String {
        self.tracer.in_span("outer", |_| self.tracer.in_span("inner", |_| ()));
        here()
    }

    /// Opens spans of `tracing`.
    #[watched_tool]
    #[tool]
    async fn traced(&self) -> String {
        use tracing::Instrument as _;
        let inner = async {
            tokio::task::yield_now().await;
            tracing::info_span!("inner").in_scope(|| self.tracer.in_span("innermost", |_| ()));
        };
        inner.instrument(tracing::info_span!("outer")).await;
        here()
    }

    /// Records an event of its own.
    #[watched_tool]
    #[tool]
    async fn own_event(&self, call: CurrentCall) -> String {
        call.event("step").count("rows", 3_u64).record();
        here()
    }

    /// Not to be seen.
    #[watched_tool(skip)]
    #[tool]
    async fn skipped(&self) -> String {
        here()
    }
}

/// A watch on these providers and nothing else.
pub(crate) fn watch(sdk: &Sdk, set: impl FnOnce(WatchBuilder) -> WatchBuilder) -> Watch {
    set(offline().otel(sdk.otel())).build().expect("a watch")
}

/// The spans of tool calls.
pub(crate) fn calls(spans: &[SpanData]) -> Vec<&SpanData> {
    let is_call = |span: &&SpanData| {
        span.span_kind == SpanKind::Server && span.name.starts_with("tools/call")
    };
    spans.iter().filter(is_call).collect()
}

/// The spans directly below one.
pub(crate) fn below<'a>(spans: &'a [SpanData], parent: &SpanData) -> Vec<&'a SpanData> {
    let id = parent.span_context.span_id();
    spans.iter().filter(|span| id != SpanId::INVALID && span.parent_span_id == id).collect()
}
