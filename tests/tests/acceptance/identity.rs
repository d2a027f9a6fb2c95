//! Whose call it is: servers, clients and calls of one process stay apart (A10, D8, E6).

use std::collections::HashMap;

use rmcp::model::{ClientCapabilities, ClientConfig, Implementation};
use serde_json::json;
use toolwatch::Watch;
use toolwatch::event::{Outcome, Transport};
use toolwatch_tests::observed::{Recorder, call, connect, serve};
use toolwatch_tests::server::watched;

const CALLS: usize = 64;

fn named(name: &str) -> ClientConfig {
    ClientConfig::new(ClientCapabilities::default(), Implementation::new(name, "7"))
}

#[tokio::test]
async fn a10_two_servers_of_one_process_keep_their_events_counters_and_hashes_apart() {
    let (first, second) = (Recorder::start(), Recorder::with(|builder| builder.server("b", "2")));
    let to_first = connect(watched::Server, &first.watch).await;
    let to_second = connect(watched::Server, &second.watch).await;
    for _ in 0..2 {
        call(&to_first, "echo", json!({ "text": "same" })).await.expect("a reply");
    }
    call(&to_second, "echo", json!({ "text": "same" })).await.expect("a reply");
    assert_eq!((first.records().len(), second.records().len()), (2, 1));
    assert_eq!(first.watch.stats().own().captured(), 2);
    assert_eq!(second.watch.stats().own().captured(), 1);
    let hash = |recorder: &Recorder| recorder.records()[0].request_params.clone()?.hash;
    assert_ne!(hash(&first), hash(&second), "each install has its own key");
    assert_eq!(second.only().server_name.as_deref(), Some("b"));
    first.watch.shutdown(std::time::Duration::ZERO);
    call(&to_second, "echo", json!({ "text": "on" })).await.expect("a reply");
    assert_eq!(second.records().len(), 2);
}

#[tokio::test]
async fn a10_a_request_that_carries_a_watch_that_is_off_is_not_recorded() {
    let recorder = Recorder::start();
    let client = connect(watched::Server, &Watch::disabled()).await;
    let reply = call(&client, "echo", json!({ "text": "x", "context": "why" })).await;
    assert_ne!(reply.expect("a reply").is_error, Some(true));
    assert!(recorder.records().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_64_concurrent_calls_do_not_bleed_into_each_other() {
    let recorder = Recorder::start();
    let mut clients = Vec::new();
    for name in ["ann", "bob", "cyd", "dot"] {
        clients.push(serve(watched::Server, &recorder.watch, named(name)).await);
    }
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..CALLS {
        let peer = clients[number % clients.len()].peer().clone();
        let arguments =
            json!({ "text": "x".repeat(number + 1), "times": 10, "context": number.to_string() });
        let params = rmcp::model::CallToolRequestParams::new("wait")
            .with_arguments(arguments.as_object().cloned().unwrap_or_default());
        calls.spawn(async move { peer.call_tool(params).await });
    }
    for reply in calls.join_all().await {
        assert_ne!(reply.expect("a reply").is_error, Some(true));
    }
    let records = recorder.records();
    assert_eq!(records.len(), CALLS);
    let mut seen = HashMap::new();
    for record in &records {
        let number: usize = record.intent().and_then(|it| it.parse().ok()).expect("a number");
        let shape = record.request_params.as_ref().expect("arguments");
        assert_eq!(shape.fields["text"]["len"], number + 1);
        assert_eq!(
            record.response_content.as_ref().expect("a result").text_chars,
            number as u64 + 1
        );
        assert_eq!(record.client_name.as_deref(), Some(["ann", "bob", "cyd", "dot"][number % 4]));
        assert_eq!(record.outcome(), Some(Outcome::Ok));
        assert_eq!(shape.repeat_run, 1, "calls without a session are not compared");
        assert!(seen.insert(record.event_id.clone(), number).is_none());
    }
}

#[tokio::test]
async fn d3_ids_are_unique_and_in_the_order_of_arrival() {
    let recorder = Recorder::start();
    let client = connect(watched::Server, &recorder.watch).await;
    for _ in 0..50 {
        call(&client, "nothing", json!({})).await.expect("a reply");
    }
    let ids: Vec<_> = recorder.records().into_iter().map(|record| record.event_id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    assert!(ids.iter().all(|id| id.as_bytes()[14] == b'7'), "UUIDv7: {ids:?}");
}

#[tokio::test]
async fn e4_a_stdio_server_has_one_session_and_the_option_names_the_transport() {
    let recorder = Recorder::with(|builder| builder.transport(Transport::Stdio));
    let client = connect(watched::Server, &recorder.watch).await;
    for _ in 0..2 {
        call(&client, "nothing", json!({})).await.expect("a reply");
    }
    let records = recorder.records();
    assert_eq!(records[0].transport_type.as_deref(), Some("stdio"));
    assert_eq!(records[0].attributes.session["source"], "process");
    assert_eq!(records[0].attributes.session, records[1].attributes.session);
    assert_eq!(records[1].request_params.as_ref().expect("arguments").repeat_run, 2);
}
