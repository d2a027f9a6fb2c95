//! Streams that are closed or stuck, a directory that has no text, and a process that sleeps.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use toolwatch::testing::Reply;

use crate::child::{Plan, Served, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stderr_is_closed() {
    let plan = Plan::new("stderr is closed at start").with("TOOLWATCH_DEBUG", "1");
    let mut served = Served::start(plan.through(["sh", "-c", "exec \"$@\" 2>&-", "sh"])).await;
    served.rounds(3).await;
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stderr_has_no_reader() {
    let mut plan = Plan::new("nobody holds the other end of stderr").with("TOOLWATCH_DEBUG", "1");
    plan.stderr = Stdio::piped();
    let mut served = Served::start(plan).await;
    drop(served.stderr());
    served.rounds(3).await;
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stderr_is_full() {
    let mut plan = Plan::new("nobody reads stderr, and it is full").with("TOOLWATCH_DEBUG", "1");
    plan.stderr = Stdio::piped();
    let mut served = Served::start(plan).await;
    let held = served.stderr();
    // Some 40 bytes each; a pipe holds 64 KiB.
    served.rounds(300).await;
    let before = Instant::now();
    served.rounds(10).await;
    assert!(before.elapsed() < Duration::from_secs(30), "a stuck stderr costs no call its time");
    served.check_delivered().await;
    served.end().await;
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_variable_is_not_utf_8() {
    let home = tempfile::tempdir().expect("a directory");
    let directory = home.path().join(OsStr::from_bytes(b"sp\xffool"));
    let plan = Plan::new("TOOLWATCH_DIR is not UTF-8").with("TOOLWATCH_DIR", directory.clone());
    let mut served = Served::start(plan).await;
    served.rounds(2).await;
    assert!(directory.join("key").is_file(), "it is used");
    let numbers = served.check_delivered().await;
    assert_eq!(numbers.get("memory_fallbacks"), 0);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_is_suspended() {
    // Requests are under way when it falls asleep, and late when it wakes.
    let plan = Plan::new("the process is suspended for 3 s");
    let mut served = Served::start(plan.with("TOOLWATCH_HTTP_TIMEOUT_MS", "500")).await;
    served.rounds(1).await;
    served.receiver.script([Reply::status(503), Reply::status(503)]);
    served.rounds(1).await;
    let id = served.id().to_string();
    run("kill", &["-STOP", &id]);
    let awake = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        run("kill", &["-CONT", &id]);
    });
    // The calls of this round wait until it goes on.
    served.rounds(1).await;
    awake.await.expect("it goes on");
    served.check_delivered().await;
    let requests = served.receiver.requests().len();
    // One for each of the 24 events at most, and some that are sent again.
    assert!(requests < 40, "no storm after the sleep: {requests} requests");
    served.end().await;
}

/// A fixture server whose stdin is at its end when it starts.
fn without_stdin(mode: &str) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fixture"));
    command.arg(mode).env("TOOLWATCH_LOCAL", "1").env("TOOLWATCH_DIR", home.path());
    command.stdin(Stdio::null()).env("RUST_BACKTRACE", "0");
    command.output().expect("the server ends")
}

#[test]
fn stdin_is_closed() {
    let (watched, plain) = (without_stdin("watched"), without_stdin("plain"));
    let equal = watched == plain;
    let told = if equal { "equal" } else { "DIFFERENT" };
    println!(
        "fault: stdin is at its end at start | 0 calls, 0 failed | replies {told} | 0 events | {}",
        watched.status
    );
    assert!(equal, "{watched:?} {plain:?}");
}
