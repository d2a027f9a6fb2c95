//! The end of a watch and of a process, while a collector over gRPC is there or not.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use toolwatch_tests::grpc::{Answer, GrpcCollector};

use super::super::collector::{PATIENCE, spans_of, watch_to};
use super::super::killed;
use super::{otlp, wait_for_spans};

#[test]
fn spans_of_a_killed_stdio_server_arrive_over_grpc_when_the_next_one_starts() {
    let collector = GrpcCollector::start().expect("a collector");
    killed::check("grpc", &collector.endpoint(), |count| match count {
        0 => spans_of(collector.traces()),
        count => wait_for_spans(&collector, count),
    });
}

/// How long a shutdown of 200 ms and a drop take while a call hangs.
fn ends(endpoint: &str, wait_for_calls: impl Fn()) -> [Duration; 2] {
    let start = || watch_to(otlp(endpoint), |builder| builder);
    let (watch, _directory) = start();
    watch.event("hung").record();
    wait_for_calls();
    let began = Instant::now();
    watch.shutdown(Duration::from_millis(200));
    let shutdown = began.elapsed();
    let (dropped, _directory) = start();
    dropped.event("hung").record();
    wait_for_calls();
    let began = Instant::now();
    drop(dropped);
    [shutdown, began.elapsed()]
}

/// The bars are 250 ms and 50 ms; a loaded machine gets as much again. It can make one turn longer,
/// and nobody can make one shorter: one that is within them is enough.
#[track_caller]
fn check(what: &str, measure: impl Fn() -> [Duration; 2]) {
    let is_within = || {
        let [shutdown, drop] = measure();
        println!("otlp by gRPC with {what}: shutdown(200 ms) {shutdown:?}, drop {drop:?}");
        shutdown < Duration::from_millis(500) && drop < Duration::from_millis(300)
    };
    assert!((0..20).any(|_| is_within()), "{what} delays each end");
}

#[test]
fn a_grpc_collector_that_hangs_delays_neither_the_end_nor_a_drop() {
    let collector = GrpcCollector::start().expect("a collector");
    collector.always(Answer::Hang);
    let calls = std::cell::Cell::new(0);
    let wait = || {
        calls.set(calls.get() + 1);
        assert!(collector.wait_for_calls(calls.get(), PATIENCE));
    };
    check("a collector that hangs", || ends(&collector.endpoint(), wait));
}

#[test]
fn a_grpc_collector_that_never_accepts_delays_neither_the_end_nor_a_drop() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    // The kernel takes the connection and the request, and nobody looks at them.
    let wait = || std::thread::sleep(Duration::from_millis(200));
    check("a black hole", || ends(&endpoint, wait));
}

/// Runs this test alone in a process of its own, whose threads are few; true within that.
#[cfg(target_os = "linux")]
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "OTLP_SUITE_RUNS_ONE_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
    let child = child.args([test, "--exact", "--test-threads=1"]).env(ALONE, "1").output();
    let child = child.expect("a child");
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && text.contains("1 passed"), "{text}");
    false
}

#[test]
#[cfg(target_os = "linux")]
fn no_thread_is_left_behind_after_a_watch_over_grpc() {
    if !is_alone("grpc::ends::no_thread_is_left_behind_after_a_watch_over_grpc") {
        return;
    }
    let threads = || std::fs::read_dir("/proc/self/task").expect("the threads").count();
    let collector = GrpcCollector::start().expect("a collector");
    let before = threads();
    // A name, so that a thread looks it up.
    let endpoint = format!("http://localhost:{}", collector.address().port());
    let (watch, _directory) = watch_to(otlp(endpoint), |builder| builder);
    watch.event("first").record();
    wait_for_spans(&collector, 1);
    assert!(threads() > before, "the sender has a thread");
    watch.shutdown(PATIENCE);
    drop(watch);
    let start = Instant::now();
    while threads() > before {
        assert!(start.elapsed() < PATIENCE, "{} threads, {before} before", threads());
        std::thread::sleep(Duration::from_millis(10));
    }
}
