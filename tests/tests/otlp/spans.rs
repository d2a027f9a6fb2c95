//! One call of each outcome, attribute by attribute.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};
use toolwatch::RemoteParent;
use toolwatch_tests::posts::{self, Posts};
use toolwatch_tests::server::watched;
use toolwatch_tests::tour::every_outcome;
use toolwatch_tests::wrapped::{Era, Lines};

use super::collector::{Collector, PATIENCE, Sent};

/// Status codes of OTLP.
const UNSET: i32 = 0;
const ERROR: i32 = 2;

fn of_tool<'a>(spans: &'a [Sent], outcome: &str) -> &'a Sent {
    let has = |sent: &&Sent| {
        sent.attributes.get("toolwatch.outcome").is_some_and(|of| of == outcome)
            && sent.attributes.get("mcp.method.name").is_some_and(|method| method == "tools/call")
    };
    let mut found = spans.iter().filter(has);
    let first = found.next().unwrap_or_else(|| panic!("no span of outcome {outcome}"));
    assert!(found.next().is_none(), "two spans of outcome {outcome}");
    first
}

#[test]
fn every_outcome_is_a_span_by_the_conventions() {
    let collector = Collector::start();
    let (watch, _directory) = collector.watch(|builder| builder);
    every_outcome(&watch);
    let delivery = watch.flush(PATIENCE);
    let spans = collector.spans();
    assert_eq!(delivery.delivered, spans.len() as u64);
    let expected: [(&str, &str, i32, Value, Value); 11] = [
        ("ok", "echo", UNSET, json!(null), json!(null)),
        ("tool_error", "fail", ERROR, json!("tool_error"), json!(null)),
        ("invalid_arguments", "echo", ERROR, json!("tool_error"), json!(null)),
        ("protocol_error", "protocol_fail", ERROR, json!("-32603"), json!("-32603")),
        ("input_required", "ask", UNSET, json!(null), json!(null)),
        ("task", "task", UNSET, json!(null), json!(null)),
        ("unknown_tool", "_unknown", UNSET, json!(null), json!("-32602")),
        ("disabled_tool", "nothing", UNSET, json!(null), json!("-32602")),
        ("panic", "panic", ERROR, json!("panic"), json!(null)),
        ("cancelled", "wait", ERROR, json!("cancelled"), json!(null)),
        ("dropped", "wait", ERROR, json!("dropped"), json!(null)),
    ];
    for (outcome, tool, status, error_type, code) in expected {
        let Sent { span, attributes, .. } = of_tool(&spans, outcome);
        let of = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        assert_eq!(span.name, format!("tools/call {tool}"));
        assert_eq!(span.kind, SpanKind::Server as i32, "{outcome}");
        let told = span.status.clone().unwrap_or_default();
        assert_eq!((told.code, told.message.as_str()), (status, ""), "{outcome}");
        assert_eq!((of("error.type"), of("rpc.response.status_code")), (error_type, code));
        assert_eq!((of("gen_ai.tool.name"), of("mcp.tool.name")), (json!(tool), json!(tool)));
        assert_eq!(of("gen_ai.operation.name"), "execute_tool");
        assert_eq!(
            (of("mcp.protocol.version"), of("network.transport")),
            ("2025-11-25".into(), "pipe".into())
        );
        assert!(of("jsonrpc.request.id").is_string(), "{outcome}: {attributes:#?}");
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
        assert!(
            span.span_id.len() == 8 && span.trace_id.len() == 16 && span.parent_span_id.is_empty()
        );
        for never in ["mcp.session.id", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result"] {
            assert!(!attributes.contains_key(never), "{outcome} has {never}");
        }
    }
    let cancelled = of_tool(&spans, "cancelled");
    assert!(cancelled.span.end_time_unix_nano - cancelled.span.start_time_unix_nano >= 50_000_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_has_the_shape_of_its_arguments_and_result_and_no_value() {
    let collector = Collector::start();
    let (watch, _directory) = collector.watch(|builder| builder.tag("team", "docs"));
    let mut client =
        Lines::of(watch.wrap(watched::Server), Era::Session).start().await.expect("a client");
    let arguments = json!({ "text": "violet", "times": 2, "without": ["a", "b"], "colour": "red" });
    client.call("echo", arguments).await.expect("a reply");
    watch.flush(PATIENCE);
    let spans = collector.spans();
    let echo = of_tool(&spans, "ok");
    for (name, value) in [
        ("mcp.tool.args.text.length", json!(6)),
        ("mcp.tool.args.without.count", json!(2)),
        ("mcp.tool.args.schema_valid", json!(true)),
        ("mcp.tool.result.count", json!(1)),
        ("toolwatch.request_params.keys", json!(4)),
        ("toolwatch.request_params.unknown_keys", json!(1)),
        ("toolwatch.response_content.text_chars", json!(12)),
        ("toolwatch.response_content.blocks.text", json!(1)),
        ("toolwatch.event_type", json!("tool_call")),
        ("toolwatch.transport_type", json!("stdio")),
        ("toolwatch.client_name", json!("lines")),
        ("toolwatch.session.source", json!("process")),
        ("toolwatch.tags.team", json!("docs")),
    ] {
        assert_eq!(echo.attributes.get(name), Some(&value), "{name} in {:#?}", echo.attributes);
    }
    assert_eq!(echo.attributes["mcp.tool.args.hash"].as_str().map(str::len), Some(16));
    let bytes: Vec<u8> = collector.0.requests().iter().flat_map(|request| request.body()).collect();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("violet") && !text.contains("colour"));
    let [request] = &collector.0.requests()[..1] else { panic!("no request") };
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(request.header("content-encoding"), Some("gzip"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_resource_is_the_server_and_its_run() {
    let collector = Collector::start();
    let set = |otlp: toolwatch::Otlp| {
        otlp.metrics(false).resource_attribute("deployment.environment.name", "test")
    };
    let (watch, _directory) = collector.watch_with(set, |builder| builder.server("docs", "1.2.3"));
    watch.event("first").record();
    watch.event("second").record();
    watch.flush(PATIENCE);
    let spans = collector.spans();
    let resource = &spans[0].resource;
    for (name, value) in [
        ("service.name", "docs"),
        ("service.version", "1.2.3"),
        ("mcp.server.name", "docs"),
        ("telemetry.sdk.name", "toolwatch"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", env!("CARGO_PKG_RUST_VERSION")),
        ("deployment.environment.name", "test"),
    ] {
        if name != "telemetry.sdk.version" {
            assert_eq!(resource.get(name), Some(&json!(value)), "{name}");
        }
    }
    assert_eq!(resource["service.instance.id"].as_str().map(str::len), Some(36));
    assert!(spans.iter().all(|sent| sent.resource == *resource));
    assert!(spans[0].scope.starts_with("toolwatch "));
    let schema = "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev";
    assert_eq!(spans[0].schema_urls, [schema, schema]);
    assert_eq!(spans[0].span.kind, SpanKind::Internal as i32, "an event of the author's own");
}

const IN_META: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01";
const IN_HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The flag that a context is of another process, and that this is known.
const REMOTE: u32 = 0x300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parent_is_that_of_meta_and_the_http_context_a_link() {
    let collector = Collector::start();
    let (watch, _directory) = collector.watch(|builder| builder);
    let wrapper = watch.clone();
    let address = posts::serve(move || wrapper.wrap(watched::Server)).await;
    let client = Posts::start(address, Era::Session, "parents").await.expect("a client");
    let mut client = client.with_header("traceparent", IN_HEADER);
    let params =
        |meta: Value| json!({ "name": "echo", "arguments": { "text": "x" }, "_meta": meta });
    for meta in [json!({ "traceparent": IN_META }), json!({}), json!({ "traceparent": IN_HEADER })]
    {
        client.request("tools/call", params(meta)).await.expect("a reply");
    }
    watch.flush(PATIENCE);
    let spans = collector.spans();
    let calls: Vec<_> = spans.iter().filter(|sent| sent.span.name == "tools/call echo").collect();
    let context = |text: &str| (text[3..35].to_owned(), text[36..52].to_owned());
    for (call, parent) in calls.iter().zip([IN_META, IN_HEADER, IN_HEADER]) {
        let found = (hex(&call.span.trace_id), hex(&call.span.parent_span_id));
        assert_eq!(found, context(parent));
        assert_eq!(call.span.flags & REMOTE, REMOTE);
        assert_eq!(call.span.flags & 1, u32::from(parent == IN_META), "the caller's sampled flag");
        assert_eq!(call.attributes["network.transport"], "tcp");
        assert_eq!(call.attributes["network.protocol.name"], "http");
        // This client is a plain one.
        assert_eq!(call.attributes["network.protocol.version"], "1.0");
        let session = call.attributes["mcp.session.id"].as_str().expect("a session");
        assert_eq!(session.len(), 16, "hashed: {session}");
    }
    let links = |sent: &Sent| -> Vec<_> {
        sent.span.links.iter().map(|of| (hex(&of.trace_id), hex(&of.span_id))).collect()
    };
    assert_eq!(links(calls[0]), [context(IN_HEADER)]);
    assert_eq!(calls[0].span.links[0].flags & 1, 0, "the flag of the linked context");
    assert!(links(calls[1]).is_empty() && links(calls[2]).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_context_of_a_caller_is_trusted_as_far_as_the_author_says() {
    for (trust, links) in [(RemoteParent::Link, 1), (RemoteParent::Ignore, 0)] {
        let collector = Collector::start();
        let (watch, _directory) = collector.watch(|builder| builder.trust_remote_parent(trust));
        let server = watch.wrap(watched::Server);
        let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
        let meta = json!({ "traceparent": IN_META });
        let params = json!({ "name": "echo", "arguments": { "text": "x" }, "_meta": meta });
        client.request("tools/call", params).await.expect("a reply");
        watch.flush(PATIENCE);
        let spans = collector.spans();
        let Sent { span, .. } = of_tool(&spans, "ok");
        assert!(span.parent_span_id.is_empty() && hex(&span.trace_id) != IN_META[3..35]);
        assert_eq!(span.links.len(), links);
        assert!(span.links.iter().all(|link| hex(&link.trace_id) == IN_META[3..35]));
    }
}
