//! `flush` and `shutdown` wherever an author may call them (K4, K5, K6).

use std::time::{Duration, Instant};

use serde_json::json;
use toolwatch::testing::{Receiver, Reply};
use toolwatch::{Delivery, Watch};
use toolwatch_tests::observed::{call, connect, offline};
use toolwatch_tests::server::watched;

/// A time within which a healthy delivery is certain, and after which nothing should hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// So long a request waits for its reply; nobody may wait for that.
const HTTP_TIMEOUT: Duration = Duration::from_secs(300);

/// What a promise of 50 ms may take on a machine that runs other things. It is far below the
/// request's own timeout; `ladders` measures the promise itself.
const GRACE: Duration = Duration::from_secs(20);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

struct Sending {
    receiver: Receiver,
    _directory: tempfile::TempDir,
    watch: Watch,
}

fn sending() -> Sending {
    let receiver = Receiver::start().expect("a receiver");
    let directory = tempfile::tempdir().expect("a directory");
    let builder = offline().endpoint(receiver.endpoint()).api_key("k").directory(directory.path());
    let builder = builder.flush_interval(PATIENCE).http_timeout(HTTP_TIMEOUT);
    let watch = builder.build().expect("a watch");
    Sending { receiver, _directory: directory, watch }
}

async fn one_call(watch: &Watch) {
    let client = connect(watched::Server, watch).await;
    call(&client, "nothing", json!({})).await.expect("a reply");
    client.cancel().await.expect("the client ends");
}

#[track_caller]
fn check(delivery: Delivery, expected: (u64, u64, u64)) {
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), expected);
}

#[test]
fn k4_flush_and_shutdown_on_a_current_thread_runtime() {
    let sending = sending();
    runtime().block_on(async {
        check(sending.watch.flush(PATIENCE), (0, 0, 0));
        one_call(&sending.watch).await;
        check(sending.watch.flush(PATIENCE), (1, 0, 0));
        one_call(&sending.watch).await;
        check(sending.watch.shutdown(PATIENCE), (2, 0, 0));
    });
    assert_eq!(sending.receiver.event_ids().len(), 2);
}

#[test]
fn k4_flush_and_shutdown_after_the_runtime_is_gone() {
    let sending = sending();
    let runtime = runtime();
    runtime.block_on(one_call(&sending.watch));
    drop(runtime);
    check(sending.watch.flush(PATIENCE), (1, 0, 0));
    check(sending.watch.shutdown(PATIENCE), (1, 0, 0));
}

#[test]
fn k4_flush_and_shutdown_without_any_runtime_and_before_the_first_event() {
    let sending = sending();
    let before = Instant::now();
    check(sending.watch.flush(PATIENCE), (0, 0, 0));
    check(sending.watch.shutdown(PATIENCE), (0, 0, 0));
    assert!(before.elapsed() < PATIENCE / 2, "nothing to wait for: {:?}", before.elapsed());
    assert!(sending.receiver.requests().is_empty());
}

#[test]
fn k4_flush_with_a_request_in_flight_returns_at_its_deadline() {
    let sending = sending();
    sending.receiver.always(Reply::hang());
    runtime().block_on(one_call(&sending.watch));
    for timeout in [Duration::ZERO, Duration::from_millis(200)] {
        let before = Instant::now();
        check(sending.watch.flush(timeout), (0, 1, 0));
        assert!(before.elapsed() < timeout + GRACE, "{:?}", before.elapsed());
    }
    let before = Instant::now();
    check(sending.watch.shutdown(Duration::from_millis(200)), (0, 1, 0));
    assert!(before.elapsed() < Duration::from_millis(200) + GRACE, "{:?}", before.elapsed());
}

#[test]
fn k5_shutdown_is_terminal_and_idempotent_and_later_calls_stay_on_disk() {
    let sending = sending();
    let runtime = runtime();
    runtime.block_on(one_call(&sending.watch));
    check(sending.watch.shutdown(PATIENCE), (1, 0, 0));
    check(sending.watch.shutdown(PATIENCE), (1, 0, 0));
    runtime.block_on(one_call(&sending.watch));
    check(sending.watch.flush(Duration::from_millis(100)), (1, 1, 0));
    assert_eq!(sending.receiver.event_ids().len(), 1, "nothing is sent after a shutdown");
    assert!(sending.watch.stats().is_balanced());
}

#[test]
fn k6_dropping_the_last_watch_is_bounded_while_a_request_hangs() {
    let sending = sending();
    sending.receiver.always(Reply::hang());
    let runtime = runtime();
    runtime.block_on(one_call(&sending.watch));
    drop(runtime);
    let before = Instant::now();
    drop(sending.watch);
    assert!(before.elapsed() < GRACE, "{:?}", before.elapsed());
}
