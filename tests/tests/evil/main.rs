//! A collector that means harm costs the server neither memory nor time, and no event.
//!
//! Each test drives a watched stdio server, `TOOLWATCH_TEST_SCALE` times, whose collector is kind at
//! first, then evil for some connections. The peak of the server's memory may grow by 1 MiB
//! meanwhile, calls are answered while a connection is held, and in the end every call's event has
//! arrived: from this server, or from the next one, which finds the rest in the spool.

#![cfg(target_os = "linux")]

/// A test for each kind of harm.
macro_rules! checks {
    ($of:ident, $(fn $name:ident() $harm:ident;)*) => { $(
        #[test]
        fn $name() {
            (0..toolwatch_tests::scale()).for_each(|_| check($of::$harm));
        }
    )* };
}

mod grpc;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use toolwatch_tests::collector::{Collector, Evil};
use toolwatch_tests::raw::RawServer;

const PATIENCE: Duration = Duration::from_secs(60);
/// What the evil may cost at its peak.
const MAX_GROWTH_KIB: u64 = 1024;
/// Calls before the memory is measured, so that everything that grows once has grown.
const WARM_UP: usize = 300;
/// Calls of the evil time: no more, so that the server's own state does not count.
const MAX_CALLS: usize = 300;
/// Rounds of which one must stay below the bound.
const TRIES: usize = 5;
/// What a round returns that says nothing, because the machine was busy with other things.
const MISSED: u64 = u64::MAX;

struct Round {
    collector: Collector,
    directory: tempfile::TempDir,
    server: RawServer,
    calls: usize,
}

impl Round {
    fn start() -> Self {
        let collector = Collector::start().expect("a collector");
        let directory = tempfile::tempdir().expect("a directory");
        let server = server(&collector, directory.path());
        Self { collector, directory, server, calls: 0 }
    }

    fn call(&mut self) {
        self.server.call("echo", json!({ "text": "x" })).expect("a reply");
        self.calls += 1;
    }

    fn warm_up(&mut self) {
        for _ in 0..WARM_UP {
            self.call();
        }
        assert!(self.collector.wait_for_received(self.calls), "a kind collector gets everything");
    }

