//! Spans of `tracing`, for authors who use tracing-opentelemetry.

use opentelemetry_sdk::trace::SpanData;
use serde_json::json;
use toolwatch::opentelemetry::trace::{SpanId, TracerProvider as _};
use toolwatch_tests::sdk::Sdk;
use toolwatch_tests::wrapped::{Era, Lines};
use tracing_subscriber::layer::SubscriberExt as _;

use super::nest::{Nest, below, calls, watch};

/// Calls a tool under a subscriber that makes spans of everything, rmcp's own ones among them.
async fn spans(activates: bool) -> Vec<SpanData> {
    let sdk = Sdk::default();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(sdk.tracing.tracer("tracing"))
        .with_context_activation(activates);
    let subscriber = tracing_subscriber::registry().with(layer);
    // All tasks are on this thread.
    let _guard = tracing::subscriber::set_default(subscriber);
    let watch = watch(&sdk, |builder| builder);
    let mut client =
        Lines::of(watch.wrap(Nest::new(&sdk)), Era::Session).start().await.expect("a client");
    client.call("traced", json!({})).await.expect("a reply");
    client.close().await.expect("the end");
    sdk.spans()
}

#[tokio::test]
async fn spans_of_tracing_nest_below_the_call_and_not_below_the_connection() {
    let spans = spans(true).await;
    let connection = spans.iter().find(|span| span.name == "serve_inner");
    let connection = connection.expect("rmcp has a span for the whole connection");
    let [call] = calls(&spans)[..] else { panic!("{spans:#?}") };
    assert_eq!(call.parent_span_id, SpanId::INVALID, "a root, whatever is ambient");
    assert_ne!(call.span_context.trace_id(), connection.span_context.trace_id());
    let [outer] = below(&spans, call)[..] else { panic!("{spans:#?}") };
    let [inner] = below(&spans, outer)[..] else { panic!("{spans:#?}") };
    let [innermost] = below(&spans, inner)[..] else { panic!("{spans:#?}") };
    let names = [outer, inner, innermost].map(|span| span.name.as_ref());
    assert_eq!(names, ["outer", "inner", "innermost"]);
}

/// What does not hold, as the guide says: a layer that is told to ignore contexts ignores ours.
#[tokio::test]
async fn without_context_activation_spans_of_tracing_stay_below_the_connection() {
    let spans = spans(false).await;
    let connection = spans.iter().find(|span| span.name == "serve_inner").expect("a span");
    let [call] = calls(&spans)[..] else { panic!("{spans:#?}") };
    assert!(below(&spans, call).iter().all(|span| span.name != "outer"));
    assert!(below(&spans, connection).iter().any(|span| span.name == "outer"), "{spans:#?}");
    assert_eq!(call.parent_span_id, SpanId::INVALID);
}
