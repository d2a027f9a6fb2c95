//! Whole events as text.

use serde_json::{Value, json};

use super::*;
use crate::event::*;

pub(crate) fn plain() -> Event {
    let field = |path, kind, len| FieldShape {
        path: Name::register(path),
        kind,
        len,
        hash: None,
        value: None,
    };
    Event {
        id: EventId::at(Timestamp(1_795_243_491_123_456_789)),
        event_type: EventType::ToolCall,
        name: Name::from_static("search"),
        method: "tools/call",
        tags: &[],
        more_tags: Vec::new(),
        properties: Vec::new(),
        request_id: None,
        is_continuation: false,
        started: Timestamp(1_795_243_491_123_456_789),
        duration_ns: 1_234_500,
        queue_ns: 0,
        trace: Trace { trace_id: [0xab; 16], span_id: [0x01; 8], ..Trace::fresh() },
        outcome: Outcome::Ok,
        caller: Caller {
            client_name: Some(Label::clean("claude-code")),
            client_version: Some(Label::clean("2.1.0")),
            protocol_version: Some(Label::clean("2025-06-18")),
            transport: Transport::Stdio,
            http_version: None,
            identity: None,
            session: Some(SessionKey {
                value: 0xfe,
                source: SessionSource::Process,
                confidence: Confidence::High,
            }),
        },
        arguments: Some(Arguments {
            bytes: 200,
            keys: 4,
            fields: vec![
                field("cursor", JsonKind::String, Some(24)),
                field("filter", JsonKind::Object, Some(1)),
                field("limit", JsonKind::Integer, None),
                field("query", JsonKind::String, Some(90)),
            ],
            schema_valid: Some(true),
            hash: Some(0x0123_4567_89ab_cdef),
            repeat_run: 1,
            repeat_window: 1,
            ..Arguments::default()
        }),
        result: Some(ResultShape {
            bytes: 350,
            blocks: [1, 0, 0, 0, 0],
            text_chars: 300,
            ..ResultShape::default()
        }),
        failure: None,
        intent: None,
        signals: Signals::default(),
        opaque: None,
        detail: None,
        weight: 1.0,
    }
}

fn text(event: &Event) -> String {
    let mut out = Vec::new();
    encode(event, &[], &mut out);
    String::from_utf8(out).unwrap()
}

fn parsed(event: &Event) -> Value {
    serde_json::from_str(&text(event)).unwrap()
}

#[test]
fn a_plain_call_is_short_and_has_the_documented_members() {
    let event = plain();
    let expected = format!(
        concat!(
            r#"{{"event_id":"{}","trace_id":"{}","span_id":"{}","event_type":"tool_call","event_name":"search","#,
            r#""started_at":"2026-11-21T06:44:51.123456Z","ended_at":"2026-11-21T06:44:51.124691Z","duration_ms":1.2345,"#,
            r#""mcp_method":"tools/call","mcp_protocol_version":"2025-06-18","request_params":{{"bytes":200,"keys":4,"#,
            r#""fields":{{"cursor":{{"type":"string","len":24}},"filter":{{"type":"object","len":1}},"#,
            r#""limit":{{"type":"integer"}},"query":{{"type":"string","len":90}}}},"schema_valid":true,"#,
            r#""hash":"0123456789abcdef"}},"response_content":{{"bytes":350,"token_estimate":100,"blocks":{{"text":1}},"#,
            r#""text_chars":300}},"is_error":false,"transport_type":"stdio","client_name":"claude-code","#,
            r#""client_version":"2.1.0","attributes":{{"outcome":"ok","session":{{"key":"00000000000000fe","source":"process","confidence":"high"}}}}}}"#,
        ),
        event.id,
        "ab".repeat(16),
        "01".repeat(8)
    );
    assert_eq!(text(&event), expected);
    assert!(expected.len() <= 900, "{}", expected.len());
}

/// A call that failed, with every member that a plain one has not.
pub(crate) fn failed() -> Event {
    let mut event = plain();
    event.outcome = Outcome::ToolError;
    event.trace.parent_span_id = Some([2; 8]);
    event.tags = &[("team", "search \"a\"")];
    event.queue_ns = 7;
    event.weight = 12.5;
    event.failure = Some(Failure {
        kind: ErrorKind::Returned,
        type_name: Some("demo::Error"),
        code: Some(-32_602),
        chain_len: 2,
        fingerprint: Some(1),
        side: None,
    });
    event.intent = Some(IntentRecord {
        text: Some(Intent::clean("say \"hi\" \\", 50)),
        hash: Some(2),
        chars: Some(10),
    });
    let arguments = event.arguments.as_mut().unwrap();
    arguments.unknown_keys = 3;
    arguments.fields_dropped = 4;
    arguments.missing = vec![Name::from_static("a"), Name::from_static("b.c")];
    arguments.schema_valid = Some(false);
    arguments.schema_fault = Some(SchemaFault { keyword: "type", path: Name::from_static("a") });
    (arguments.repeat_run, arguments.repeat_window) = (2, 5);
    arguments.fields = vec![FieldShape {
        path: Name::from_static("limit"),
        kind: JsonKind::Integer,
        len: None,
        hash: Some(9),
        value: Some(crate::Exposed::int(-5)),
    }];
    event
}

