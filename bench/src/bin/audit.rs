//! The audit log: what an append costs whoever waits for it, and how fast a log is verified.
//!
//! Bars: the 99th percentile of an append at most 20 us, 1,000,000 records verified in at most 5 s.
//! Both are times of one run on the real disk, with a checkpoint every 100 records, signed and made
//! durable by the log's own thread. `--records N` for another number of records.

use std::path::Path;
use std::time::{Duration, Instant};

use toolwatch::audit::{Audit, Verifier, keygen_signed};
use toolwatch::testing::audit::append;

fn main() {
    let mut words = std::env::args().skip_while(|word| word != "--records").skip(1);
    let records = words.next().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let home = tempfile::tempdir().expect("a directory");
    let (log, published) = (home.path().join("log"), home.path().join("checkpoints"));
    let key = keygen_signed(&log).expect("keys");
    write("one call at a time, 1,000 a second", &log, &published, 5_000, Duration::from_millis(1));
    write("as fast as it goes", &log, &published, records, Duration::ZERO);
    let bytes: u64 = std::fs::read_dir(&log)
        .expect("the log")
        .map(|entry| entry.expect("a file").metadata().expect("its size").len())
        .sum();
    let (start, cpu) = (Instant::now(), cpu());
    let report = Verifier::new(&key).checkpoints(&published).verify(&log).expect("a report");
    let (took, cpu) = (start.elapsed(), self::cpu() - cpu);
    assert!(report.verdict().is_intact(), "{:?}", report.damages());
    let per_million = |took: Duration| took.as_secs_f64() * 1e6 / report.records() as f64;
    println!(
        "verified {} records, {} MiB, {} checkpoints: {:.2} s; per 1,000,000: {:.2} s, {:.2} s of CPU (bar: 5 s)",
        report.records(),
        bytes >> 20,
        report.checkpoints(),
        took.as_secs_f64(),
        per_million(took),
        per_million(cpu)
    );
}

/// Processor time of this thread: what a loaded machine cannot change. Linux alone tells it so.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

fn write(name: &str, log: &Path, published: &Path, records: usize, pause: Duration) {
    let audit = Audit::builder(log).checkpoint_file(published).build().expect("an audit log");
    let mut times = Vec::with_capacity(records);
    for number in 0..records {
        let body = body(number);
        let start = Instant::now();
        append(&audit, body.as_bytes());
        times.push(start.elapsed());
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    let stats = audit.stats();
    assert_eq!(stats.missed(), 0);
    times.sort_unstable();
    let at = |share: f64| times[((records - 1) as f64 * share) as usize].as_nanos() as f64 / 1e3;
    println!(
        "append, {name}: {records} records, p50 {:.1} us, p99 {:.1} us (bar: 20 us), p99.9 {:.1} us, max {:.0} us",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

/// The body of a usual call, as `docs/spec/audit.md` has it.
fn body(number: usize) -> String {
    let id = format!("{number:08x}-9a1b-7c3d-8e4f-0123456789ab");
    format!(
        "{{\"event_id\":\"{id}\",\"trace_id\":\"abababababababababababababababab\",\"event_type\":\"tool_call\",\
         \"event_name\":\"search\",\"mcp_method\":\"tools/call\",\"started_at\":\"2026-11-21T13:20:08.123456Z\",\
         \"request_id\":{number},\"transport_type\":\"stdio\",\"client_name\":\"claude-code\",\"client_version\":\"2.1.0\",\
         \"session\":\"00000000000000fe\",\"request_params\":{{\"bytes\":200,\"keys\":4,\"fields\":{{\
         \"cursor\":{{\"type\":\"string\",\"len\":24}},\"filter\":{{\"type\":\"object\",\"len\":1}},\"limit\":{{\"type\":\"integer\"}},\
         \"query\":{{\"type\":\"string\",\"len\":90}}}},\"schema_valid\":true,\"hash\":\"0123456789abcdef\"}},\
         \"duration_ms\":1.2345,\"outcome\":\"ok\",\"is_error\":false,\"response_bytes\":350}}"
    )
}
