//! E4: the start and the end of a session, as events of their own.

use std::collections::BTreeSet;

use rmcp::ServerHandler;
use serde_json::{Value, json};
use toolwatch::local::Record;
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::posts::{self, Posts};
use toolwatch_tests::server::plain;
use toolwatch_tests::wrapped::{Era, Lines, of_type, records_when};

use crate::servers::{Hand, Mixed, text_tool};

fn closed(count: usize) -> impl FnMut(&[Record]) -> bool {
    move |records| records.iter().filter(|record| record.event_type == "close").count() >= count
}

async fn end_of(server: impl ServerHandler, recorder: &Recorder) -> Vec<Record> {
    let mut lines = Lines::of(server, Era::Session).start().await.expect("the handshake");
    lines.call("echo", json!({ "text": "x" })).await.expect("a reply");
    lines.call("fail", json!({ "text": "x" })).await.expect("a reply");
    lines.request("resources/read", json!({ "uri": "a:b" })).await.expect("a reply");
    lines.close().await.expect("the end");
    records_when(recorder, closed(1)).await
}

#[tokio::test]
async fn e4_a_connection_has_one_start_and_one_end_that_counts() {
    for is_nested in [false, true] {
        let recorder = Recorder::start();
        let watch = &recorder.watch;
        let records = match is_nested {
            true => end_of(watch.wrap(watch.wrap(plain::Server)), &recorder).await,
            false => end_of(watch.wrap(plain::Server), &recorder).await,
        };
        let (starts, ends) = (of_type(&records, "session_start"), of_type(&records, "close"));
        assert_eq!((starts.len(), ends.len()), (1, 1));
        assert_eq!(starts[0].client_name.as_deref(), Some("lines"));
        assert_eq!(
            (&starts[0].trace_id, &starts[0].span_id),
            (&ends[0].trace_id, &ends[0].span_id)
        );
        assert_eq!(ends[0].started_at, starts[0].started_at);
        assert!(ends[0].duration_ms > 0.0);
        // The handshake's two, two calls, one read; a failed call and a failed read.
        let end = &ends[0].attributes.others["session_end"];
        assert_eq!((&end["requests"], &end["errors"]), (&json!(5), &json!(2)));
    }
}

#[tokio::test]
async fn e4_clones_of_one_wrapped_server_are_sessions_of_their_own() {
    let recorder = Recorder::start();
    let server = recorder.watch.wrap(Mixed::new());
    let address = posts::serve(move || server.clone()).await;
    for name in ["first", "second"] {
        let mut client = Posts::start(address, Era::Session, name).await.expect("a client");
        client.call("plain", json!({})).await.expect("a reply");
        client.leave().await.expect("the end");
    }
    let records = records_when(&recorder, closed(2)).await;
    for kind in ["session_start", "close"] {
        let of_kind = of_type(&records, kind);
        let keys: BTreeSet<_> =
            of_kind.iter().map(|record| record.attributes.session["key"].to_string()).collect();
        assert_eq!(keys.len(), 2, "{kind}: {keys:?}");
        let names: Vec<_> =
            of_kind.iter().filter_map(|record| record.client_name.clone()).collect();
        assert_eq!(names, ["first", "second"], "{kind}");
    }
    let calls = of_type(&records, "tool_call");
    let starts = of_type(&records, "session_start");
    assert_eq!(calls[0].attributes.session, starts[0].attributes.session);
}

#[tokio::test]
async fn e5_stateless_requests_have_no_start_and_no_end() {
    let recorder = Recorder::start();
    let watch = recorder.watch.clone();
    let address = posts::serve(move || watch.wrap(Mixed::new())).await;
    let mut client = Posts::start(address, Era::Stateless, "posts").await.expect("a client");
    for _ in 0..3 {
        client.call("plain", json!({})).await.expect("a reply");
    }
    let kinds: Vec<_> = recorder.records().into_iter().map(|record| record.event_type).collect();
    assert_eq!(kinds, ["tool_call"; 3]);
}

#[tokio::test]
async fn a1_tools_are_skipped_by_the_names_that_events_have() {
    let recorder = Recorder::with(|builder| builder.skip_tools(["docs.count", "one"]));
    let mut lines = Lines::of(recorder.watch.wrap(Mixed::new()), Era::Stateless);
    for tool in ["count", "plain"] {
        lines.call(tool, json!({})).await.expect("a reply");
    }
    let hand = Hand::new(vec![vec![text_tool("one"), text_tool("two")]]).with_get_tool();
    let mut lines = Lines::of(recorder.watch.wrap(hand), Era::Stateless);
    for tool in ["one", "two"] {
        lines.call(tool, json!({ "text": "x" })).await.expect("a reply");
    }
    let calls = of_type(&recorder.records(), "tool_call");
    let names: Vec<_> = calls.iter().map(|call| call.event_name.as_str()).collect();
    assert_eq!(names, ["plain", "two"]);
}

#[tokio::test]
async fn b13_a_router_that_was_handed_over_is_listed_as_rmcp_lists_it() {
    let recorder = Recorder::start();
    for era in [Era::Session, Era::Stateless] {
        let mut replies = Vec::new();
        for is_wrapped in [false, true] {
            let handed =
                recorder.watch.wrap_with_router(plain::Server, plain::Server::tool_router());
            let lines = match is_wrapped {
                true => Lines::of(handed, era),
                false => Lines::of(plain::Server, era),
            };
            let mut lines = lines.start().await.expect("a start");
            let list = lines.request("tools/list", json!({})).await.expect("a list");
            let raw = json!({ "name": "raw", "arguments": { "b": 1, "a": 2 } });
            let call = lines.request("tools/call", raw).await.expect("a reply");
            let none = json!({ "name": "none" });
            let none = lines.request("tools/call", none).await.expect("a reply");
            replies.push([list, call, none]);
        }
        assert_eq!(replies[0], replies[1], "{era:?}");
        let listed: Value = serde_json::from_str(&replies[1][0]).expect("JSON");
        assert_eq!(listed["result"]["ttlMs"].is_number(), era == Era::Stateless);
    }
}
