//! Events and spans have the same ids, so that logs, ingest and OpenTelemetry agree.

use opentelemetry_sdk::trace::{Sampler, SpanData};
use serde_json::{Value, json};
use toolwatch::opentelemetry::trace::SpanId;
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::sdk::{Sdk, attributes};
use toolwatch_tests::wrapped::{Era, Lines};

use super::nest::{Nest, calls};

fn events(recorder: &Recorder) -> Vec<Value> {
    let read = |record| serde_json::to_value(record).expect("JSON");
    recorder.records().iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_has_the_ids_of_its_span() {
    let sdk = Sdk::default();
    let recorder = Recorder::with(|builder| builder.otel(sdk.otel()));
    let server = recorder.watch.wrap(Nest::new(&sdk));
    let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
    for tool in ["watched", "plain", "own_event"] {
        client.call(tool, json!({ "turns": 1 })).await.expect("a reply");
    }
    let (events, spans) = (events(&recorder), sdk.spans());
    let mut compared = 0;
    let has_replied = |of: &&Value| of["event_type"] == "tool_call" || of["event_type"] == "custom";
    for event in events.iter().filter(has_replied) {
        let id = event["event_id"].as_str().expect("an id");
        let is_its = |of: &&SpanData| {
            let told = attributes(&of.attributes);
            told.get("toolwatch.event_id").is_some_and(|told| told == id)
        };
        let span = spans.iter().find(is_its).unwrap_or_else(|| panic!("no span of {event}"));
        assert_eq!(event["trace_id"], span.span_context.trace_id().to_string());
        assert_eq!(event["span_id"], span.span_context.span_id().to_string());
        let parent = event["parent_span_id"]
            .as_str()
            .map_or(SpanId::INVALID, |id| SpanId::from_hex(id).expect("an id"));
        assert_eq!(parent, span.parent_span_id);
        assert!(event["attributes"].get("trace_sampled").is_none());
        compared += 1;
    }
    assert!(compared == 4, "{compared} events: {events:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_a_span_that_is_left_out_says_so() {
    let sdk = Sdk::sampled(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)));
    let recorder = Recorder::with(|builder| builder.otel(sdk.otel()));
    let server = recorder.watch.wrap(Nest::new(&sdk));
    let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
    let meta = json!({ "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-00" });
    let params = json!({ "name": "watched", "arguments": { "turns": 1 }, "_meta": meta });
    let reply = client.request("tools/call", params).await.expect("a reply");
    // The author's own spans follow, because the context of the one that is left out is there.
    let spans = sdk.spans();
    let is_below = |of: &SpanData| of.name == "outer" || of.name == "inner";
    assert!(calls(&spans).is_empty() && !spans.iter().any(is_below), "{spans:#?}");
    let events = events(&recorder);
    let call = events.iter().find(|event| event["event_type"] == "tool_call").expect("an event");
    assert_eq!(call["attributes"]["trace_sampled"], false);
    assert_eq!(call["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    let ids = format!("{}-{}", call["trace_id"], call["span_id"]).replace('"', "");
    assert!(reply.contains(&ids), "the tool ran in {ids}: {reply}");
}
