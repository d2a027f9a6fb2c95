//! Promise: with begin records, a call that dies with its process is reported once, by the next
//! start, and a call that ended never is.
//!
//! 60 servers are killed at random moments, times `TOOLWATCH_TEST_SCALE`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use toolwatch::local::{Reader, Record, Summary};
use toolwatch::testing::{Received, Receiver};
use toolwatch_tests::canary::random::Random;
use toolwatch_tests::observed::{Recorder, call, connect};
use toolwatch_tests::raw::RawServer;
use toolwatch_tests::server::watched;

const PATIENCE: Duration = Duration::from_secs(10);

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

fn begun_files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).expect("the directory");
    entries
        .filter(|entry| {
            let name = entry.as_ref().expect("an entry").file_name();
            name.to_string_lossy().ends_with(".begun")
        })
        .count()
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
    ];
    kill_with_calls(start(directory.path(), &variables), 4, 2);
    for _ in 0..2 {
        let mut server = start(directory.path(), &variables);
        server.initialize().expect("the handshake");
        assert!(receiver.wait_for_requests(1, PATIENCE), "the events arrive");
        server.close().expect("a clean end");
    }
    let events: Vec<Value> = receiver.requests().iter().flat_map(Received::events).collect();
    let told: Vec<_> = events
        .iter()
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
    let waiting = call(&client, "wait", json!({ "text": "x", "times": 500 }));
    tokio::time::timeout(Duration::from_millis(50), waiting).await.expect_err("no reply");
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

/// What was sent to servers that were killed, by the length of its text.
#[derive(Default)]
struct Sent {
    calls: u64,
    replied: Vec<u64>,
}

impl Sent {
    fn send(&mut self, server: &mut RawServer, times: usize) -> u64 {
        self.calls += 1;
        let text = "x".repeat(usize::try_from(self.calls).expect("a small number"));
        server.send_call("wait", json!({ "text": text, "times": times })).expect("a call")
    }

    /// Sends some calls to a server and kills it at some moment.
    fn kill_one(&mut self, directory: &Path, random: &mut Random) {
        let mut server = start(directory, &[]);
        server.initialize().expect("the handshake");
        let mut ids = HashMap::new();
        // The first call of a server takes long: it compiles the schema of its tool.
        let first = self.send(&mut server, 0);
        server.read_reply(first).expect("a reply");
        self.replied.push(self.calls);
        for _ in 0..8 {
            let id = self.send(&mut server, random.below(8));
            ids.insert(id, self.calls);
        }
        std::thread::sleep(Duration::from_micros(random.below(12_000) as u64));
        let stdout = server.kill_and_read().expect("the server dies");
        // The last line may be a part of one.
        let lines = stdout.split_inclusive(|&byte| byte == b'\n');
        for line in lines.filter(|line| line.ends_with(b"\n")) {
            let reply: Value = serde_json::from_slice(line).expect("a line of JSON");
            self.replied.extend(reply["id"].as_u64().and_then(|id| ids.get(&id)));
        }
    }
}

#[test]
fn a_kill_at_any_moment_gives_every_call_at_most_one_event_and_every_reply_its_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let seed = std::process::id().into();
    let (mut random, mut sent) = (Random::new(seed), Sent::default());
    let kills = 60 * toolwatch_tests::scale();
    for round in 0..kills {
        sent.kill_one(directory.path(), &mut random);
        if round % 3 == 0 {
            // One that dies while it starts, and so while it reports.
            let server = start(directory.path(), &[]);
            std::thread::sleep(Duration::from_micros(random.below(20_000) as u64));
            server.kill().expect("the server dies");
        }
    }
    start_and_end(directory.path(), &[]);
    let mut events: HashMap<u64, Vec<String>> = HashMap::new();
    for record in records(directory.path()) {
        let outcome = record.attributes.outcome.clone().expect("an outcome");
        events.entry(length(&record)).or_default().push(outcome);
    }
    let doubled: Vec<_> = events.iter().filter(|(_, outcomes)| outcomes.len() != 1).collect();
    let is_ok = |call: &&u64| events.get(call).is_some_and(|outcomes| *outcomes == ["ok"]);
    let wrong: Vec<_> = sent.replied.iter().filter(|call| !is_ok(call)).collect();
    let interrupted = events.values().flatten().filter(|outcome| *outcome == "interrupted").count();
    println!(
        "begin records, seed {seed}: {kills} kills, {} calls sent, {} replied, {} events, {interrupted} interrupted, \
         {} doubled, {} replied and wrong",
        sent.calls,
        sent.replied.len(),
        events.len(),
        doubled.len(),
        wrong.len()
    );
    assert!(doubled.is_empty(), "more than one event: {doubled:?}");
    assert!(wrong.is_empty(), "replied calls without their one event: {wrong:?}");
    assert!(events.values().flatten().all(|outcome| outcome == "ok" || outcome == "interrupted"));
    assert!(!sent.replied.is_empty() && interrupted > 0, "both were seen");
    assert_eq!(begun_files(directory.path()), 0);
}
