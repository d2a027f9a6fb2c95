//! Which provider is used, and whether anybody is told when it is a no-op.

use std::sync::{Arc, Mutex};

use serde_json::json;
use toolwatch::opentelemetry::global;
use toolwatch::opentelemetry::trace::noop::NoopTracerProvider;
use toolwatch::{Otel, OtelState, Watch};
use toolwatch_tests::observed::offline;
use toolwatch_tests::sdk::{Sdk, attributes};
use toolwatch_tests::server::watched;
use toolwatch_tests::wrapped::{Era, Lines};

use super::nest::{calls, watch};

type Told = Arc<Mutex<Vec<String>>>;

/// Held by the tests that see whether somebody has collected of the global provider.
static GLOBAL: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A watch that notes what the operator is told.
fn told(otel: Otel) -> (Watch, Told) {
    let told = Told::default();
    let note = Arc::clone(&told);
    let builder = offline().otel(otel);
    let builder = builder.on_error(move |error| note.lock().unwrap().push(error.to_string()));
    (builder.build().expect("a watch"), told)
}

async fn call(watch: &Watch, times: usize) {
    let server = watch.wrap(watched::Server);
    let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
    for _ in 0..times {
        let reply = client.call("echo", json!({ "text": "hello" })).await.expect("a reply");
        assert_eq!(reply["result"]["content"][0]["text"], "hello");
    }
}

/// The one test that installs global providers: those of the process are its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_that_are_installed_later_are_found_and_until_then_the_operator_is_told_once() {
    let _turn = GLOBAL.lock().await;
    let (watch, told) = told(Otel::new());
    assert_eq!(watch.otel_check().spans, OtelState::Unproven);
    assert!(watch.directory().is_none() && watch.destinations().is_empty());
    call(&watch, 3).await;
    assert_eq!(watch.otel_check().spans, OtelState::NoOp);
    let warned = told.lock().unwrap().clone();
    let [line] = &warned[..] else { panic!("{warned:?}") };
    for needed in ["no-op", "set_tracer_provider", "Otel::tracer_provider", "cargo tree"] {
        assert!(line.contains(needed), "{needed} in {line}");
    }
    let sdk = Sdk::default();
    global::set_tracer_provider(sdk.tracing.clone());
    global::set_meter_provider(sdk.metering.clone());
    call(&watch, 2).await;
    assert_eq!(calls(&sdk.spans()).len(), 2);
    assert_eq!(watch.otel_check().spans, OtelState::Works);
    assert_eq!(watch.otel_check().metrics, OtelState::Unproven);
    let [_, metrics] = sdk.exported();
    assert!(metrics.contains("mcp.server.operation.duration"));
    assert!(metrics.contains("toolwatch.tool.calls"), "those before are in the registry");
    assert_eq!(watch.otel_check().metrics, OtelState::Works);
    // One that is handed over holds against the global one.
    let own = Sdk::default();
    let (other, _) = self::told(own.otel());
    call(&other, 1).await;
    assert_eq!((calls(&own.spans()).len(), calls(&sdk.spans()).len()), (1, 2));
    assert_eq!(told.lock().unwrap().len(), 1, "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_a_no_op_or_shut_down_is_told_of() {
    let (watch, told) = told(Otel::new().tracer_provider(NoopTracerProvider::new()));
    call(&watch, 1).await;
    assert_eq!((watch.otel_check().spans, told.lock().unwrap().len()), (OtelState::NoOp, 1));
    let sdk = Sdk::default();
    let (watch, told) = self::told(sdk.otel());
    call(&watch, 1).await;
    assert_eq!((watch.otel_check().spans, told.lock().unwrap().len()), (OtelState::Works, 0));
    sdk.tracing.shutdown().expect("an end");
    call(&watch, 2).await;
    assert_eq!((watch.otel_check().spans, told.lock().unwrap().len()), (OtelState::NoOp, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_op_passes_the_callers_context_on_and_is_seen_through_it() {
    let (watch, told) = told(Otel::new().tracer_provider(NoopTracerProvider::new()));
    let sdk = Sdk::default();
    let server = watch.wrap(super::nest::Nest::new(&sdk));
    let mut client = Lines::of(server, Era::Stateless).start().await.expect("a client");
    let meta = json!({ "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01" });
    let params = json!({ "name": "watched", "arguments": { "turns": 1 }, "_meta": meta });
    let reply = client.request("tools/call", params).await.expect("a reply");
    assert!(reply.contains("4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331"), "{reply}");
    assert_eq!((watch.otel_check().spans, told.lock().unwrap().len()), (OtelState::NoOp, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_watches_on_one_provider_are_told_apart_by_their_scope() {
    let sdk = Sdk::default();
    let one = watch(&sdk, |builder| builder.server("one", "1"));
    let two = watch(&sdk, |builder| builder.server("two", "1"));
    call(&one, 2).await;
    call(&two, 3).await;
    let spans = sdk.spans();
    let of = |name: &str| {
        let scope = |span: &&&opentelemetry_sdk::trace::SpanData| {
            attributes(span.instrumentation_scope.attributes())["mcp.server.name"] == name
        };
        calls(&spans).iter().filter(scope).count()
    };
    assert_eq!((of("one"), of("two")), (2, 3));
    let metrics = sdk.metrics();
    let mut counts: Vec<_> = metrics
        .scope_metrics()
        .map(|scope| {
            let name = attributes(scope.scope().attributes())["mcp.server.name"].to_string();
            let calls = scope.metrics().find(|metric| metric.name() == "toolwatch.tool.calls");
            (name, format!("{:?}", calls.expect("calls").data()))
        })
        .collect();
    counts.sort();
    assert!(counts[0].0.contains("one") && counts[0].1.contains("value: 2"), "{counts:#?}");
    assert!(counts[1].0.contains("two") && counts[1].1.contains("value: 3"), "{counts:#?}");
}

#[test]
fn the_variable_turns_it_on() {
    let _turn = GLOBAL.blocking_lock();
    let on = |name: &str| (name == "TOOLWATCH_OTEL").then(|| "1".to_owned());
    let watch = Watch::builder().environment(on).build().expect("a watch");
    assert!(watch.is_enabled() && watch.directory().is_none());
    assert_eq!(watch.otel_check().metrics, OtelState::Unproven);
    let off = Watch::builder().environment(|_| None).build().expect("a watch");
    assert!(!off.is_enabled());
    assert_eq!(off.otel_check().spans, OtelState::Off);
}