#[test]
fn a_failed_call_has_every_other_member() {
    let event = parsed(&failed());
    let params = &event["request_params"];
    assert_eq!(params["unknown_keys"], 3);
    assert_eq!(params["fields_dropped"], 4);
    assert_eq!(params["missing"], json!(["a", "b.c"]));
    assert_eq!(params["schema_error"], json!({"keyword": "type", "path": "a"}));
    assert_eq!((&params["repeat_run"], &params["repeat_window"]), (&json!(2), &json!(5)));
    assert_eq!(
        params["fields"]["limit"],
        json!({"type": "integer", "hash": "0000000000000009", "value": -5})
    );
    assert_eq!(event["parent_span_id"], "0202020202020202");
    assert_eq!((&event["is_error"], &event["error_code"]), (&json!(true), &json!(-32_602)));
    assert_eq!(event["error_message"], "returned");
    let attributes = &event["attributes"];
    let error = json!({"type": "demo::Error", "chain": 2, "fingerprint": "0000000000000001"});
    assert_eq!(attributes["error"], error);
    let intent = json!({"text": "say \"hi\" \\", "hash": "0000000000000002", "chars": 10});
    assert_eq!(attributes["intent"], intent);
    assert_eq!(attributes["tags"], json!({"team": "search \"a\""}));
    assert_eq!((&attributes["queue_ns"], &attributes["weight"]), (&json!(7), &json!(12.5)));
}

#[test]
fn a_first_failure_writes_no_signal_and_a_second_one_does() {
    let mut event = plain();
    event.signals = Signals { error_run: 1, ..Signals::default() };
    assert_eq!(parsed(&event)["attributes"].get("signals"), None);
    event.signals.error_run = 2;
    assert_eq!(parsed(&event)["attributes"]["signals"], json!({"error_run": 2}));
    event.signals = Signals { error_run: 1, ping_pong: 6, is_loop: true };
    let expected = json!({"ping_pong": 6, "loop": true});
    assert_eq!(parsed(&event)["attributes"]["signals"], expected);
}

#[test]
fn d5_what_is_absent_is_an_absent_key() {
    let mut event = plain();
    (event.arguments, event.result, event.caller) = (None, None, Caller::default());
    event.failure = Some(Failure {
        kind: ErrorKind::Dropped,
        type_name: None,
        code: None,
        chain_len: 0,
        fingerprint: None,
        side: None,
    });
    let event = parsed(&event);
    for key in ["request_params", "response_content", "parent_span_id", "client_name", "error_code"]
    {
        assert_eq!(event.get(key), None, "{key}");
    }
    assert_eq!(event["attributes"], json!({"outcome": "ok"}));
    assert_eq!(event["transport_type"], "unknown");
}

#[test]
fn d10_hostile_names_are_escaped() {
    for name in ["a\"b", "\\", "\u{0}\u{1f}\u{7f}\n\r\t", "\u{2028}\u{1f600}é", "", "{[,"] {
        let mut event = plain();
        event.name = Name::from_static(name);
        let arguments = event.arguments.as_mut().unwrap();
        arguments.fields.truncate(1);
        arguments.fields[0].path = Name::from_static(name);
        let event = parsed(&event);
        assert_eq!(event["event_name"], name);
        assert_eq!(event["request_params"]["fields"][name]["len"], 24);
    }
}

#[test]
fn numbers_are_written_exactly_at_their_ends() {
    let mut out = Vec::new();
    let mut json = Writer(&mut out);
    [0, 9, 10, u64::MAX].into_iter().for_each(|n| {
        json.natural(n);
        json.0.push(b' ');
    });
    [i64::MIN, -1, 0].into_iter().for_each(|n| {
        json.integer(n);
        json.0.push(b' ');
    });
    let expected = "0 9 10 18446744073709551615 -9223372036854775808 -1 0 ";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    for (nanos, millis) in
        [(0, "0"), (1, "0.000001"), (1_000_000, "1"), (1_500_000, "1.5"), (999_999, "0.999999")]
    {
        let mut out = Vec::new();
        Writer(&mut out).millis(key!("m"), nanos);
        assert_eq!(String::from_utf8(out).unwrap(), format!("\"m\":{millis}"));
    }
    let mut event = plain();
    event.duration_ns = u64::MAX;
    parsed(&event);
}

#[test]
fn the_common_members_can_be_spliced_into_an_event() {
    let common = Common {
        server_name: "a \"b\"".into(),
        server_version: "1.0".into(),
        server_instance: EventId::fresh(),
    };
    let spliced =
        format!("{{{},{}", String::from_utf8(common.fragment()).unwrap(), &text(&plain())[1..]);
    let event: Value = serde_json::from_str(&spliced).unwrap();
    assert_eq!(
        (&event["server_name"], &event["sdk_name"]),
        (&json!("a \"b\""), &json!("toolwatch"))
    );
    assert_eq!(event["sdk_version"], env!("CARGO_PKG_VERSION"));
}
