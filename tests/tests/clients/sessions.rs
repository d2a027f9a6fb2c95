//! The session of `tests/clients/session.json`, through each client, transport and protocol era.

use std::path::Path;

use serde_json::{Value, json};
use toolwatch::local::{Reader, Record};
use toolwatch_tests::clients::{HttpServer, Runtime};

use crate::{EVERYTHING, cache};

#[derive(Clone, Copy)]
enum Client {
    Python,
    TypeScript1,
    TypeScript2,
}

impl Client {
    async fn runtime(self) -> Option<&'static Runtime> {
        match self {
            Self::Python => Runtime::python(&cache()).await,
            Self::TypeScript1 | Self::TypeScript2 => Runtime::node(&cache()).await,
        }
    }

    const fn script(self) -> &'static str {
        match self {
            Self::Python => "drive.py",
            Self::TypeScript1 => "v1.mjs",
            Self::TypeScript2 => "v2.mjs",
        }
    }
}

/// How often a session is run until its client has seen all of it.
const ATTEMPTS: usize = 5;

/// How often the tool `test_tool_with_progress` reports.
const REPORTS: usize = 3;

/// An event as a test compares it: its type, its name, its outcome.
type Seen = [String; 3];

#[tokio::test]
async fn the_python_client_over_stdio_in_a_legacy_session() {
    check(Client::Python, "stdio", "legacy").await;
}

#[tokio::test]
async fn the_python_client_over_stdio_without_a_session() {
    check(Client::Python, "stdio", "stateless").await;
}

#[tokio::test]
async fn the_python_client_over_http_in_a_legacy_session() {
    check(Client::Python, "http", "legacy").await;
}

#[tokio::test]
async fn the_python_client_over_http_without_a_session() {
    check(Client::Python, "http", "stateless").await;
}

#[tokio::test]
async fn the_first_typescript_client_over_stdio() {
    check(Client::TypeScript1, "stdio", "legacy").await;
}

#[tokio::test]
async fn the_first_typescript_client_over_http() {
    check(Client::TypeScript1, "http", "legacy").await;
}

#[tokio::test]
async fn the_second_typescript_client_over_stdio_in_a_legacy_session() {
    check(Client::TypeScript2, "stdio", "legacy").await;
}

#[tokio::test]
async fn the_second_typescript_client_over_stdio_without_a_session() {
    check(Client::TypeScript2, "stdio", "stateless").await;
}

#[tokio::test]
async fn the_second_typescript_client_over_http_in_a_legacy_session() {
    check(Client::TypeScript2, "http", "legacy").await;
}

#[tokio::test]
async fn the_second_typescript_client_over_http_without_a_session() {
    check(Client::TypeScript2, "http", "stateless").await;
}

/// The client sees the same with and without a watch, and every request is one event.
async fn check(client: Client, transport: &str, era: &str) {
    let Some(runtime) = client.runtime().await else { return };
    let (plain, records) = go(runtime, client, transport, era, "plain").await;
    assert!(records.is_empty(), "an unwatched server records nothing");
    assert_eq!(plain["seen"].as_array().map_or(0, Vec::len), steps(era).count());
    for mode in ["watched", "routed"] {
        let (mut transcript, records) = go(runtime, client, transport, era, mode).await;
        if mode == "routed" {
            forget_intent(&mut transcript);
        }
        for (index, step) in plain["seen"].as_array().into_iter().flatten().enumerate() {
            assert_eq!(step, &transcript["seen"][index], "{mode}");
        }
        assert_eq!(plain, transcript, "{mode}");
        check_events(&transcript, &records, transport, era);
    }
}

/// Takes out what a server lists beside its own when every tool is asked for the intent.
fn forget_intent(transcript: &mut Value) {
    let mut found = 0;
    for tool in transcript["seen"][0]["result"]["tools"].as_array_mut().into_iter().flatten() {
        let properties = tool["inputSchema"]["properties"].as_object_mut();
        found += usize::from(properties.is_some_and(|all| all.remove("context").is_some()));
    }
    assert!(found > 10, "{found} tools were asked for the intent");
}

/// Runs the session against a server in this mode until it was seen to its end, some times at most.
///
/// On a busy machine a TypeScript client forgets a report that it reads together with the reply,
/// and every client over stdio kills a server that has not ended two seconds after its stdin.
async fn go(
    runtime: &Runtime,
    client: Client,
    transport: &str,
    era: &str,
    mode: &str,
) -> (Value, Vec<Record>) {
    let has_end = |records: &[Record]| records.iter().any(|record| record.event_type == "close");
    for _ in 1..ATTEMPTS {
        let (transcript, records) = go_once(runtime, client, transport, era, mode).await;
        let is_told = mode == "plain" || transport != "stdio" || has_end(&records);
        if is_told && has_all_reports(&transcript) {
            return (transcript, records);
        }
    }
    go_once(runtime, client, transport, era, mode).await
}

