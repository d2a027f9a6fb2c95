//! What a watch does to its process: nothing but what was asked for (A12, K8, `TOOLWATCH_DEBUG`).

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use serde_json::json;
use toolwatch::local::Reader;
use toolwatch::testing::{Receiver, Reply};
use toolwatch_tests::raw::RawServer;

/// How soon a process ends that nothing holds up, on a machine that runs other things.
const PROMPT: Duration = Duration::from_secs(20);

/// So long a request waits for its reply, in ms; no end of a process may.
const HTTP_TIMEOUT: (&str, &str) = ("TOOLWATCH_HTTP_TIMEOUT_MS", "300000");

struct Session {
    directory: tempfile::TempDir,
    server: RawServer,
}

impl Session {
    fn start(mode: &str, variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().to_string_lossy().into_owned();
        let mut all = vec![("TOOLWATCH_LOCAL", "1"), ("TOOLWATCH_DIR", path.as_str())];
        all.extend(variables);
        let program = env!("CARGO_BIN_EXE_fixture");
        let mut server = RawServer::start(program, &[mode], &all).expect("the server starts");
        server.initialize().expect("the handshake");
        Self { directory, server }
    }

    fn end(self) -> (ExitStatus, String, usize) {
        let (status, stdout, stderr) = self.server.end().expect("the server ends");
        assert!(stdout.is_empty(), "stdout: {}", String::from_utf8_lossy(&stdout));
        let records = Reader::open(self.directory.path()).expect("a record").into_iter().count();
        (status, String::from_utf8_lossy(&stderr).into_owned(), records)
    }
}

#[test]
fn k8_the_exit_code_of_the_host_is_kept_and_nothing_is_written() {
    let receiver = Receiver::start().expect("a receiver");
    receiver.always(Reply::hang());
    let endpoint = receiver.endpoint();
    let endpoint = ("TOOLWATCH_ENDPOINT", endpoint.as_str());
    let variables = [endpoint, ("TOOLWATCH_API_KEY", "k"), HTTP_TIMEOUT];
    let mut session = Session::start("exit", &variables);
    session.server.call("echo", json!({ "text": "x" })).expect("a reply");
    let before = Instant::now();
    let (status, stderr, records) = session.end();
    assert!(before.elapsed() < PROMPT, "{:?}", before.elapsed());
    assert_eq!((status.code(), stderr.as_str(), records), (Some(7), "", 1));
}

#[cfg(unix)]
#[test]
fn k8_a_signal_ends_the_process_at_once_as_it_would_without_a_watch() {
    use std::os::unix::process::ExitStatusExt as _;
    let receiver = Receiver::start().expect("a receiver");
    receiver.always(Reply::hang());
    let endpoint = receiver.endpoint();
    let endpoint = ("TOOLWATCH_ENDPOINT", endpoint.as_str());
    let variables = [endpoint, ("TOOLWATCH_API_KEY", "k"), HTTP_TIMEOUT];
    let mut session = Session::start("watched", &variables);
    session.server.call("echo", json!({ "text": "x" })).expect("a reply");
    let before = Instant::now();
    session.server.terminate().expect("sent");
    let (status, stderr, records) = session.end();
    assert!(before.elapsed() < PROMPT, "{:?}", before.elapsed());
    assert_eq!((status.signal(), stderr.as_str(), records), (Some(15), "", 1));
}

#[test]
fn debug_tells_each_event_and_the_numbers_on_stderr_and_no_data() {
    let mut session = Session::start("watched", &[("TOOLWATCH_DEBUG", "1")]);
    session.server.call("echo", json!({ "text": "needle", "context": "needle" })).expect("a reply");
    session.server.call("fail", json!({ "text": "needle" })).expect("a reply");
    let (_, stderr, records) = session.end();
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{stderr}");
    assert!(lines[0].starts_with("toolwatch: tools/call echo: ok in "), "{stderr}");
    assert!(lines[1].starts_with("toolwatch: tools/call fail: tool_error in "), "{stderr}");
    assert_eq!(lines[2], "toolwatch: 0 delivered, 2 spooled, 0 dropped");
    assert!(!stderr.contains("needle"), "{stderr}");
    assert_eq!(records, 2);
}

#[test]
fn a12_a_watch_that_was_built_and_not_installed_says_so_once() {
    let mut session = Session::start("forgotten", &[]);
    for _ in 0..2 {
        let reply = session.server.call("echo", json!({ "text": "x" })).expect("a reply");
        assert!(reply.contains("\"text\":\"x\""), "{reply}");
    }
    let (_, stderr, records) = session.end();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("a watched tool is not recorded: install()"), "{stderr}");
    assert_eq!(records, 0);
}

#[test]
fn a2_a_wrong_variable_is_named_once_and_the_server_serves() {
    let mut session = Session::start("watched", &[("TOOLWATCH_SAMPLE_RATE", "secret-lots")]);
    session.server.call("echo", json!({ "text": "x" })).expect("a reply");
    let (_, stderr, records) = session.end();
    assert_eq!((stderr.lines().count(), records), (1, 1), "{stderr}");
    assert!(stderr.contains("TOOLWATCH_SAMPLE_RATE") && !stderr.contains("secret"), "{stderr}");
}

#[test]
fn k8_a_directory_that_cannot_be_used_is_named_and_costs_no_call() {
    let mut session = Session::start("watched", &[("TOOLWATCH_DIR", "/dev/null/record")]);
    let reply = session.server.call("echo", json!({ "text": "x" })).expect("a reply");
    assert!(reply.contains("\"text\":\"x\""), "{reply}");
    let (_, stderr, records) = session.end();
    assert_eq!(records, 0);
    assert!(stderr.contains("the spool's directory cannot be used"), "{stderr}");
    assert!(stderr.lines().all(|line| line.starts_with("toolwatch: ")), "{stderr}");
    assert!(stderr.lines().count() <= 2, "one line for each of directory and key: {stderr}");
}
