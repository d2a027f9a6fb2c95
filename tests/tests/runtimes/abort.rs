//! With `panic = "abort"` a panic ends the process at once, the author's as well as ours: no unwinding,
//! no destructor, no second chance. What was replied to before is safe.
//!
//! The server is a crate of its own, `tests/abort`, which the first of these tests builds.

#![cfg(unix)]

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::json;
use toolwatch::local::{Reader, Record};
use toolwatch_tests::raw::RawServer;

/// SIGABRT.
const ABORTED: Option<i32> = Some(6);

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("abort");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("abort/Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(manifest);
    let built = cargo.arg("--target-dir").arg(&target).output().expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target.join("debug").join("aborting")
});

fn start(directory: &Path, argument: &str) -> RawServer {
    let directory = directory.to_string_lossy();
    let variables = [
        ("TOOLWATCH_LOCAL", "1"),
        ("TOOLWATCH_DIR", &*directory),
        ("TOOLWATCH_BEGIN_RECORDS", "1"),
        ("TOOLWATCH_FLUSH_INTERVAL_MS", "20"),
    ];
    let program = PROGRAM.to_string_lossy();
    let mut server = RawServer::start(&program, &[argument], &variables).expect("a server");
    server.initialize().expect("the handshake");
    server
}

fn calls(server: &mut RawServer, count: usize) {
    for number in 1..=count {
        server.call("echo", json!({ "text": "x".repeat(number) })).expect("a reply");
    }
}

/// The outcomes of the events on disk, in the order of their calls.
fn outcomes(directory: &Path) -> Vec<String> {
    let records: Vec<Record> = Reader::open(directory).expect("a record").into_iter().collect();
    records.into_iter().filter_map(|record| record.attributes.outcome).collect()
}

#[test]
fn events_of_replied_calls_survive_an_abort_and_the_call_that_panicked_is_interrupted() {
    let directory = tempfile::tempdir().expect("a directory");
    for _ in 0..toolwatch_tests::scale() {
        let before = outcomes(directory.path()).len();
        let mut server = start(directory.path(), "");
        calls(&mut server, 5);
        server.send_call("panic", json!({ "text": "x" })).expect("a call");
        assert_eq!(server.wait_at_most(crate::PATIENCE).expect("its end").signal(), ABORTED);
        assert_eq!(outcomes(directory.path())[before..], ["ok"; 5]);
        start(directory.path(), "").close().expect("a clean end");
        let expect = ["ok", "ok", "ok", "ok", "ok", "interrupted"];
        assert_eq!(outcomes(directory.path())[before..], expect);
    }
}

#[track_caller]
fn check_panic_beside_the_calls(argument: &str, says: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), argument);
    // The sender may end the process even before the reply, but not before the event.
    let _ = server.call("echo", json!({ "text": "x" }));
    assert_eq!(server.wait_at_most(crate::PATIENCE).expect("its end").signal(), ABORTED);
    let (_, stderr) = server.close().expect("what it said");
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(stderr.contains(says), "{stderr}");
    assert_eq!(outcomes(directory.path()), ["ok"]);
}

#[test]
fn a_destination_that_panics_under_abort_ends_the_process_and_costs_no_event() {
    check_panic_beside_the_calls("destination", "a destination, on purpose");
}

#[test]
fn a_callback_that_panics_under_abort_ends_the_process_and_costs_no_event() {
    check_panic_beside_the_calls("callback", "a callback, on purpose");
}
