//! One call of each outcome, by the error rules of the conventions.

use opentelemetry_sdk::trace::SpanData;
use serde_json::{Value, json};
use toolwatch::event::Transport;
use toolwatch::opentelemetry::trace::{SpanId, SpanKind, Status};
use toolwatch_tests::sdk::{Sdk, attributes};
use toolwatch_tests::tour::every_outcome;

use super::nest::watch;

fn of_outcome<'a>(spans: &'a [SpanData], outcome: &str) -> &'a SpanData {
    let is_one = |span: &&SpanData| {
        let told = attributes(&span.attributes);
        told.get("toolwatch.outcome").is_some_and(|of| of == outcome)
            && span.name.starts_with("tools/call")
    };
    let mut found = spans.iter().filter(is_one);
    let first = found.next().unwrap_or_else(|| panic!("no span of outcome {outcome}"));
    assert!(found.next().is_none(), "two spans of outcome {outcome}");
    first
}

#[test]
fn every_outcome_is_a_span_that_has_ended() {
    let sdk = Sdk::default();
    let watch = watch(&sdk, |builder| builder.transport(Transport::Stdio));
    every_outcome(&watch);
    let spans = sdk.spans();
    let no = Value::Null;
    let expected: [(&str, &str, Value, Value); 11] = [
        ("ok", "echo", no.clone(), no.clone()),
        ("tool_error", "fail", json!("tool_error"), no.clone()),
        ("invalid_arguments", "echo", json!("tool_error"), no.clone()),
        ("protocol_error", "protocol_fail", json!("-32603"), json!("-32603")),
        ("input_required", "ask", no.clone(), no.clone()),
        ("task", "task", no.clone(), no.clone()),
        ("unknown_tool", "_unknown", no.clone(), json!("-32602")),
        ("disabled_tool", "nothing", no.clone(), json!("-32602")),
        ("panic", "panic", json!("panic"), no.clone()),
        ("cancelled", "wait", json!("cancelled"), no.clone()),
        ("dropped", "wait", json!("dropped"), no.clone()),
    ];
    for (outcome, tool, error_type, code) in expected {
        let span = of_outcome(&spans, outcome);
        let told = attributes(&span.attributes);
        let of = |name: &str| told.get(name).cloned().unwrap_or_default();
        assert_eq!(span.name, format!("tools/call {tool}"));
        assert_eq!(span.span_kind, SpanKind::Server);
        let status = match error_type.is_null() {
            true => Status::Unset,
            false => Status::error(""),
        };
        assert_eq!(span.status, status, "{outcome}");
        assert_eq!((of("error.type"), of("rpc.response.status_code")), (error_type, code));
        assert_eq!((of("gen_ai.tool.name"), of("mcp.tool.name")), (json!(tool), json!(tool)));
        assert_eq!(of("gen_ai.operation.name"), "execute_tool");
        assert_eq!(of("network.transport"), "pipe");
        assert!(of("jsonrpc.request.id").is_string(), "{outcome}: {told:#?}");
        assert_eq!(span.parent_span_id, SpanId::INVALID);
        assert!(span.end_time >= span.start_time && span.events.is_empty());
        assert_eq!((span.dropped_attributes_count, span.links.len()), (0, 0));
        for never in ["mcp.session.id", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result"] {
            assert!(!told.contains_key(never), "{outcome} has {never}");
        }
    }
    let cancelled = of_outcome(&spans, "cancelled");
    let took = cancelled.end_time.duration_since(cancelled.start_time).expect("an order");
    assert!(took >= std::time::Duration::from_millis(50), "{took:?}");
    let echo = attributes(&of_outcome(&spans, "ok").attributes);
    for (name, value) in [
        ("mcp.tool.args.text.length", json!(5)),
        ("mcp.tool.args.without.count", json!(2)),
        ("mcp.tool.args.schema_valid", json!(true)),
        ("mcp.tool.result.count", json!(1)),
        ("toolwatch.response_content.text_chars", json!(10)),
    ] {
        assert_eq!(echo.get(name), Some(&value), "{name} in {echo:#?}");
    }
    let scope = &of_outcome(&spans, "ok").instrumentation_scope;
    assert_eq!(scope.name(), "toolwatch");
    assert_eq!(attributes(scope.attributes())["mcp.server.name"], "suite");
    let session_spans = spans.iter().filter(|of| ["session_start", "close"].contains(&&*of.name));
    assert_eq!(session_spans.count(), 0, "a session is a metric, and no span");
}
