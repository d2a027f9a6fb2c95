//! Every outcome of a watched tool is recorded exactly once (D1), over a real stdio session.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toolwatch::event::Outcome;
use toolwatch::local::{Reader, Record};
use toolwatch_tests::raw::RawServer;

struct Session {
    directory: tempfile::TempDir,
    server: RawServer,
}

impl Session {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut server =
            RawServer::start_recording(env!("CARGO_BIN_EXE_fixture"), directory.path())
                .expect("the server starts");
        server.initialize().expect("the handshake");
        Self { directory, server }
    }

    fn call(&mut self, tool: &str, arguments: Value) {
        self.server.call(tool, arguments).expect("a reply");
    }

    /// Waits until so many calls were recorded, for calls that are not answered.
    fn wait_for(&self, count: usize) {
        let start = Instant::now();
        while records(&self.directory).len() < count {
            assert!(start.elapsed() < Duration::from_secs(60), "{count} records");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn end(self) -> Vec<Record> {
        self.server.close().expect("the server ends");
        records(&self.directory)
    }
}

fn records(directory: &tempfile::TempDir) -> Vec<Record> {
    Reader::open(directory.path()).expect("the record can be read").into_iter().collect()
}

#[track_caller]
fn check(tool: &str, arguments: Value, expected: Outcome) -> Record {
    let mut session = Session::start();
    session.call(tool, arguments);
    let mut records = session.end();
    assert_eq!(records.len(), 1, "exactly one event");
    let record = records.remove(0);
    assert_eq!((record.event_name.as_str(), record.outcome()), (tool, Some(expected)));
    record
}

#[test]
fn d1_success_is_ok() {
    let record = check("echo", json!({ "text": "hello", "times": 2 }), Outcome::Ok);
    assert!(!record.is_error);
    let result = record.response_content.expect("a result");
    assert_eq!((result.text_chars, &result.blocks["text"]), (10, &json!(1)));
}

#[test]
fn d1_an_error_result_is_a_tool_error_with_the_type_of_the_authors_error() {
    let record = check("answer", json!({ "text": "refuse" }), Outcome::ToolError);
    assert!(record.is_error);
    let error_type = record.attributes.others["error"]["type"].as_str().expect("a type");
    assert!(error_type.ends_with("server::Refused"), "{error_type}");
}

#[test]
fn d1_a_json_rpc_error_is_a_protocol_error_with_its_code() {
    let record = check("protocol_fail", json!({ "text": "x" }), Outcome::ProtocolError);
    assert_eq!(record.error_code, Some(json!(-32603)));
}

#[test]
fn d1_bad_arguments_are_recorded_although_the_body_never_runs() {
    let record = check("echo", json!({ "text": 7, "colour": "red" }), Outcome::InvalidArguments);
    let arguments = record.request_params.expect("arguments");
    assert_eq!((arguments.keys, arguments.unknown_keys), (2, 1));
    assert_eq!(arguments.schema_valid, Some(false));
    let fault = arguments.schema_error.expect("a fault");
    assert_eq!((fault.keyword.as_str(), fault.path.as_str()), ("type", "text"));
}

#[test]
fn d1_a_missing_argument_is_named() {
    let record = check("echo", json!({}), Outcome::InvalidArguments);
    assert_eq!(record.request_params.expect("arguments").missing, ["text"]);
}

#[test]
fn d12_a_request_for_input_is_no_error() {
    let record = check("ask", json!({ "text": "state" }), Outcome::InputRequired);
    assert!(!record.is_error);
}

#[test]
fn d1_a_task_is_recorded_as_one() {
    check("task", json!({ "text": "id" }), Outcome::Task);
}

#[test]
fn d1_j6_a_panic_is_recorded_once_and_the_server_goes_on() {
    let mut session = Session::start();
    session.server.send_call("panic", json!({ "text": "boom" })).expect("sent");
    session.call("echo", json!({ "text": "still here" }));
    let records = session.end();
    let outcomes: Vec<_> = records.iter().map(Record::outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Panic), Some(Outcome::Ok)]);
}

#[test]
fn d1_j7_a_cancelled_call_is_recorded_once() {
    let mut session = Session::start();
    let id = session.server.send_call("wait", json!({ "text": "x", "times": 3000 })).expect("sent");
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
    session.server.send(&cancel).expect("sent");
    session.wait_for(1);
    let records = session.end();
    let outcomes: Vec<_> = records.iter().map(Record::outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Cancelled)]);
}

#[test]
fn d1_a_call_in_flight_when_the_client_leaves_is_recorded_as_dropped() {
    let mut session = Session::start();
    session.server.send_call("wait", json!({ "text": "x" })).expect("sent");
    let id = session.server.send_request("ping", json!({})).expect("sent");
    session.server.read_reply(id).expect("the call has arrived");
    let records = session.end();
    let outcomes: Vec<_> = records.iter().map(Record::outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Dropped)]);
}

#[test]
fn b10_the_intent_is_recorded_and_never_reaches_the_handler() {
    let mut session = Session::start();
    let reply =
        session.server.call("raw", json!({ "a": 1, "context": "why not" })).expect("a reply");
    assert!(!reply.contains("why not"), "{reply}");
    let records = session.end();
    assert_eq!(records[0].intent(), Some("why not"));
    assert_eq!(records[0].request_params.as_ref().expect("arguments").keys, 1);
}

#[test]
fn the_same_call_in_a_row_is_counted_whatever_the_order_of_its_keys_and_the_form_of_its_numbers() {
    let mut session = Session::start();
    for arguments in [
        json!({ "text": "x", "times": 1 }),
        json!({ "times": 1.0, "text": "x" }),
        json!({ "text": "y" }),
    ] {
        session.server.call("raw", arguments).expect("a reply");
    }
    let records = session.end();
    let runs: Vec<_> = records
        .iter()
        .map(|record| record.request_params.as_ref().expect("arguments").repeat_run)
        .collect();
    assert_eq!(runs, [1, 2, 1]);
}
