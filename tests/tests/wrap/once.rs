//! Exactly one event per request, whoever sees it: attribute, wrapper, router, two wrappers.

use rmcp::ServerHandler;
use serde_json::{Value, json};
use toolwatch::Watch;
use toolwatch::local::Record;
use toolwatch_tests::observed::{Observed, Recorder, offline};
use toolwatch_tests::server::plain;
use toolwatch_tests::wrapped::{Era, Lines, hello, of_type, records_when, summary};

use crate::counting::Counting;
use crate::servers::{Hand, Mixed, text_tool};

/// Every tool of [`Mixed`] that is recorded: how it is called and what its event is named.
const CALLS: [(&str, &str); 6] = [
    ("typed", "typed"),
    ("count", "docs.count"),
    ("plain", "plain"),
    ("dynamic", "dynamic"),
    ("sync", "sync"),
    ("async", "async"),
];

fn arguments() -> Value {
    json!({ "query": "words", "order": "newest", "token": "t", "text": "x", "context": "because I must" })
}

async fn call_all(server: impl ServerHandler) -> Vec<Value> {
    let mut lines = Lines::of(server, Era::Session).start().await.expect("the handshake");
    let mut replies = Vec::new();
    for (tool, _) in CALLS.into_iter().chain([("private", "")]) {
        replies.push(lines.call(tool, arguments()).await.expect("a reply"));
    }
    lines.close().await.expect("the end");
    replies
}

fn calls(records: &[Record]) -> Vec<String> {
    let mut calls: Vec<_> = of_type(records, "tool_call").iter().map(summary).collect();
    calls.sort_unstable();
    calls
}

fn expected() -> Vec<String> {
    let mut expected: Vec<_> =
        CALLS.iter().map(|(_, name)| format!("tool_call tools/call {name} ok")).collect();
    expected.sort_unstable();
    expected
}

fn is_closed(records: &[Record]) -> bool {
    records.iter().any(|record| record.event_type == "close")
}

async fn check(recorder: &Recorder, server: impl ServerHandler) -> Vec<Record> {
    call_all(server).await;
    let records = records_when(recorder, is_closed).await;
    assert_eq!(calls(&records), expected());
    assert_eq!(of_type(&records, "session_start").len(), 1);
    assert_eq!(of_type(&records, "close").len(), 1);
    assert_eq!(of_type(&records, "initialize").len(), 1);
    records
}

#[tokio::test]
async fn d1_tools_of_every_kind_are_one_event_each_under_the_wrapper() {
    let recorder = Recorder::start();
    check(&recorder, recorder.watch.wrap(Mixed::new())).await;
}

#[tokio::test]
async fn d1_tools_of_a_router_that_was_handed_over_are_one_event_each() {
    let recorder = Recorder::start();
    check(&recorder, recorder.watch.wrap_with_router(Mixed::new(), Mixed::router())).await;
}

#[tokio::test]
async fn d1_two_wrappers_of_one_watch_are_one_event_each() {
    let recorder = Recorder::start();
    let watch = &recorder.watch;
    let records = check(&recorder, watch.wrap(watch.wrap(Mixed::new()))).await;
    let once = Recorder::start();
    let expected = check(&once, once.watch.wrap(Mixed::new())).await;
    for (twice, once) in of_type(&records, "tool_call").iter().zip(of_type(&expected, "tool_call"))
    {
        assert_eq!(twice.intent(), once.intent(), "{}", once.event_name);
        assert_eq!(twice.is_repeat(), once.is_repeat());
    }
}

