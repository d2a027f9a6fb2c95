//! A provider that panics costs a span, and never a call.

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use serde_json::json;
use toolwatch::event::Outcome;
use toolwatch::opentelemetry::Context;
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::sdk::Sdk;
use toolwatch_tests::server::{plain, watched};
use toolwatch_tests::wrapped::{Era, Lines};

/// Panics at the start of a span, or at its end.
#[derive(Debug)]
struct Bomb {
    at_start: bool,
}

impl SpanProcessor for Bomb {
    fn on_start(&self, _: &mut Span, _: &Context) {
        assert!(!self.at_start, "a bomb at the start");
    }

    fn on_end(&self, _: SpanData) {
        assert!(self.at_start, "a bomb at the end");
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: std::time::Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Replies to a session, in their order.
async fn replies(server: impl rmcp::ServerHandler) -> Vec<String> {
    let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
    let mut replies = Vec::new();
    for (tool, arguments) in [
        ("echo", json!({ "text": "hello" })),
        ("fail", json!({ "text": "x" })),
        ("protocol_fail", json!({ "text": "x" })),
        ("echo", json!({ "text": 7 })),
    ] {
        let params = json!({ "name": tool, "arguments": arguments });
        replies.push(client.request("tools/call", params).await.expect("a reply"));
    }
    replies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_processor_that_panics_changes_no_reply_and_loses_no_event() {
    let expected = replies(plain::Server).await;
    for at_start in [true, false] {
        let sdk = Sdk::with(|builder| builder.with_span_processor(Bomb { at_start }));
        let recorder = Recorder::with(|builder| builder.otel(sdk.otel()));
        let before = recorder.watch.stats().capture_faults;
        let found = replies(recorder.watch.wrap(watched::Server)).await;
        assert_eq!(found, expected);
        let records = recorder.records();
        let calls = records.iter().filter(|of| of.event_type == "tool_call").count();
        assert_eq!(calls, 4, "at_start: {at_start}");
        assert!(recorder.watch.stats().is_balanced());
        let faults = recorder.watch.stats().capture_faults - before;
        assert!(faults >= 4, "{faults} faults are counted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_that_panics_under_a_processor_that_panics_ends_nothing_else() {
    let sdk = Sdk::with(|builder| builder.with_span_processor(Bomb { at_start: false }));
    let recorder = Recorder::with(|builder| builder.otel(sdk.otel()));
    let server = recorder.watch.wrap(watched::Server);
    let mut client = Lines::of(server, Era::Session).start().await.expect("a client");
    let panic = json!({ "name": "panic", "arguments": { "text": "x" } });
    client.send_request("tools/call", panic).await.expect("sent");
    client.call("echo", json!({ "text": "still here" })).await.expect("a reply");
    let is_told = |of: &toolwatch::local::Record| of.outcome() == Some(Outcome::Panic);
    let records = toolwatch_tests::wrapped::records_when(&recorder, |all| all.iter().any(is_told));
    assert!(records.await.iter().any(is_told));
}
