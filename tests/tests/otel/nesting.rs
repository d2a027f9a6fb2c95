//! The author's own spans are below those of their calls, whoever else runs meanwhile.

use opentelemetry_sdk::trace::SpanData;
use serde_json::json;
use toolwatch::Watch;
use toolwatch_tests::observed::{Observed, call};
use toolwatch_tests::sdk::{Sdk, attributes};
use toolwatch_tests::wrapped::{Era, Lines};

use super::nest::{Nest, below, calls, watch};

/// One span for the call, one of the author's below it, one below that.
#[track_caller]
fn assert_nested(spans: &[SpanData], call: &SpanData) {
    let [outer] = below(spans, call)[..] else { panic!("{spans:#?}") };
    let [inner] = below(spans, outer)[..] else { panic!("{spans:#?}") };
    assert_eq!((outer.name.as_ref(), inner.name.as_ref()), ("outer", "inner"));
    for span in [outer, inner] {
        assert_eq!(span.span_context.trace_id(), call.span_context.trace_id());
        assert!(span.start_time >= call.start_time && span.end_time <= call.end_time);
    }
}

fn of_text(reply: &serde_json::Value) -> String {
    reply["content"][0]["text"].as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_spans_nest_below_one_span_of_the_call_however_the_tool_is_watched() {
    for (tool, is_wrapped) in [
        ("watched", true),
        ("plain", true),
        ("at_once", true),
        ("watched", false),
        ("at_once", false),
    ] {
        let sdk = Sdk::default();
        let watch = watch(&sdk, |builder| builder);
        let arguments = json!({ "turns": 3 });
        let text = if is_wrapped {
            let server = watch.wrap(Nest::new(&sdk));
            let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
            of_text(&client.call(tool, arguments).await.expect("a reply")["result"])
        } else {
            let server = Observed::new(Nest::new(&sdk), &Watch::clone(&watch));
            let client = toolwatch_tests::wrapped::connect(server).await;
            let reply = call(&client, tool, arguments).await.expect("a reply");
            of_text(&serde_json::to_value(reply).expect("JSON"))
        };
        let spans = sdk.spans();
        let [call] = calls(&spans)[..] else { panic!("{tool}: {spans:#?}") };
        assert_eq!(call.name, format!("tools/call {tool}"));
        assert_nested(&spans, call);
        let ids = (call.span_context.trace_id(), call.span_context.span_id());
        assert_eq!(text, format!("{}-{}", ids.0, ids.1), "the tool runs in its span");
        if tool != "at_once" {
            let told = attributes(&call.attributes);
            assert_eq!(told["author.turns"], 3, "the author's attribute on our span");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_do_not_mix_their_contexts() {
    let count = 64 * toolwatch_tests::scale();
    let sdk = Sdk::default();
    let watch = watch(&sdk, |builder| builder);
    let mut client =
        Lines::of(watch.wrap(Nest::new(&sdk)), Era::Session).start().await.expect("a client");
    let mut ids = Vec::new();
    for number in 0..count {
        let tool = if number % 2 == 0 { "watched" } else { "plain" };
        let params = json!({ "name": tool, "arguments": { "turns": number % 17 } });
        ids.push(client.send_request("tools/call", params).await.expect("sent"));
    }
    let mut replied = std::collections::BTreeSet::new();
    while replied.len() < count {
        let line = client.line().await.expect("a line").expect("a reply");
        let reply: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert!(ids.contains(&reply["id"].as_u64().expect("an id")));
        replied.insert(of_text(&reply["result"]));
    }
    let spans = sdk.spans();
    let calls = calls(&spans);
    assert_eq!(calls.len(), count);
    for call in calls {
        assert_nested(&spans, call);
        let ids = (call.span_context.trace_id(), call.span_context.span_id());
        assert!(replied.contains(&format!("{}-{}", ids.0, ids.1)));
    }
    println!("otel: {count} concurrent calls, {} spans, each below its own call", spans.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_the_authors_own_is_a_span_below_its_call() {
    let sdk = Sdk::default();
    let watch = watch(&sdk, |builder| builder);
    let mut client =
        Lines::of(watch.wrap(Nest::new(&sdk)), Era::Session).start().await.expect("a client");
    client.call("own_event", json!({})).await.expect("a reply");
    watch.event("alone").record();
    let spans = sdk.spans();
    let [step] = below(&spans, calls(&spans)[0])[..] else { panic!("{spans:#?}") };
    let told = attributes(&step.attributes);
    assert_eq!((step.name.as_ref(), &told["toolwatch.properties.rows"]), ("step", &json!(3)));
    assert!(!step.parent_span_is_remote);
    let alone = spans.iter().find(|span| span.name == "alone").expect("a span");
    assert!(alone.parent_span_id == toolwatch::opentelemetry::trace::SpanId::INVALID);
}