fn has_all_reports(transcript: &Value) -> bool {
    let steps = transcript["seen"].as_array().into_iter().flatten();
    let mut reporting = steps.filter(|step| step["step"]["name"] == "test_tool_with_progress");
    reporting.all(|step| step["result"]["progress"].as_array().map_or(0, Vec::len) == REPORTS)
}

/// Runs the session once.
async fn go_once(
    runtime: &Runtime,
    client: Client,
    transport: &str,
    era: &str,
    mode: &str,
) -> (Value, Vec<Record>) {
    let directory = tempfile::tempdir().expect("a directory");
    let script = client.script();
    let printed = if transport == "http" {
        let server = HttpServer::start(EVERYTHING, mode, directory.path()).await;
        let arguments = [era, "http", server.url()];
        let printed = runtime.run(script, &arguments, directory.path()).await;
        server.stop().await;
        printed
    } else {
        let arguments = [era, "stdio", EVERYTHING, mode, "stdio"];
        runtime.run(script, &arguments, directory.path()).await
    };
    let transcript = serde_json::from_str(&printed).expect("a transcript");
    (transcript, records(directory.path()))
}

fn records(directory: &Path) -> Vec<Record> {
    let segments = std::fs::read_dir(directory).expect("the directory").count();
    if segments == 0 {
        return Vec::new();
    }
    Reader::open(directory).expect("the record can be read").into_iter().collect()
}

#[track_caller]
fn check_events(transcript: &Value, records: &[Record], transport: &str, era: &str) {
    let mut found: Vec<Seen> = records.iter().map(seen).collect();
    let mut expected = expected(transcript, transport, era);
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{transport} {era}");
    let requests = sent(transcript).filter(|method| !method.starts_with("notifications/")).count();
    let others = ["notification", "session_start", "close"];
    let recorded = records.iter().filter(|record| !others.contains(&record.event_type.as_str()));
    assert_eq!(recorded.count(), requests, "one event for each request on the wire");
    let wire = if transport == "http" { "streamable-http" } else { "stdio" };
    for record in records {
        if era == "stateless" && record.event_type == "notification" {
            continue; // Without a session it says neither who sent it nor in which version.
        }
        let client = [&record.client_name, &record.client_version].map(Option::as_deref);
        assert_eq!(json!(client), transcript["client"], "{}", record.event_type);
        assert_eq!(record.transport_type.as_deref(), Some(wire), "{}", record.event_type);
        let version = record.mcp_protocol_version.as_deref();
        assert_eq!(json!(version), transcript["hello"]["protocolVersion"], "{}", record.event_type);
    }
}

/// What the session asks for, what a client says first, and the session itself where there is one:
/// a connection over stdio, a legacy session over HTTP.
fn expected(transcript: &Value, transport: &str, era: &str) -> Vec<Seen> {
    let event = |event: &Value| [0, 1, 2].map(|at| event[at].as_str().unwrap_or("?").to_owned());
    let mut expected: Vec<Seen> = steps(era)
        .flat_map(|step| step["events"].as_array().cloned().unwrap_or_default())
        .map(|one| event(&one))
        .collect();
    // Without a session, HTTP cancels by closing the reply: a client's transport keeps the message.
    let is_kept =
        |method: &str| (transport, era, method) == ("http", "stateless", "notifications/cancelled");
    let notifications = sent(transcript).filter(|method| method.starts_with("notifications/"));
    let notifications = notifications.filter(|method| !is_kept(method));
    expected.extend(notifications.map(|method| event(&json!(["notification", method, "ok"]))));
    let is_legacy = era == "legacy";
    let hello = if is_legacy { "initialize" } else { "server/discover" };
    expected.push(event(&json!([hello.trim_start_matches("server/"), hello, "ok"])));
    if is_legacy || transport == "stdio" {
        expected.extend(["session_start", "close"].map(|name| event(&json!([name, name, "ok"]))));
    }
    expected
}

fn seen(record: &Record) -> Seen {
    let outcome = record.attributes.outcome.clone().unwrap_or_default();
    [record.event_type.clone(), record.event_name.clone(), outcome]
}

fn sent(transcript: &Value) -> impl Iterator<Item = &str> {
    transcript["sent"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn steps(era: &str) -> impl Iterator<Item = Value> {
    let steps: Vec<Value> =
        serde_json::from_str(include_str!("../../clients/session.json")).expect("the session");
    let era = era.to_owned();
    steps.into_iter().filter(move |step| step["only"].as_str().is_none_or(|only| only == era))
}
