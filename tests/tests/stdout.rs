//! Invariant: nothing is ever written to stdout but the protocol, and nothing to stderr unasked.

use serde_json::{Value, json};
use toolwatch_tests::raw::RawServer;

/// Calls every tool of the fixture, in every way that it can go.
fn whole_session(server: &mut RawServer) -> Vec<String> {
    let mut lines = vec![server.initialize().expect("the handshake")];
    let calls = [
        ("echo", json!({ "text": "hello", "times": 2 })),
        ("echo", json!({ "text": 7 })),
        ("echo", json!({ "unknown": true })),
        ("answer", json!({ "text": "yes" })),
        ("answer", json!({ "text": "refuse" })),
        ("raw", json!({ "b": [1.0, 18_446_744_073_709_551_615_u64], "a": null })),
        ("fail", json!({ "text": "x" })),
        ("protocol_fail", json!({ "text": "x" })),
        ("task", json!({ "text": "id" })),
        ("blocks", json!({ "text": "block" })),
        ("nothing", json!({})),
        ("no_such_tool", json!({})),
    ];
    for (tool, arguments) in calls {
        lines.push(server.call(tool, arguments).expect("a reply"));
    }
    server.send_call("panic", json!({ "text": "boom" })).expect("sent");
    let id = server.send_request("tools/list", json!({})).expect("sent");
    lines.push(server.read_reply(id).expect("a list"));
    lines
}

#[test]
fn stdout_carries_the_protocol_and_stderr_stays_silent() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = env!("CARGO_BIN_EXE_fixture");
    let mut server =
        RawServer::start_recording(program, directory.path()).expect("the server starts");
    for line in whole_session(&mut server) {
        let message: Value = serde_json::from_str(&line).expect("every line is JSON");
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
    }
    let (rest, errors) = server.close().expect("the server ends");
    for line in rest.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let message: Value = serde_json::from_slice(line).expect("every line is JSON");
        assert_eq!(message["jsonrpc"], "2.0");
    }
    let errors = String::from_utf8_lossy(&errors);
    assert!(!errors.contains("toolwatch"), "stderr: {errors}");
}

#[test]
fn whole_sessions_are_byte_for_byte_the_same_with_and_without_the_attribute() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = env!("CARGO_BIN_EXE_fixture");
    let mut watched =
        RawServer::start_recording(program, directory.path()).expect("the server starts");
    let mut plain = RawServer::start(program, &["plain"], &[]).expect("the server starts");
    let (watched_lines, plain_lines) = (whole_session(&mut watched), whole_session(&mut plain));
    assert_eq!(watched_lines.len(), plain_lines.len());
    for (watched_line, plain_line) in watched_lines.iter().zip(&plain_lines) {
        if plain_line.contains("inputSchema") {
            assert_eq!(without_intent(watched_line), plain_line.trim_end());
        } else {
            assert_eq!(watched_line, plain_line);
        }
    }
    watched.close().expect("the server ends");
    plain.close().expect("the server ends");
}

/// Takes the injected intent property out of a list, textually, so that all other bytes stay.
fn without_intent(line: &str) -> String {
    let mut message: Value = serde_json::from_str(line).expect("JSON");
    let mut text = line.trim_end().to_owned();
    for tool in message["result"]["tools"].as_array_mut().expect("tools") {
        let schema = tool["inputSchema"].as_object().expect("a schema");
        let Some(intent) = schema["properties"].get("context") else { continue };
        let member = format!("\"context\":{intent}");
        let cut = text.replacen(&format!(",{member}"), "", 1);
        let cut = if cut == text { text.replacen(&format!("{member},"), "", 1) } else { cut };
        text = if cut == text { text.replacen(&member, "", 1) } else { cut };
    }
    text
}

#[test]
fn a_server_whose_watch_is_off_is_untouched_and_leaves_no_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = env!("CARGO_BIN_EXE_fixture");
    let record = directory.path().join("record");
    let record = record.to_string_lossy();
    for off in
        [[("TOOLWATCH_ENABLED", "false")], [("DO_NOT_TRACK", "1")], [("TOOLWATCH_DEBUG", "0")]]
    {
        let mut variables = vec![("TOOLWATCH_DIR", record.as_ref())];
        if off[0].0 != "TOOLWATCH_DEBUG" {
            variables.push(("TOOLWATCH_LOCAL", "1"));
        }
        variables.extend(off);
        let mut silent =
            RawServer::start(program, &["watched"], &variables).expect("the server starts");
        let mut plain = RawServer::start(program, &["plain"], &[]).expect("the server starts");
        assert_eq!(whole_session(&mut silent), whole_session(&mut plain));
        silent.close().expect("the server ends");
        plain.close().expect("the server ends");
        assert!(!std::path::Path::new(record.as_ref()).exists(), "a watch that is off made files");
    }
}
