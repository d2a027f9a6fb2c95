//! What an append costs its caller, beside a bare write of the same bytes.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use toolwatch::audit::{Audit, keygen_signed};
use toolwatch::testing::audit::append;

/// Calls of one subject before the next one has its turn.
const TURN: usize = 500;
/// Records after which the log publishes, and the bare file is made durable.
const SYNC_RECORDS: usize = 100;

/// Something that takes a record, and its times.
struct Subject<'a> {
    name: &'static str,
    take: Box<dyn FnMut(usize) -> Duration + 'a>,
    times: Vec<Duration>,
}

/// Measures all subjects at both paces, and fills the log up to `records`.
pub fn run(home: &Path, log: &Path, published: &Path, records: usize) {
    let audit = Audit::builder(log).checkpoint_file(published).build().expect("an audit log");
    let other = home.join("other");
    keygen_signed(&other).expect("keys");
    let silent = Audit::builder(&other).build().expect("an audit log");
    append(&audit, body(0).as_bytes());
    let line = second_line(log);
    println!("a record has {} bytes", line.len());
    for (name, calls, pause) in [
        ("1 ms between two calls", 5_000.min(records), Duration::from_millis(1)),
        ("as fast as it goes", 100_000.min(records), Duration::ZERO),
    ] {
        let mut subjects = [
            bare("write(2) alone", home, &line, None),
            bare("write(2), another thread syncs", home, &line, Some(syncing())),
            recorded("append, no checkpoints", &silent),
            recorded("append", &audit),
        ];
        measure(&mut subjects, calls, pause);
        print(name, &subjects);
    }
    let have = audit.stats().records() as usize;
    (have..records).for_each(|number| append(&audit, body(number).as_bytes()));
    assert_eq!(audit.stats().missed(), 0);
}

fn measure(subjects: &mut [Subject<'_>], calls: usize, pause: Duration) {
    for turn in 0..calls / TURN {
        for subject in &mut *subjects {
            for number in turn * TURN..(turn + 1) * TURN {
                if !pause.is_zero() {
                    std::thread::sleep(pause);
                }
                let took = (subject.take)(number);
                subject.times.push(took);
            }
        }
    }
}

fn print(name: &str, subjects: &[Subject<'_>]) {
    println!("{name}, us:{:31}p50     p99   p99.9     max   p99 over write(2) alone", "");
    let p99 = |subject: &Subject<'_>| at(&subject.times, 0.99);
    for subject in subjects {
        let [p50, p999, max] = [0.5, 0.999, 1.0].map(|share| at(&subject.times, share));
        let (p99, ratio) = (p99(subject), p99(subject) / p99(&subjects[0]));
        println!("  {:46} {p50:7.1} {p99:7.1} {p999:7.1} {max:7.0}   {ratio:.2}", subject.name);
    }
}

/// A percentile, in microseconds.
fn at(times: &[Duration], share: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share) as usize].as_nanos() as f64 / 1e3
}

fn recorded<'a>(name: &'static str, audit: &'a Audit) -> Subject<'a> {
    let take = move |number| {
        let body = body(number);
        let start = Instant::now();
        append(audit, body.as_bytes());
        start.elapsed()
    };
    Subject { name, take: Box::new(take), times: Vec::new() }
}

fn bare<'a>(name: &'static str, home: &Path, line: &[u8], sync: Option<SyncSender<Arc<File>>>) -> Subject<'a> {
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).open(home.join(name)).expect("a file");
    let (file, line) = (Arc::new(file), line.to_vec());
    let take = move |number: usize| {
        let mut line = line.clone();
        // As fresh in the cache as a body that was made just now.
        line[20..28].copy_from_slice(format!("{number:08x}").as_bytes());
        let start = Instant::now();
        (&*file).write_all(&line).expect("a write");
        let took = start.elapsed();
        if let (0, Some(sync)) = (number % SYNC_RECORDS, &sync) {
            let _ = sync.try_send(Arc::clone(&file));
        }
        took
    };
    Subject { name, take: Box::new(take), times: Vec::new() }
}

/// A thread that makes files durable.
fn syncing() -> SyncSender<Arc<File>> {
    let (sender, files) = sync_channel::<Arc<File>>(1);
    std::thread::spawn(move || files.iter().for_each(|file| file.sync_data().expect("a sync")));
    sender
}

/// The first record of an operation in the log.
fn second_line(log: &Path) -> Vec<u8> {
    let text = std::fs::read(log.join("lane-00000000-0000.jsonl")).expect("the lane");
    text.split_inclusive(|&byte| byte == b'\n').nth(1).expect("a record").to_vec()
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
