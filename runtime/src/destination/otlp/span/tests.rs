//! Events that are damaged, and members of any shape.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::destination::otlp::protobuf::{Field, Fields};

fn event() -> Value {
    json!({
        "event_id": "01a1fe83-a0bc-7752-9f8b-b15d3e26312f",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": "b7ad6b7169203331",
        "event_type": "tool_call",
        "event_name": "search",
        "started_at": "2026-11-21T06:44:51.123456Z",
        "duration_ms": 1.234567,
        "mcp_method": "tools/call",
        "attributes": { "outcome": "ok" },
    })
}

/// Does something with the span of an event, `None` where it is damaged.
fn with_span<T>(event: &Value, act: impl FnOnce(Option<Span<'_>>) -> T) -> T {
    let json = event.to_string();
    act(Span::read(&Node::read(json.as_bytes()).unwrap()))
}

fn written(event: &Value) -> Vec<u8> {
    let mut message = Message::default();
    with_span(event, |span| span.unwrap().write(&mut message));
    message.into_bytes()
}

fn numbers(bytes: &[u8], field: u64) -> Vec<u64> {
    let number = |(of, value)| match value {
        Field::Number(number) if of == field => Some(number),
        _ => None,
    };
    Fields(bytes).filter_map(number).collect()
}

#[test]
fn times_are_exact_to_the_nanosecond() {
    let bytes = written(&event());
    let start = 1_795_243_491_123_456_000;
    assert_eq!(numbers(&bytes, 7), [start]);
    assert_eq!(numbers(&bytes, 8), [start + 1_234_567]);
}

#[test]
fn the_flags_tell_whether_the_caller_samples_its_trace() {
    assert_eq!(numbers(&written(&event()), 16), [0x101]);
    let mut event = event();
    event["parent_span_id"] = json!("00f067aa0ba902b7");
    event["attributes"]["trace_sampled"] = json!(false);
    assert_eq!(numbers(&written(&event), 16), [0x300]);
    let bytes = written(&event);
    assert!(!String::from_utf8_lossy(&bytes).contains("trace_sampled"));
}

#[test]
fn an_event_without_what_a_span_needs_is_none() {
    for (member, value) in [
        ("trace_id", json!("0".repeat(32))),
        ("trace_id", json!("4bf92f")),
        ("trace_id", json!("4bf92f3577b34da6a3ce929d0e0e473\u{e9}")),
        ("span_id", json!(7)),
        ("started_at", json!("yesterday")),
        ("duration_ms", json!("1")),
        ("event_type", json!(null)),
    ] {
        let mut event = event();
        event[member] = value;
        assert!(with_span(&event, |span| span.is_none()), "{event}");
    }
    for none in [json!([]), json!(null)] {
        assert!(with_span(&none, |span| span.is_none()), "{none}");
    }
}

#[test]
fn a_code_of_nobody_is_told_in_full_on_a_span() {
    for (outcome, code, expect) in [
        ("protocol_error", json!(-32042), Some("-32042")),
        ("protocol_error", json!(i64::MAX), Some("9223372036854775807")),
        ("protocol_error", json!(-32602), None),
        ("invalid_arguments", json!(-32602), Some("tool_error")),
        ("interrupted", json!(null), Some("interrupted")),
        ("no_outcome_of_this_version", json!(null), None),
    ] {
        let mut event = event();
        event["attributes"]["outcome"] = json!(outcome);
        event["error_code"] = code;
        let told = with_span(&event, |span| span.unwrap().described.error_type());
        assert_eq!(told.as_deref(), expect, "{event}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// A newer server's members, or damage that is still JSON, stop no batch.
    #[test]
    fn members_of_any_shape_make_a_readable_span(
        request in any_json(), result in any_json(), attributes in any_json(), code in any_json(),
    ) {
        let mut event = event();
        event["request_params"] = request;
        event["response_content"] = result;
        event["attributes"] = attributes;
        event["error_code"] = code;
        let bytes = written(&event);
        let fields = Fields(&bytes).count();
        prop_assert!(fields >= 8, "{fields} fields");
        prop_assert_eq!(numbers(&bytes, 16).len(), 1, "the last field is reached");
    }
}
