//! What samplers see, and what is not sampled by them: calls that are skipped, watches that are off.

use std::sync::{Arc, Mutex};

use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};
use serde_json::{Value, json};
use toolwatch::opentelemetry::trace::{Link, SpanKind, TraceId, TraceState};
use toolwatch::opentelemetry::{Context, KeyValue};
use toolwatch_tests::sdk::{Sdk, attributes};
use toolwatch_tests::server::watched;
use toolwatch_tests::wrapped::{Era, Lines};

use super::nest::{Nest, calls, watch};

type Asked = (String, SpanKind, std::collections::BTreeMap<String, Value>);

/// Notes what it is asked, and takes every span.
#[derive(Clone, Debug, Default)]
struct Curious(Arc<Mutex<Vec<Asked>>>);

impl ShouldSample for Curious {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        name: &str,
        kind: &SpanKind,
        of: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        self.0.lock().unwrap().push((name.to_owned(), kind.clone(), attributes(of)));
        SamplingResult {
            decision: SamplingDecision::RecordAndSample,
            attributes: Vec::new(),
            trace_state: TraceState::default(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sampler_sees_all_that_is_known_when_a_call_starts() {
    let sampler = Curious::default();
    let sdk = Sdk::sampled(sampler.clone());
    let watch = watch(&sdk, |builder| builder.tag("team", "docs"));
    let mut client =
        Lines::of(watch.wrap(watched::Server), Era::Session).start().await.expect("a client");
    client.call("echo", json!({ "text": "violet" })).await.expect("a reply");
    client.call("nobody", json!({ "text": "violet" })).await.expect("a reply");
    let asked = sampler.0.lock().unwrap().clone();
    let calls_asked: Vec<_> = asked.iter().filter(|of| of.0.starts_with("tools/call")).collect();
    let [known, unknown] = calls_asked[..] else { panic!("{asked:#?}") };
    assert_eq!((known.0.as_str(), &known.1), ("tools/call echo", &SpanKind::Server));
    for (name, value) in [
        ("mcp.method.name", json!("tools/call")),
        ("gen_ai.tool.name", json!("echo")),
        ("gen_ai.operation.name", json!("execute_tool")),
        ("mcp.protocol.version", json!("2025-11-25")),
        ("mcp.tool.args.text.length", json!(6)),
        ("mcp.tool.args.schema_valid", json!(true)),
        ("toolwatch.client_name", json!("lines")),
        ("toolwatch.tags.team", json!("docs")),
    ] {
        assert_eq!(known.2.get(name), Some(&value), "{name} in {:#?}", known.2);
    }
    for later in ["toolwatch.outcome", "error.type", "mcp.tool.result.count"] {
        assert!(!known.2.contains_key(later), "{later} is not known yet");
    }
    assert_eq!(unknown.0, "tools/call", "a name that a caller made up is nobody's");
    let spans = sdk.spans();
    let names: Vec<_> = calls(&spans).iter().map(|span| span.name.to_string()).collect();
    assert_eq!(names, ["tools/call echo", "tools/call _unknown"]);
    spans.iter().for_each(|span| drop(attributes(&span.attributes)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_recorded_makes_no_span_and_no_duration() {
    let sdk = Sdk::default();
    let skipping = watch(&sdk, |builder| builder.skip_tools(["plain"]).skip_methods(["ping"]));
    let disabled = super::nest::watch(&sdk, |builder| {
        builder.environment(|name| (name == "TOOLWATCH_ENABLED").then(|| "false".to_owned()))
    });
    assert!(!disabled.is_enabled());
    let mut client =
        Lines::of(disabled.wrap(Nest::new(&sdk)), Era::Session).start().await.expect("a client");
    client.call("skipped", json!({})).await.expect("a reply");
    assert!(sdk.spans().is_empty());
    let mut client =
        Lines::of(skipping.wrap(Nest::new(&sdk)), Era::Session).start().await.expect("a client");
    client.call("skipped", json!({})).await.expect("a reply");
    client.call("plain", json!({ "turns": 0 })).await.expect("a reply");
    client.request("ping", json!({})).await.expect("a reply");
    client.call("watched", json!({ "turns": 0 })).await.expect("a reply");
    let spans = sdk.spans();
    let [call] = calls(&spans)[..] else { panic!("{spans:#?}") };
    assert_eq!(call.name, "tools/call watched");
    assert!(spans.iter().all(|span| span.name != "ping"));
    let [_, metrics] = sdk.exported();
    assert!(metrics.contains("watched") && !metrics.contains("plain") && !metrics.contains("ping"));
}