#[tokio::test]
async fn d1_two_wrappers_of_one_watch_are_one_event_for_every_method() {
    for era in [Era::Session, Era::Stateless] {
        let recorder = Recorder::start();
        let watch = &recorder.watch;
        let server = watch.wrap(watch.wrap(Counting::default()));
        let mut lines = Lines::of(server, era).start().await.expect("the handshake");
        let listen = json!({ "notifications": { "toolsListChanged": true } });
        let mut sent = 0;
        for (method, params) in [
            ("tools/list", json!({})),
            ("resources/read", json!({ "uri": "memo://one" })),
            ("prompts/get", json!({ "name": "greet" })),
            ("acme/own", json!({})),
            ("subscriptions/listen", listen),
        ] {
            if method != "subscriptions/listen" || era == Era::Stateless {
                lines.request(method, params).await.expect("a reply");
                sent += 1;
            }
        }
        lines.close().await.expect("the end");
        let is_done = |records: &[Record]| era == Era::Stateless || is_closed(records);
        let records = records_when(&recorder, is_done).await;
        let frame = ["initialize", "notification", "session_start", "close"];
        let of_requests =
            records.iter().filter(|record| !frame.contains(&record.event_type.as_str()));
        assert_eq!(
            of_requests.count(),
            sent,
            "{:#?}",
            records.iter().map(summary).collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn d1_a10_wrappers_of_two_watches_record_every_call_once_each() {
    let (outer, inner) = (Recorder::start(), Recorder::start());
    check(&outer, outer.watch.wrap(inner.watch.wrap(Mixed::new()))).await;
    let records = records_when(&inner, is_closed).await;
    assert_eq!(calls(&records), expected());
}

#[tokio::test]
async fn d1_an_installed_watch_does_not_record_what_the_wrapper_does() {
    let installed = tempfile::tempdir().expect("a directory");
    let watch = offline().local().directory(installed.path()).build().expect("a watch");
    let _installed = watch.install().expect("the only installed watch of this suite");
    let recorder = Recorder::start();
    check(&recorder, recorder.watch.wrap(Mixed::new())).await;
    // Skipped by the wrapper is skipped.
    let skipping = Recorder::with(|builder| builder.skip_tools(["typed"]));
    call_all(skipping.watch.wrap(Mixed::new())).await;
    let calls = calls(&records_when(&skipping, is_closed).await);
    assert!(!calls.iter().any(|call| call.contains("typed")), "{calls:?}");
    let records = toolwatch::local::Reader::open(installed.path()).expect("a record");
    assert_eq!(records.into_iter().count(), 0);
}

#[tokio::test]
async fn d1_the_policy_of_the_attribute_is_kept_under_the_wrapper() {
    let recorder = Recorder::start();
    let servers = [false, true];
    let mut seen = Vec::new();
    for is_wrapped in servers {
        for query in ["words", "refuse", "words"] {
            let mut arguments = arguments();
            arguments["query"] = json!(query);
            let mut lines = match is_wrapped {
                true => Lines::of(recorder.watch.wrap(Mixed::new()), Era::Stateless),
                false => Lines::of(Observed::new(Mixed::new(), &recorder.watch), Era::Stateless),
            };
            lines.call("typed", arguments).await.expect("a reply");
            lines.call("typed", json!({ "query": 7 })).await.expect("a reply");
        }
        let records = of_type(&recorder.records(), "tool_call");
        seen.push(records[seen.len() * 6..].iter().map(essence).collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1]);
    let first = &seen[1][0];
    assert_eq!(first["intent"], json!({ "text": "because I ", "chars": 10 }));
    assert_eq!(first["tags"], json!({ "team": "docs" }));
    assert_eq!(first["fields"]["order"]["value"], "newest");
    assert!(first["fields"]["query"]["hash"].is_string());
    assert!(first["fields"].get("token").is_none());
    let error_type = seen[1][2]["error"]["type"].as_str().expect("a type");
    assert!(error_type.ends_with("Refused"), "{error_type}");
}

/// What the attribute's policy decides of an event.
fn essence(record: &Record) -> Value {
    let arguments = record.request_params.clone().expect("arguments");
    json!({
        "name": record.event_name,
        "outcome": record.attributes.outcome,
        "intent": record.attributes.intent,
        "tags": record.attributes.tags,
        "error": record.attributes.others.get("error"),
        "code": record.error_code,
        "message": record.error_message,
        "fields": arguments.fields,
        "hash": arguments.hash,
        "valid": arguments.schema_valid,
        "missing": arguments.missing,
        "result": record.response_content,
    })
}

#[tokio::test]
async fn a1_a_skipped_tool_is_not_recorded_by_the_wrapper_either() {
    for has_router in [false, true] {
        let recorder = Recorder::with(|builder| {
            builder.intent_scope(toolwatch::IntentScope::All).missing_tool_report("missing")
        });
        let replies = match has_router {
            true => call_all(recorder.watch.wrap_with_router(Mixed::new(), Mixed::router())).await,
            false => call_all(recorder.watch.wrap(Mixed::new())).await,
        };
        assert!(replies.last().expect("a reply")["result"]["content"].is_array());
        let records = records_when(&recorder, is_closed).await;
        assert_eq!(calls(&records), expected());
    }
}

#[tokio::test]
async fn d1_a_server_written_by_hand_is_recorded_by_its_schemas() {
    for has_get_tool in [false, true] {
        let recorder = Recorder::start();
        let mut server = Hand::new(vec![vec![text_tool("one")], vec![text_tool("two")]]);
        server.has_get_tool = has_get_tool;
        let mut lines =
            Lines::of(recorder.watch.wrap(server), Era::Session).start().await.expect("a start");
        // Before any listing.
        lines.call("two", json!({ "text": "x", "other": 1 })).await.expect("a reply");
        lines.request("tools/list", json!({})).await.expect("a list");
        lines.request("tools/list", json!({ "cursor": "1" })).await.expect("a list");
        lines.call("two", json!({ "text": "x", "other": 1 })).await.expect("a reply");
        lines.call("one", json!({ "text": 1 })).await.expect("a reply");
        lines.call("none", json!({ "text": 1 })).await.expect("a reply");
        let records = of_type(&recorder.records(), "tool_call");
        let names: Vec<_> = records.iter().map(|record| record.event_name.as_str()).collect();
        let first = if has_get_tool { "two" } else { "_unknown" };
        assert_eq!(names, [first, "two", "one", "_unknown"]);
        let shape = records[1].request_params.as_ref().expect("arguments");
        assert_eq!((shape.keys, shape.unknown_keys, shape.schema_valid), (2, 1, Some(true)));
        assert_eq!(
            records[2].request_params.as_ref().expect("arguments").schema_valid,
            Some(false)
        );
        assert_eq!(records[3].attributes.outcome.as_deref(), Some("unknown_tool"));
        assert!(!json!(records[3].request_params).to_string().contains("text"));
    }
}

#[tokio::test]
async fn d1_disabled_tools_are_told_from_unknown_ones_and_from_errors_of_their_own() {
    let recorder = Recorder::start();
    let server = Mixed::new();
    let mut lines = Lines::of(recorder.watch.wrap(server.clone()), Era::Session)
        .start()
        .await
        .expect("a start");
    lines.request("tools/list", json!({})).await.expect("a list");
    let disabled = recorder.watch.wrap(server.with_disabled("plain"));
    let mut lines = Lines::of(disabled, Era::Session).start().await.expect("a start");
    lines.call("plain", json!({})).await.expect("a reply");
    lines.call("nobody", json!({})).await.expect("a reply");
    let router = Mixed::router().with_disabled("sync");
    let handed = recorder.watch.wrap_with_router(Mixed::new(), router);
    let mut lines = Lines::of(handed, Era::Session).start().await.expect("a start");
    lines.call("sync", json!({})).await.expect("a reply");
    // The tool is there: the error is its own.
    let mut failing = Hand::new(vec![vec![text_tool("failing")]]).with_get_tool();
    failing.refuses = true;
    let mut lines =
        Lines::of(recorder.watch.wrap(failing), Era::Session).start().await.expect("a start");
    lines.call("failing", json!({ "text": "x" })).await.expect("a reply");
    let calls = of_type(&recorder.records(), "tool_call");
    let calls: Vec<_> = calls.iter().map(summary).collect();
    assert_eq!(
        calls,
        [
            "tool_call tools/call plain disabled_tool",
            "tool_call tools/call _unknown unknown_tool",
            "tool_call tools/call sync disabled_tool",
            "tool_call tools/call failing protocol_error",
        ]
    );
}

#[tokio::test]
async fn a4_a_watch_that_is_off_forwards_every_byte() {
    // Without the attribute: its tools are recorded by the watch that another test installs.
    let mut replies = Vec::new();
    for is_wrapped in [false, true] {
        let mut lines = match is_wrapped {
            true => Lines::of(Watch::disabled().wrap(plain::Server), Era::Session),
            false => Lines::of(plain::Server, Era::Session),
        };
        let call = json!({ "name": "raw", "arguments": arguments() });
        replies.push([
            lines.request("initialize", hello("lines")).await.expect("a reply"),
            lines.request("tools/list", json!({})).await.expect("a reply"),
            lines.request("tools/call", call).await.expect("a reply"),
        ]);
    }
    assert_eq!(replies[0], replies[1]);
    assert!(replies[1][2].contains("because I must"));
}
