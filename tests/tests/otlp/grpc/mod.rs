//! The same over gRPC: to tonic's server, and to one that means harm.

mod ends;
mod harms;
mod rules;
mod same;
mod settings;

use std::time::Instant;

use toolwatch::{Otlp, OtlpProtocol, Watch, WatchBuilder};
use toolwatch_tests::grpc::GrpcCollector;

use super::collector::{PATIENCE, Sent, spans_of, watch_to};

fn otlp(endpoint: impl Into<String>) -> Otlp {
    Otlp::new().protocol(OtlpProtocol::Grpc).endpoint(endpoint)
}

/// A watch that sends spans over gRPC and nothing else, with a directory of its own.
fn watch(
    endpoint: impl Into<String>,
    set: impl FnOnce(WatchBuilder) -> WatchBuilder,
) -> (Watch, tempfile::TempDir) {
    watch_to(otlp(endpoint).metrics(false), set)
}

/// Waits until so many spans have come.
fn wait_for_spans(collector: &GrpcCollector, count: usize) -> Vec<Sent> {
    let start = Instant::now();
    loop {
        let spans = spans_of(collector.traces());
        if spans.len() >= count {
            return spans;
        }
        assert!(start.elapsed() < PATIENCE, "only {} spans came", spans.len());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Flushes until nothing waits any more.
fn settle(watch: &Watch) {
    let start = Instant::now();
    while watch.flush(PATIENCE).spooled > 0 {
        assert!(start.elapsed() < PATIENCE, "{:?}", watch.stats());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(watch.stats().is_balanced(), "{:?}", watch.stats());
}
