//! Promise: with begin records, a call that dies with its process is reported once, by the next
//! start, and a call that ended never is.

mod kills;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, CallToolResponse};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use toolwatch::local::{Reader, Record, Summary};
use toolwatch::testing::{Received, Receiver};
use toolwatch_tests::observed::{Recorder, call, connect};
use toolwatch_tests::raw::RawServer;
use toolwatch_tests::server::watched;
use toolwatch_tests::victim::wait_until;

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the fixture with begin records and a local record, and these variables besides.
fn start(directory: &Path, others: &[(&str, &str)]) -> RawServer {
    let directory = directory.to_string_lossy();
    let mut variables = vec![
        ("TOOLWATCH_LOCAL", "1"),
        ("TOOLWATCH_DIR", &*directory),
        ("TOOLWATCH_BEGIN_RECORDS", "1"),
    ];
    variables.extend(others);
    RawServer::start(env!("CARGO_BIN_EXE_fixture"), &["watched"], &variables).expect("a server")
}

/// Starts a server that finds what the one before left, and ends it.
fn start_and_end(directory: &Path, others: &[(&str, &str)]) {
    let mut server = start(directory, others);
    server.initialize().expect("the handshake");
    server.close().expect("a clean end");
}

/// Kills a server with `under_way` calls that wait, after `answered` calls that did not.
fn kill_with_calls(mut server: RawServer, under_way: usize, answered: usize) {
    server.initialize().expect("the handshake");
    for number in 0..under_way {
        let text = "w".repeat(number + 1);
        server.send_call("wait", json!({ "text": text })).expect("a call");
    }
    for _ in 0..answered {
        // Its task was queued behind those of the calls that wait, on one thread.
        server.call("echo", json!({ "text": "x" })).expect("a reply");
    }
    server.kill().expect("the server dies");
}

fn records(directory: &Path) -> Vec<Record> {
    Reader::open(directory).expect("the record can be read").into_iter().collect()
}

fn outcomes(directory: &Path) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for record in records(directory) {
        *outcomes.entry(record.attributes.outcome.expect("an outcome")).or_default() += 1;
    }
    outcomes
}

fn begun_paths(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("the directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "begun")).collect()
}

fn begun_files(directory: &Path) -> usize {
    begun_paths(directory).len()
}

fn begun_bytes(directory: &Path) -> Vec<u8> {
    let read = |path| std::fs::read(path).expect("the begin records can be read");
    begun_paths(directory).into_iter().flat_map(read).collect()
}

/// Waits until a call of the tool `wait` has a begin record, and returns the bytes of all of them.
async fn begun_wait(directory: &Path) -> Vec<u8> {
    loop {
        let bytes = begun_bytes(directory);
        if holds(&bytes, b"\"event_name\":\"wait\"") {
            return bytes;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

fn length(record: &Record) -> u64 {
    let request = record.request_params.as_ref().expect("a call has arguments");
    request.fields["text"]["len"].as_u64().expect("the text has a length")
}

#[test]
fn calls_that_die_with_the_process_are_reported_once_by_the_next_start() {
    let directory = tempfile::tempdir().expect("a directory");
    kill_with_calls(start(directory.path(), &[]), 5, 3);
    assert_eq!(outcomes(directory.path()), [("ok".to_owned(), 3)].into(), "nobody has looked yet");
    for _ in 0..2 {
        start_and_end(directory.path(), &[]);
        let expect = [("interrupted".to_owned(), 5), ("ok".to_owned(), 3)].into();
        assert_eq!(outcomes(directory.path()), expect);
        assert_eq!(begun_files(directory.path()), 0);
    }
    let all = records(directory.path());
    let mut lengths = Vec::new();
    for record in all.iter().filter(|record| record.event_name == "wait") {
        lengths.push(length(record));
        assert!(record.is_error && record.response_content.is_none());
        assert_eq!(record.error_message.as_deref(), Some("interrupted"));
        assert_eq!((record.duration_ms, record.ended_at.as_ref()), (0.0, Some(&record.started_at)));
        assert_eq!(record.client_name.as_deref(), Some("raw-client"));
        assert_eq!(record.server_version.as_deref(), Some("1.2.3"));
    }
    assert_eq!(lengths, [1, 2, 3, 4, 5], "in the order of their beginning");
    let summary = Summary::of(all);
    assert_eq!(summary.tools()["wait"].outcomes["interrupted"], 5);
    assert_eq!((summary.calls(), summary.errors()), (8, 5));
}

#[test]
fn a_receiver_gets_an_interrupted_call_once_and_sampling_leaves_none_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::start().expect("a receiver");
    let endpoint = receiver.endpoint();
    let variables = [
        ("TOOLWATCH_ENDPOINT", endpoint.as_str()),
        ("TOOLWATCH_API_KEY", "key"),
        ("TOOLWATCH_SAMPLE_RATE", "0"),
        ("TOOLWATCH_FLUSH_INTERVAL_MS", "20"),
        ("TOOLWATCH_HTTP_TIMEOUT_MS", "300000"),
    ];
    let events = || receiver.requests().iter().flat_map(Received::events).collect::<Vec<_>>();
    let is_mark = |event: &&Value| event["event_name"] == "fail";
    let marks = || {
        let events = events();
        let ids = events.iter().filter(is_mark).map(|event| event["event_id"].to_string());
        ids.collect::<HashSet<_>>().len()
    };
    kill_with_calls(start(directory.path(), &variables), 4, 2);
    for round in 1..=2 {
        let mut server = start(directory.path(), &variables);
        server.initialize().expect("the handshake");
        assert!(receiver.wait_for_requests(1, PATIENCE), "the events arrive");
        // An error is always sent, and not before the reply to the batch before it was read: a
        // server that ends sooner leaves that batch to the next one, which sends it again.
        server.call("fail", json!({ "text": "x" })).expect("a reply");
        assert!(wait_until(|| marks() >= round), "the error arrives");
        server.close().expect("a clean end");
    }
    let events = events();
    let told: Vec<_> = events
        .iter()
        .filter(|event| !is_mark(event))
        .map(|event| (&event["event_name"], &event["attributes"]["outcome"]))
        .collect();
    assert_eq!(told, [(&json!("wait"), &json!("interrupted")); 4], "calls that ended well are not");
}

#[test]
fn without_begin_records_nothing_is_noted_before_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = RawServer::start_recording(env!("CARGO_BIN_EXE_fixture"), directory.path());
    kill_with_calls(server.expect("the server starts"), 3, 1);
    assert_eq!(begun_files(directory.path()), 0);
    start_and_end(directory.path(), &[]);
    assert_eq!(outcomes(directory.path()), [("ok".to_owned(), 1)].into());
}

#[test]
fn a_clean_end_with_calls_under_way_leaves_none_to_report() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &[]);
    server.initialize().expect("the handshake");
    for _ in 0..3 {
        server.send_call("wait", json!({ "text": "x" })).expect("a call");
    }
    server.call("echo", json!({ "text": "x" })).expect("a reply");
    assert_eq!(begun_files(directory.path()), 1);
    server.close().expect("a clean end");
    assert_eq!(begun_files(directory.path()), 0);
    start_and_end(directory.path(), &[]);
    let expect = [("dropped".to_owned(), 3), ("ok".to_owned(), 1)].into();
    assert_eq!(outcomes(directory.path()), expect);
}

