//! Sessions in which everything occurs: every outcome of a tool, every kind of operation.

use std::time::{Duration, Instant};

use serde_json::json;
use toolwatch::Watch;

use crate::everything::Everything;
use crate::posts::{self, Posts};
use crate::server::watched;
use crate::wrapped::{Era, Lines, PATIENCE};

/// Calls every tool so that each outcome occurs but `interrupted`, which takes a kill. The server
/// has a runtime of its own, whose end drops the call that is under way.
///
/// # Panics
///
/// When a call cannot be made.
pub fn every_outcome(watch: &Watch) {
    let run = || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(drive(watch));
        runtime.shutdown_timeout(PATIENCE);
    };
    std::thread::scope(|scope| scope.spawn(run).join()).expect("the calls are made");
    let is_over = || {
        let sessions = watch.metrics().expect("numbers").sessions.count();
        waits(watch) == (2, 0) && sessions == 1
    };
    let start = Instant::now();
    while !is_over() {
        assert!(start.elapsed() < PATIENCE, "{:?}", watch.metrics());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How many calls of the tool `wait` have ended, and how many are under way.
fn waits(watch: &Watch) -> (u64, u64) {
    let metrics = watch.metrics().expect("numbers");
    let wait = metrics.tools.iter().find(|tool| tool.name.as_str() == "wait");
    wait.map_or((0, 0), |tool| (tool.calls(), tool.in_flight))
}

async fn wait_for(watch: &Watch, ended_and_under_way: (u64, u64)) {
    let start = Instant::now();
    while waits(watch) != ended_and_under_way {
        assert!(start.elapsed() < PATIENCE, "{:?}", watch.metrics());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn drive(watch: &Watch) {
    let router = watched::Server::tool_router().with_disabled("nothing");
    let server = watch.wrap_with_router(watched::Server, router);
    let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
    for (tool, arguments) in [
        ("echo", json!({ "text": "hello", "times": 2, "without": ["a", "b"], "layout": "short" })),
        ("fail", json!({ "text": "x" })),
        ("echo", json!({ "text": 7, "colour": "red" })),
        ("protocol_fail", json!({ "text": "x" })),
        ("ask", json!({ "text": "state" })),
        ("task", json!({ "text": "id" })),
        ("nobody", json!({})),
        ("nothing", json!({})),
    ] {
        client.call(tool, arguments).await.expect("a reply");
    }
    let call = |tool: &str, times: u32| json!({ "name": tool, "arguments": { "text": "x", "times": times } });
    client.send_request("tools/call", call("panic", 1)).await.expect("sent");
    let id = client.send_request("tools/call", call("wait", 1000)).await.expect("sent");
    client
        .notify("notifications/cancelled", json!({ "requestId": id, "reason": "r" }))
        .await
        .expect("sent");
    // A cancelled call has no reply: its end shows in the numbers.
    wait_for(watch, (1, 0)).await;
    client.send_request("tools/call", call("wait", 60_000)).await.expect("sent");
    client.request("ping", json!({})).await.expect("a reply");
    // The reply to a later request does not tell that the handler of this one has begun.
    wait_for(watch, (1, 1)).await;
    drop(client);
}

/// Operations of every kind, over a pipe and over HTTP, with an event of the author's own.
///
/// # Panics
///
/// When a call cannot be made.
pub async fn every_kind(watch: &Watch) {
    every_outcome(watch);
    let server = watch.wrap_with_router(Everything::default(), Everything::router());
    let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
    read_and_list(&mut client).await;
    client.close().await.expect("the end");
    let wrapper = watch.clone();
    let address = posts::serve(move || wrapper.wrap(watched::Server)).await;
    let mut http = Posts::start(address, Era::Session, "names").await.expect("a client");
    http.call("echo", json!({ "text": "x" })).await.expect("a reply");
    http.call("answer", json!({ "text": "refuse" })).await.expect("a reply");
    http.call("answer", json!({ "text": "refuse" })).await.expect("a reply");
    watch.event("own").count("rows", 3_u64).record();
}

async fn read_and_list(client: &mut Lines) {
    for (method, params) in [
        ("tools/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "test://static-text" })),
        ("resources/read", json!({ "uri": "test://static-text" })),
        ("resources/read", json!({ "uri": "test://template/7/data" })),
        ("resources/read", json!({ "uri": "test://secret" })),
        ("prompts/list", json!({})),
        ("prompts/get", json!({ "name": "test_simple_prompt" })),
        ("vendor/own", json!({ "x": 1 })),
    ] {
        client.request(method, params).await.expect("a reply");
    }
}
