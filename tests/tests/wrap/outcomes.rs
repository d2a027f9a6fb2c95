//! D1: twelve outcomes, over a stdio child and over streamable HTTP, in both eras of the protocol,
//! for tools with and without the attribute: each is exactly one event.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use toolwatch::local::{Reader, Record};
use toolwatch_tests::posts::Posts;
use toolwatch_tests::wrapped::{Era, Lines, PATIENCE};

/// Whether the tools have the attribute.
const ATTRIBUTES: [&str; 2] = ["watched", "plain"];

/// Calls that are answered, and how they end.
fn answered() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("echo", json!({ "text": "hello" }), "ok"),
        ("fail", json!({ "text": "x" }), "tool_error"),
        ("echo", json!({ "text": 7 }), "invalid_arguments"),
        ("protocol_fail", json!({ "text": "x" }), "protocol_error"),
        ("ask", json!({ "text": "state" }), "input_required"),
        ("task", json!({ "text": "id" }), "task"),
        ("nobody", json!({}), "unknown_tool"),
        ("nothing", json!({}), "disabled_tool"),
    ]
}

/// All outcomes but `interrupted`, which takes another start: tool and outcome, sorted.
fn expected() -> Vec<(String, String)> {
    let silent = [("panic", "panic"), ("wait", "cancelled"), ("wait", "dropped")];
    let name = |tool: &'static str| if tool == "nobody" { "_unknown" } else { tool };
    let calls = answered().into_iter().map(|(tool, _, outcome)| (name(tool), outcome));
    let mut expected: Vec<_> =
        calls.chain(silent).map(|(tool, end)| (tool.to_owned(), end.to_owned())).collect();
    expected.sort_unstable();
    expected
}

fn records(directory: &Path) -> Vec<Record> {
    Reader::open(directory).expect("the record can be read").into_iter().collect()
}

/// The tool calls that were recorded: tool and outcome, sorted.
fn ends(directory: &Path) -> Vec<(String, String)> {
    let calls = records(directory).into_iter().filter(|record| record.event_type == "tool_call");
    let end = |record: Record| (record.event_name, record.attributes.outcome.unwrap_or_default());
    let mut ends: Vec<_> = calls.map(end).collect();
    ends.sort_unstable();
    ends
}

/// Waits until this outcome was recorded.
async fn wait_for(directory: &Path, outcome: &str) {
    let start = Instant::now();
    while !ends(directory).iter().any(|(_, end)| end == outcome) {
        assert!(start.elapsed() < PATIENCE, "{outcome}: {:?}", ends(directory));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn start(tools: &str, transport: &str, directory: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wrapped"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOOLWATCH_")) {
        command.env_remove(name);
    }
    command.env_remove("DO_NOT_TRACK");
    command.args([tools, transport]).env("TOOLWATCH_LOCAL", "1").env("TOOLWATCH_DIR", directory);
    command.env("TOOLWATCH_BEGIN_RECORDS", "1").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the server starts")
}

async fn lines(child: &mut Child, era: Era) -> Lines {
    let stdout = child.stdout.take().expect("a pipe");
    let stdin = child.stdin.take().expect("a pipe");
    Lines::over(stdout, stdin, era).start().await.expect("the handshake")
}

async fn address(child: &mut Child) -> SocketAddr {
    let stderr = child.stderr.take().expect("a pipe");
    let line = BufReader::new(stderr).lines().next_line().await.expect("a line");
    line.expect("where the server is").parse().expect("an address")
}

async fn over_stdio(tools: &str, era: Era) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut child = start(tools, "stdio", directory.path());
    let mut client = lines(&mut child, era).await;
    for (tool, arguments, outcome) in answered() {
        let reply = client.call(tool, arguments).await.expect("a reply");
        assert_eq!(reply["result"].is_object(), is_result(outcome, era), "{outcome}: {reply}");
    }
    let call = |tool: &str| json!({ "name": tool, "arguments": { "text": "x" } });
    client.send_request("tools/call", call("panic")).await.expect("sent");
    let id = client.send_request("tools/call", brief_wait()).await.expect("sent");
    client.notify("notifications/cancelled", json!({ "requestId": id })).await.expect("sent");
    wait_for(directory.path(), "cancelled").await;
    client.send_request("tools/call", call("wait")).await.expect("sent");
    client.request("tools/list", json!({})).await.expect("the call has arrived");
    client.close().await.expect("the server ends");
    let mut said = String::new();
    let stderr = child.stderr.as_mut().expect("a pipe");
    stderr.read_to_string(&mut said).await.expect("stderr");
    assert!(!said.contains("toolwatch: "), "nothing is amiss: {said}");
    assert!(child.wait().await.expect("an end").success());
    assert_eq!(ends(directory.path()), expected(), "{tools}, {era:?}");
}

/// A call that goes on for a while: a cancelled call is told when its tool has ended. The
/// cancellation comes before that, even on a busy machine.
fn brief_wait() -> Value {
    json!({ "name": "wait", "arguments": { "text": "x", "times": 6000 } })
}

