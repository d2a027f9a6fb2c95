//! The same over gRPC, where a connection can be abused in ways of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use toolwatch_tests::http2::{Harm, Http2};
use toolwatch_tests::raw::RawServer;

use super::{
    MAX_CALLS, MAX_GROWTH_KIB, MISSED, PATIENCE, WARM_UP, check_growth, forget_peak, numbers,
    peak_kib,
};

/// How often the collector does harm.
const CONTACTS: usize = 3;

/// What the harm may cost at its peak, and how long a call may take, in milliseconds.
///
/// Early hints wait in `h2` until the call is polled, which is after as many reads as tokio grants a
/// task at once: some 10 MiB, however long the call takes. So it may take long here.
fn bounds(harm: Harm) -> (u64, &'static str) {
    match harm {
        Harm::EndlessInformational => (16 * MAX_GROWTH_KIB, "2000"),
        // Meanwhile batches get as large as they may, and a batch is parsed to make spans of it.
        _ => (2 * MAX_GROWTH_KIB, "400"),
    }
}

/// Whether the harm keeps a call open, so that calls of tools must be seen to pass beside it.
fn is_held(harm: Harm) -> bool {
    matches!(
        harm,
        Harm::DripBody | Harm::EndlessInformational | Harm::EndlessPings | Harm::BlackHole
    )
}

fn server(collector: &Http2, directory: &Path, timeout: &str) -> RawServer {
    let variables = [
        ("TOOLWATCH_OTLP", "1"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.endpoint()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", timeout),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("TOOLWATCH_DIR", &directory.to_string_lossy()),
        ("TOOLWATCH_FLUSH_INTERVAL_MS", "20"),
        ("TOOLWATCH_DEBUG", "1"),
        ("MALLOC_ARENA_MAX", "1"),
    ];
    let program = env!("CARGO_BIN_EXE_fixture");
    let mut server = RawServer::start(program, &["watched"], &variables).expect("a server");
    server.initialize().expect("the handshake");
    server
}

fn call(server: &mut RawServer) {
    server.call("echo", json!({ "text": "x" })).expect("a reply");
}

/// Calls until the collector has done its harm; how many were answered while it held one.
fn suffer(server: &mut RawServer, collector: &Http2) -> (usize, usize) {
    let (mut calls, mut beside, end) = (0, 0, Instant::now() + PATIENCE);
    while collector.contacts() < CONTACTS || collector.held().is_some() {
        assert!(Instant::now() < end, "{} contacts", collector.contacts());
        let held = collector.held();
        // Half of the calls are for the time when one is held, whenever the sender comes to that.
        if calls == MAX_CALLS || (calls >= MAX_CALLS / 2 && held.is_none()) {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        call(server);
        calls += 1;
        beside += usize::from(held.is_some() && held == collector.held());
    }
    (calls, beside)
}

fn check(harm: Harm) {
    let (max_growth, timeout) = bounds(harm);
    check_growth(max_growth, || suffer_from(harm, timeout));
}

/// Plays a round, and returns by how many KiB the peak grew.
fn suffer_from(harm: Harm, timeout: &str) -> u64 {
    let collector = Http2::start().expect("a collector");
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = server(&collector, directory.path(), timeout);
    (0..WARM_UP).for_each(|_| call(&mut server));
    assert!(collector.wait_for_spans(WARM_UP), "a kind collector gets everything");
    let process = server.id();
    forget_peak(process);
    let before = peak_kib(process);
    collector.turn(harm, CONTACTS);
    let (calls, beside) = suffer(&mut server, &collector);
    let growth = peak_kib(process).saturating_sub(before);
    let (_, stderr) = server.close().expect("the server ends");
    let Some([delivered, spooled, dropped]) = numbers(&stderr) else { return MISSED };
    let calls = WARM_UP + calls;
    println!(
        "evil collector over gRPC: {harm:?}: peak +{growth} KiB, {beside} calls beside a held call, \
         {calls} calls = {delivered} delivered + {spooled} spooled + {dropped} dropped"
    );
    if beside == 0 && is_held(harm) {
        return MISSED;
    }
    assert_eq!(delivered + spooled + dropped, calls, "{harm:?}: the account is in balance");
    // A message over the bound of gRPC is an answer, after which OTLP sends nothing again.
    assert!(dropped == 0 || harm == Harm::TenGibibytes, "{harm:?}");
    let next = self::server(&collector, directory.path(), timeout);
    assert!(collector.wait_for_spans(calls - dropped), "{harm:?}: {} came", collector.spans());
    next.close().expect("the next server ends");
    growth
}

checks! { Harm,
    fn evil_grpc_collector_sends_a_message_of_ten_gibibytes() TenGibibytes;
    fn evil_grpc_collector_drips_its_message() DripBody;
    fn evil_grpc_collector_sends_long_trailers() LongTrailers;
    fn evil_grpc_collector_sends_headers_without_end() EndlessHeaders;
    fn evil_grpc_collector_sends_early_hints_without_end() EndlessInformational;
    fn evil_grpc_collector_sends_pings_without_end() EndlessPings;
    fn evil_grpc_collector_sends_settings_without_end() EndlessSettings;
    fn evil_grpc_collector_sends_garbage() Garbage;
    fn evil_grpc_collector_never_answers() BlackHole;
}
