//! The structured log on stderr of a real child, and through `tracing`.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use toolwatch_tests::raw::RawServer;
use toolwatch_tests::wrapped::{Era, Lines};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, span};

use crate::shop::{Shop, offline};

#[test]
fn a_child_writes_one_line_per_event_to_stderr_and_nothing_else_is_needed() {
    let variables = [("TOOLWATCH_LOG", "stderr"), ("HOME", "/nonexistent")];
    let program = env!("CARGO_BIN_EXE_wrapped");
    let mut server = RawServer::start(program, &["watched", "stdio"], &variables).expect("a child");
    server.initialize().expect("a handshake");
    let written = server.error_lines();
    for _ in 0..20 {
        server.call("echo", json!({ "text": "needle-in-a-log" })).expect("a reply");
    }
    // Before the end, which waits but a moment for a busy machine.
    let mut lines: Vec<String> = Vec::new();
    while lines.iter().filter(|line| line.contains("\"tool_call\"")).count() < 20 {
        lines.push(written.recv_timeout(Duration::from_secs(60)).expect("a line"));
    }
    server.close().expect("an end");
    lines.extend(written);
    let text = lines.join("\n");
    assert!(!text.contains("needle-in-a-log"), "no value is in the log");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let calls: Vec<_> = lines.iter().filter(|line| line["event"] == "tool_call").collect();
    assert_eq!(calls.len(), 20, "{text}");
    for (line, id) in calls.iter().zip(2..) {
        let id: u64 = id;
        assert_eq!((&line["tool"], &line["status"]), (&json!("echo"), &json!("ok")));
        assert_eq!(line["request_id"], id.to_string());
        assert!(line["duration_ms"].as_f64().expect("a number") >= 0.0);
        assert!(line["timestamp"].as_str().expect("a time").ends_with('Z'));
    }
}

/// The events of one target, as JSON.
#[derive(Clone, Default)]
pub(crate) struct Seen(pub(crate) Arc<Mutex<Vec<Value>>>);

impl Seen {
    /// Sees what the tasks of this thread say, until what is returned is dropped.
    pub(crate) fn listen(&self) -> DefaultGuard {
        // With one subscriber alone `tracing` asks the thread that comes first to a place in the
        // code whether anybody wants its events, and keeps the answer: no, on that of another test.
        static OTHERS: LazyLock<[Dispatch; 2]> =
            LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Seen::default())));
        LazyLock::force(&OTHERS);
        tracing::subscriber::set_default(self.clone())
    }
}

struct Fields(Value);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0[field.name()] = json!(format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0[field.name()] = json!(value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0[field.name()] = json!(value);
    }
}

impl tracing::Subscriber for Seen {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "toolwatch::call"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(json!({ "level": event.metadata().level().as_str() }));
        event.record(&mut fields);
        self.0.lock().expect("a lock").push(fields.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn tracing_gets_the_same_fields_and_the_level_tells_what_failed() {
    let seen = Seen::default();
    let _guard = seen.listen();
    let watch = offline().log(toolwatch::LogTarget::Tracing).build().expect("a watch");
    let mut lines =
        Lines::of(watch.wrap(Shop::default()), Era::Session).start().await.expect("a start");
    lines.call("find", json!({ "text": "a" })).await.expect("a reply");
    lines.call("find", json!({ "text": "fail" })).await.expect("a reply");
    let seen = seen.0.lock().expect("a lock").clone();
    let calls: Vec<_> = seen.iter().filter(|event| event["event"] == "tool_call").collect();
    assert_eq!(calls.len(), 2, "{seen:#?}");
    assert_eq!((&calls[0]["level"], &calls[0]["status"]), (&json!("INFO"), &json!("ok")));
    assert_eq!((&calls[1]["level"], &calls[1]["error"]), (&json!("WARN"), &json!("tool_error")));
    assert_eq!((&calls[1]["tool"], &calls[1]["request_id"]), (&json!("find"), &json!("3")));
    assert!(calls[0]["error"].is_null() && calls[0]["duration_ms"].is_f64());
}

#[test]
fn a_log_that_nobody_asked_for_is_off_and_a_wrong_target_is_named() {
    let program = env!("CARGO_BIN_EXE_wrapped");
    for (target, expected) in [("off", ""), ("nowhere", "TOOLWATCH_LOG must be one of off, stderr")]
    {
        let variables = [("TOOLWATCH_LOG", target)];
        let arguments = ["watched", "stdio"];
        let mut server = RawServer::start(program, &arguments, &variables).expect("a child");
        server.initialize().expect("a handshake");
        server.call("echo", json!({ "query": "x" })).expect("a reply");
        let (_, stderr) = server.close().expect("an end");
        let text = String::from_utf8(stderr).expect("text");
        assert!(text.contains(expected), "{text}");
        assert_eq!(text.lines().count(), usize::from(!expected.is_empty()), "{text}");
    }
}