#[tokio::test]
async fn every_ending_clears_its_begin_record() {
    let recorder = Recorder::with(|builder| builder.begin_records(true));
    let client = connect(watched::Server, &recorder.watch).await;
    let tools = ["echo", "answer", "fail", "protocol_fail", "ask", "task", "blocks", "nothing"];
    for tool in tools {
        let _ = call(&client, tool, json!({ "text": "refuse" })).await;
        let _ = call(&client, tool, json!({ "text": 7 })).await;
    }
    let panic = call(&client, "panic", json!({ "text": "x" }));
    tokio::time::timeout(Duration::from_millis(200), panic).await.expect_err("no reply");
    let waiting = call(&client, "wait", json!({ "text": "x", "times": 4000 }));
    tokio::select! {
        _ = begun_wait(recorder.path()) => {}
        _ = waiting => panic!("the call ends"),
        () = tokio::time::sleep(PATIENCE) => panic!("no begin record of the call"),
    }
    recorder.watch.shutdown(Duration::from_millis(50));
    assert_eq!(begun_files(recorder.path()), 1, "a call is still under way");
    let ended = tokio::time::timeout(PATIENCE, async {
        while begun_files(recorder.path()) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    ended.await.expect("the last call clears its record, and the file goes");
    assert_eq!(recorder.watch.stats().begins_missed, 0);
}

/// A server that tells nobody which tools it has.
#[derive(Clone)]
struct Hidden(watched::Server);

impl ServerHandler for Hidden {
    fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send + '_ {
        self.0.call_tool(request, context)
    }
}

#[tokio::test]
async fn a_begin_record_goes_by_the_attribute_although_the_wrapper_could_not_know_it() {
    let recorder = Recorder::with(|builder| builder.begin_records(true));
    let server = recorder.watch.wrap(Hidden(watched::Server));
    let client = connect(server, &recorder.watch).await;
    let waiting = call(&client, "wait", json!({ "text": "x", "times": 60_000 }));
    tokio::select! {
        bytes = begun_wait(recorder.path()) => {
            assert!(!holds(&bytes, b"_unknown"), "of what the wrapper has captured");
        }
        _ = waiting => panic!("the call ends"),
        () = tokio::time::sleep(PATIENCE) => panic!("no begin record of the tool"),
    }
}