    /// Calls until the collector has met so many connections, and returns how many calls were
    /// answered while one and the same of them was held.
    fn suffer(&mut self, contacts: usize) -> usize {
        let (before, deadline) = (self.calls, Instant::now() + PATIENCE);
        let mut beside = 0;
        while self.collector.contacts() < contacts {
            assert!(Instant::now() < deadline, "{} contacts", self.collector.contacts());
            let (made, held) = (self.calls - before, self.collector.held());
            // Half of the calls are for when one is held, whenever the sender comes to that.
            if made == MAX_CALLS || (made >= MAX_CALLS / 2 && held.is_none()) {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            self.call();
            beside += usize::from(held.is_some() && held == self.collector.held());
        }
        beside
    }

    /// Ends the server, and returns what it says was delivered, spooled and dropped.
    fn end(self) -> (Collector, tempfile::TempDir, usize, Option<[usize; 3]>) {
        let (_, stderr) = self.server.close().expect("the server ends");
        (self.collector, self.directory, self.calls, numbers(&stderr))
    }
}

/// What the last line on stderr says was delivered, spooled and dropped. None when the process
/// ended before a busy machine had written it.
fn numbers(stderr: &[u8]) -> Option<[usize; 3]> {
    let stderr = String::from_utf8_lossy(stderr);
    let last = stderr.lines().last().unwrap_or_default();
    let numbers = last.split(|c: char| !c.is_ascii_digit()).filter_map(|text| text.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    numbers.try_into().ok()
}

fn server(collector: &Collector, directory: &Path) -> RawServer {
    let variables = [
        ("TOOLWATCH_ENDPOINT", collector.endpoint()),
        ("TOOLWATCH_API_KEY", "key"),
        ("TOOLWATCH_DIR", &directory.to_string_lossy()),
        ("TOOLWATCH_FLUSH_INTERVAL_MS", "20"),
        ("TOOLWATCH_HTTP_TIMEOUT_MS", "400"),
        ("TOOLWATCH_DEBUG", "1"),
        // One arena, so that the peak is that of the program and not of its threads' luck.
        ("MALLOC_ARENA_MAX", "1"),
    ];
    let program = env!("CARGO_BIN_EXE_fixture");
    let mut server = RawServer::start(program, &["watched"], &variables).expect("a server");
    server.initialize().expect("the handshake");
    server
}

/// The peak of the resident memory since it was last forgotten, in KiB.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn forget_peak(process: u32) {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").expect("the peak is forgotten");
}

/// Whether the evil keeps a connection open, so that calls must be seen to pass beside it.
fn is_held(evil: Evil) -> bool {
    matches!(evil, Evil::DripHead | Evil::DripBody | Evil::EndlessInformational)
}

/// Holds that in one of some rounds the peak grows by no more than this. The allocator's luck and a
/// busy machine add to what is measured, and take nothing from it.
#[track_caller]
fn check_growth(most_kib: u64, round: impl FnMut() -> u64) {
    let is_bounded = std::iter::repeat_with(round).take(TRIES).any(|growth| growth <= most_kib);
    assert!(is_bounded, "no round of {TRIES} was one of at most {most_kib} KiB");
}

fn check(evil: Evil) {
    check_growth(MAX_GROWTH_KIB, || suffer_from(evil));
}

/// Plays a round, and returns by how many KiB the peak grew.
fn suffer_from(evil: Evil) -> u64 {
    let mut round = Round::start();
    round.warm_up();
    let process = round.server.id();
    forget_peak(process);
    let before = peak_kib(process);
    round.collector.turn(Some(evil));
    let contacts = match evil {
        // It is not asked again for five minutes.
        Evil::Redirects => 1,
        // Nobody counts them.
        Evil::NeverAccept => 0,
        // No more, because the sender comes back ever more slowly.
        _ => 3,
    };
    let beside = round.suffer(contacts);
    if evil == Evil::NeverAccept {
        // Two requests and their timeouts, which calls must not notice.
        let end = Instant::now() + Duration::from_millis(1500);
        round.call();
        (1..MAX_CALLS).take_while(|_| Instant::now() < end).for_each(|_| round.call());
        while Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let growth = peak_kib(process).saturating_sub(before);
    let (collector, directory, calls, numbers) = round.end();
    let Some([delivered, spooled, dropped]) = numbers else { return MISSED };
    println!(
        "evil collector: {evil:?}: {contacts} contacts, peak +{growth} KiB, {beside} calls beside \
         a held connection, {calls} calls = {delivered} delivered + {spooled} spooled + {dropped} dropped"
    );
    if beside == 0 && is_held(evil) {
        return MISSED;
    }
    assert_eq!(collector.strays(), 0, "{evil:?}: a redirect was followed");
    match evil {
        Evil::Redirects => assert_eq!(collector.contacts(), 1, "a wrong endpoint was asked again"),
        Evil::NeverAccept => assert!(spooled > 0, "a connection from before was used"),
        _ => {}
    }
    assert_eq!((delivered + spooled, dropped), (calls, 0), "{evil:?}");
    collector.turn(None);
    let next = server(&collector, directory.path());
    assert!(collector.wait_for_received(calls), "{evil:?}: {} of {calls}", collector.received());
    assert_eq!(collector.received(), calls, "{evil:?}");
    next.close().expect("the next server ends");
    growth
}

#[test]
fn the_peak_of_a_servers_memory_is_seen() {
    let mut round = Round::start();
    round.warm_up();
    let process = round.server.id();
    forget_peak(process);
    let before = peak_kib(process);
    let text = "x".repeat(4 * 1024 * 1024);
    round.server.call("echo", json!({ "text": text })).expect("a reply");
    assert!(peak_kib(process) > before + 4 * MAX_GROWTH_KIB, "the measure sees what a call takes");
}

checks! { Evil,
    fn evil_collector_sends_a_body_without_end() EndlessBody;
    fn evil_collector_sends_a_chunk_without_end() EndlessChunk;
    fn evil_collector_sends_a_header_without_end() EndlessHead;
    fn evil_collector_sends_headers_without_end() EndlessHeaders;
    fn evil_collector_sends_early_hints_without_end() EndlessInformational;
    fn evil_collector_sends_a_gzip_bomb() GzipBomb;
    fn evil_collector_redirects_in_circles() Redirects;
    fn evil_collector_drips_its_headers() DripHead;
    fn evil_collector_drips_its_body() DripBody;
    fn evil_collector_announces_ten_gibibytes() TenGibibytes;
    fn evil_collector_sends_wide_json() WideJson;
    fn evil_collector_sends_deep_json() DeepJson;
    fn evil_collector_resets_amid_its_body() ResetMidBody;
    fn evil_collector_sends_garbage() Garbage;
    fn evil_collector_replies_before_it_reads() ReplyFirst;
    fn evil_collector_refuses_before_it_reads() RefuseFirst;
    fn evil_collector_hangs_up_before_it_reads() HangUp;
    fn evil_collector_never_accepts() NeverAccept;
}