/// Whether the client is sent a result: older protocols have no requests for input.
fn is_result(outcome: &str, era: Era) -> bool {
    let errors = ["protocol_error", "unknown_tool", "disabled_tool"];
    !errors.contains(&outcome) && (outcome != "input_required" || era == Era::Stateless)
}

async fn over_http(tools: &str, era: Era) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut child = start(tools, "http", directory.path());
    let address = address(&mut child).await;
    let mut client = Posts::start(address, era, "posts").await.expect("the handshake");
    for (tool, arguments, outcome) in answered() {
        let reply = client.call(tool, arguments).await.expect("a reply");
        assert_eq!(reply["result"].is_object(), is_result(outcome, era), "{outcome}: {reply}");
    }
    let call = |tool: &str| json!({ "name": tool, "arguments": { "text": "x" } });
    let panicked = client.post("tools/call", call("panic")).await.expect("sent");
    wait_for(directory.path(), "panic").await;
    drop(panicked);
    let wait = client.post("tools/call", brief_wait()).await.expect("sent");
    let arrived = client.call("echo", json!({ "text": "hello" })).await.expect("a reply");
    assert!(arrived["result"].is_object());
    match era {
        Era::Session => {
            let cancelled = json!({ "requestId": client.last_id() - 1 });
            client.notify("notifications/cancelled", cancelled).await.expect("sent");
        }
        // A stateless request is cancelled by hanging up.
        Era::Stateless => drop(wait),
    }
    wait_for(directory.path(), "cancelled").await;
    let _left = client.post("tools/call", call("wait")).await.expect("sent");
    client.request("tools/list", json!({})).await.expect("the call has arrived");
    drop(child.stdin.take());
    assert!(child.wait().await.expect("an end").success());
    let mut expected = expected();
    expected.push(("echo".to_owned(), "ok".to_owned()));
    expected.sort_unstable();
    assert_eq!(ends(directory.path()), expected, "{tools}, {era:?}");
}

#[tokio::test]
async fn d1_every_outcome_over_stdio_is_one_event() {
    tokio::join!(
        over_stdio("watched", Era::Session),
        over_stdio("watched", Era::Stateless),
        over_stdio("plain", Era::Session),
        over_stdio("plain", Era::Stateless),
    );
}

#[tokio::test]
async fn d1_every_outcome_over_http_is_one_event() {
    tokio::join!(
        over_http("watched", Era::Session),
        over_http("watched", Era::Stateless),
        over_http("plain", Era::Session),
        over_http("plain", Era::Stateless),
    );
}

#[tokio::test]
async fn d1_calls_that_die_with_the_process_are_interrupted_once() {
    for tools in ATTRIBUTES {
        let directory = tempfile::tempdir().expect("a directory");
        let mut child = start(tools, "stdio", directory.path());
        let mut client = lines(&mut child, Era::Stateless).await;
        let call = json!({ "name": "wait", "arguments": { "text": "x" } });
        client.send_request("tools/call", call.clone()).await.expect("sent");
        client.request("tools/list", json!({})).await.expect("the call has arrived");
        child.kill().await.expect("the server dies");
        let mut child = start(tools, "http", directory.path());
        let address = address(&mut child).await;
        let mut client = Posts::start(address, Era::Session, "posts").await.expect("the handshake");
        let _posted = client.post("tools/call", call).await.expect("sent");
        client.request("tools/list", json!({})).await.expect("the call has arrived");
        child.kill().await.expect("the server dies");
        let mut child = start(tools, "stdio", directory.path());
        lines(&mut child, Era::Session).await.close().await.expect("the server ends");
        assert!(child.wait().await.expect("an end").success());
        let ended = ("wait".to_owned(), "interrupted".to_owned());
        assert_eq!(ends(directory.path()), [ended.clone(), ended], "{tools}");
    }
}

#[tokio::test]
async fn d1_calls_in_flight_at_the_end_of_stdin_are_drained_and_recorded() {
    tokio::join!(drain("watched"), drain("plain"));
}

async fn drain(tools: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut child = start(tools, "stdio", directory.path());
    let mut client = lines(&mut child, Era::Session).await;
    for times in [50, 60_000, 100] {
        let call = json!({ "name": "wait", "arguments": { "text": "x", "times": times } });
        client.send_request("tools/call", call).await.expect("sent");
    }
    let rest = client.close().await.expect("the server ends");
    assert!(child.wait().await.expect("an end").success());
    let replies = rest.iter().filter(|line| line.contains("\"result\"")).count();
    assert_eq!(replies, 2, "{rest:#?}");
    let end = |outcome: &str| ("wait".to_owned(), outcome.to_owned());
    assert_eq!(ends(directory.path()), [end("dropped"), end("ok"), end("ok")], "{tools}");
    let records = records(directory.path());
    let close = records.iter().find(|record| record.event_type == "close").expect("a close");
    let end = &close.attributes.others["session_end"];
    assert_eq!((&end["requests"], &end["errors"]), (&json!(5), &json!(1)), "{tools}");
}
