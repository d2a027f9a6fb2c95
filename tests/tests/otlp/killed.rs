//! The spans of a server that was killed arrive with the next one.

use serde_json::json;
use toolwatch_tests::raw::RawServer;

use super::collector::{Collector, Sent};

#[test]
fn spans_of_a_killed_stdio_server_arrive_when_the_next_one_starts() {
    let collector = Collector::start();
    check("http/protobuf", &collector.0.endpoint(), |count| match count {
        0 => collector.spans(),
        count => collector.wait_for_spans(count),
    });
}

/// Kills one, and starts the next, whose spans are collected once so many have come.
pub(crate) fn check(protocol: &str, endpoint: &str, spans: impl Fn(usize) -> Vec<Sent>) {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path().to_string_lossy();
    let start = |endpoint: &str| {
        let variables = [
            ("TOOLWATCH_OTLP", "1"),
            ("TOOLWATCH_DIR", &*directory),
            // It is killed before it has sent anything.
            ("TOOLWATCH_FLUSH_INTERVAL_MS", "50"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_METRICS_EXPORTER", "none"),
        ];
        RawServer::start(env!("CARGO_BIN_EXE_wrapped"), &["watched", "stdio"], &variables)
            .expect("the server starts")
    };
    // Nobody listens there.
    let mut killed = start("http://127.0.0.1:9");
    killed.initialize().expect("the handshake");
    let calls = 20;
    for number in 0..calls {
        killed.call("echo", json!({ "text": "x".repeat(number + 1) })).expect("a reply");
    }
    killed.kill().expect("the server dies");
    assert!(spans(0).is_empty());
    let mut next = start(endpoint);
    next.initialize().expect("the handshake");
    // Three of each handshake: initialize, the start of the session, initialized.
    let spans = spans(calls + 6);
    next.close().expect("a clean end");
    let of_calls: Vec<_> =
        spans.iter().filter(|sent| sent.span.name == "tools/call echo").collect();
    let mut lengths: Vec<_> = of_calls
        .iter()
        .map(|sent| sent.attributes["mcp.tool.args.text.length"].as_u64().expect("a length"))
        .collect();
    lengths.sort_unstable();
    assert_eq!(lengths, (1..=calls as u64).collect::<Vec<_>>(), "each once");
    let instances: std::collections::BTreeSet<_> = spans
        .iter()
        .map(|sent| sent.resource["service.instance.id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(instances.len(), 2, "each run is a resource of its own");
    println!(
        "otlp by {protocol}: {} spans of a killed server arrived with the next",
        lengths.len()
    );
}
