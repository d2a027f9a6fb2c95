//! What a span hangs below: `_meta`, the HTTP request, or nothing; and what a caller may choose.

use opentelemetry_sdk::trace::{Sampler, SpanData};
use serde_json::{Value, json};
use toolwatch::opentelemetry::Context;
use toolwatch::opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use toolwatch::{Otel, RemoteParent};
use toolwatch_tests::observed::offline;
use toolwatch_tests::posts::{self, Posts};
use toolwatch_tests::sdk::Sdk;
use toolwatch_tests::server::watched;
use toolwatch_tests::wrapped::Era;

use super::nest::calls;

const IN_META: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01";
const IN_HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00";
/// What the application's HTTP layer has stored.
const STORED: (u128, u64) = (0x5, 0x7);

/// One call with these contexts, and its span.
struct Asked {
    meta: Value,
    header: bool,
    stored: bool,
    trust: RemoteParent,
    tracestate: bool,
}

impl Default for Asked {
    fn default() -> Self {
        let trust = RemoteParent::Parent;
        Self { meta: json!({}), header: false, stored: false, trust, tracestate: false }
    }
}

impl Asked {
    async fn call(self) -> SpanData {
        // Whatever the parent says, so that there is a span to see.
        let sdk = Sdk::sampled(Sampler::AlwaysOn);
        let otel: Otel = sdk.otel().tracestate(self.tracestate);
        let watch = offline().otel(otel).trust_remote_parent(self.trust).build().expect("a watch");
        let wrapper = watch.clone();
        let is_stored = self.stored;
        let layers = move |app: axum::Router| {
            let (trace, span) = (TraceId::from(STORED.0), SpanId::from(STORED.1));
            let span =
                SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::default());
            let context = Context::new().with_remote_span_context(span);
            if is_stored { app.layer(axum::Extension(context)) } else { app }
        };
        let address = posts::serve_behind(move || wrapper.wrap(watched::Server), layers).await;
        let client = Posts::start(address, Era::Session, "parents").await.expect("a client");
        let mut client = match self.header {
            true => client
                .with_header("traceparent", IN_HEADER)
                .with_header("tracestate", "header=1")
                .with_header("tracestate", "more=2"),
            false => client,
        };
        let params = json!({ "name": "echo", "arguments": { "text": "x" }, "_meta": self.meta });
        client.request("tools/call", params).await.expect("a reply");
        let spans = sdk.spans();
        let [call] = calls(&spans)[..] else { panic!("{spans:#?}") };
        call.clone()
    }
}

fn context(traceparent: &str) -> (TraceId, SpanId) {
    let trace = TraceId::from_hex(&traceparent[3..35]).expect("an id");
    (trace, SpanId::from_hex(&traceparent[36..52]).expect("an id"))
}

fn parent(span: &SpanData) -> (TraceId, SpanId) {
    (span.span_context.trace_id(), span.parent_span_id)
}

fn links(span: &SpanData) -> Vec<(TraceId, SpanId)> {
    let ids = |of: &SpanContext| (of.trace_id(), of.span_id());
    span.links.iter().map(|link| ids(&link.span_context)).collect()
}

fn meta() -> Value {
    json!({ "traceparent": IN_META, "tracestate": "vendor=secret" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parent_is_that_of_meta_then_of_http_then_nobody() {
    let stored = (TraceId::from(STORED.0), SpanId::from(STORED.1));
    let both = Asked { meta: meta(), header: true, ..Asked::default() }.call().await;
    assert_eq!((parent(&both), links(&both)), (context(IN_META), vec![context(IN_HEADER)]));
    assert!(both.parent_span_is_remote);
    assert!(!both.links[0].span_context.is_sampled() && both.links[0].span_context.is_remote());

    let header = Asked { header: true, ..Asked::default() }.call().await;
    assert_eq!((parent(&header), links(&header)), (context(IN_HEADER), vec![]));

    // The span of the application's own HTTP layer is nearer than the header that it came from.
    let nearer = Asked { header: true, stored: true, ..Asked::default() }.call().await;
    assert_eq!((parent(&nearer), links(&nearer)), (stored, vec![]));
    assert!(!nearer.parent_span_is_remote);

    let all = Asked { meta: meta(), header: true, stored: true, ..Asked::default() }.call().await;
    assert_eq!((parent(&all), links(&all)), (context(IN_META), vec![stored]));

    let none = Asked::default().call().await;
    assert_eq!((none.parent_span_id, links(&none)), (SpanId::INVALID, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_context_of_a_caller_is_trusted_as_far_as_the_author_says() {
    for (trust, linked) in
        [(RemoteParent::Link, vec![context(IN_META)]), (RemoteParent::Ignore, vec![])]
    {
        let span = Asked { meta: meta(), header: true, trust, ..Asked::default() }.call().await;
        assert_eq!((span.parent_span_id, links(&span)), (SpanId::INVALID, linked.clone()));
        assert_ne!(span.span_context.trace_id(), context(IN_META).0);
        // What the application has stored is no caller's.
        let asked = Asked { meta: meta(), stored: true, trust, ..Asked::default() };
        let span = asked.call().await;
        assert_eq!(parent(&span), (TraceId::from(STORED.0), SpanId::from(STORED.1)));
        assert_eq!(links(&span), linked);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracestate_is_taken_when_the_author_says_so_and_else_never() {
    let state = |span: &SpanData| span.span_context.trace_state().header();
    let refused = Asked { meta: meta(), header: true, ..Asked::default() }.call().await;
    assert_eq!(state(&refused), "");
    assert!(!format!("{refused:?}").contains("secret"));
    let taken = Asked { meta: meta(), header: true, tracestate: true, ..Asked::default() };
    assert_eq!(state(&taken.call().await), "vendor=secret", "that of the same context");
    let header = Asked { header: true, tracestate: true, ..Asked::default() };
    assert_eq!(state(&header.call().await), "header=1,more=2");
    for hostile in
        ["x".repeat(513) + "=1", "no list".to_owned(), "a=\n".to_owned(), "a=\u{e9}".to_owned()]
    {
        let meta = json!({ "traceparent": IN_META, "tracestate": hostile });
        let span = Asked { meta, tracestate: true, ..Asked::default() }.call().await;
        assert_eq!((state(&span), parent(&span)), (String::new(), context(IN_META)));
    }
}
