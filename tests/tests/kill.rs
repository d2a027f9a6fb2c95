//! Promise: when a client has read a reply, that call's event survives SIGKILL.
//!
//! 200 servers are killed, times `TOOLWATCH_TEST_SCALE`.

use std::collections::HashMap;

use serde_json::json;
use toolwatch::local::Reader;
use toolwatch_tests::raw::RawServer;

fn kills() -> usize {
    200 * toolwatch_tests::scale()
}

/// Every call has a text of a length of its own, by which its event is found again.
fn recorded_lengths(directory: &std::path::Path) -> HashMap<u64, usize> {
    let mut lengths = HashMap::new();
    for record in Reader::open(directory).expect("the record can be read") {
        let fields = &record.request_params.as_ref().expect("a call has arguments").fields;
        let length = fields["text"]["len"].as_u64().expect("the text has a length");
        *lengths.entry(length).or_insert(0) += 1;
    }
    lengths
}

#[test]
fn a_kill_right_after_a_reply_loses_no_event() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut replied = 0_u64;
    for round in 0..kills() {
        let mut server =
            RawServer::start_recording(env!("CARGO_BIN_EXE_fixture"), directory.path())
                .expect("the server starts");
        server.initialize().expect("the handshake");
        for _ in 0..=(round % 4) {
            replied += 1;
            let text = "x".repeat(usize::try_from(replied).expect("a small number"));
            server.call("echo", json!({ "text": text })).expect("a reply");
        }
        server.kill().expect("the server dies");
    }
    let recorded = recorded_lengths(directory.path());
    let lost: Vec<u64> = (1..=replied).filter(|length| !recorded.contains_key(length)).collect();
    let doubled: Vec<_> = recorded.iter().filter(|(_, count)| **count != 1).collect();
    println!(
        "kill loop: {} kills, {replied} replied calls, {} lost, {} doubled",
        kills(),
        lost.len(),
        doubled.len()
    );
    assert!(lost.is_empty(), "lost the events of the calls {lost:?}");
    assert!(doubled.is_empty(), "recorded more than once: {doubled:?}");
}
