//! Promise: a watch works the same on every runtime, on none, and in every order of their ends.
//!
//! Each case runs in a process of its own, once with a collector that takes everything and once with
//! one that never answers, `TOOLWATCH_TEST_SCALE` times. A process that does not end in time hangs;
//! one that panics says so. What is left in the spool is sent by the next process, and then every
//! event of the case must have arrived, once.

mod abort;

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use toolwatch_tests::collector::{Collector, Evil};

/// A process that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command without any variable of this suite's own environment that a watch would read.
fn command(program: &str, argument: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOOLWATCH_")) {
        command.env_remove(name);
    }
    command.arg(argument).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for the end of a process that says no more than a pipe holds. An error is a hang.
fn wait(mut child: Child) -> io::Result<(ExitStatus, String, String)> {
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let (mut stdout, mut stderr) = (String::new(), String::new());
    if let (Some(mut out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) {
        out.read_to_string(&mut stdout)?;
        err.read_to_string(&mut stderr)?;
    }
    Ok((status, stdout, stderr))
}

/// Runs one case and returns what it said at its end.
fn run(case: &str, collector: &Collector, directory: &Path) -> Value {
    // Short enough for a case to meet it; what is left is sent however long that takes.
    let timeout = if case == "drain" { "60000" } else { "150" };
    let mut command = command(env!("CARGO_BIN_EXE_runtimes"), case);
    command
        .env("TOOLWATCH_ENDPOINT", collector.endpoint())
        .env("TOOLWATCH_API_KEY", "key")
        .env("TOOLWATCH_DIR", directory)
        .env("TOOLWATCH_FLUSH_INTERVAL_MS", "20")
        .env("TOOLWATCH_HTTP_TIMEOUT_MS", timeout);
    let ended = wait(command.spawn().expect("a process"));
    let (status, stdout, stderr) = ended.unwrap_or_else(|error| panic!("{case} hangs: {error}"));
    assert!(status.success() && !stderr.contains("panicked"), "{case}: {status}: {stderr}");
    let last = stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{case}: {error}: {stdout}{stderr}"))
}

fn segments(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).expect("the spool");
    let names = entries.map(|entry| entry.expect("an entry").path());
    names.filter(|path| path.extension().is_some_and(|ending| ending == "seg")).count()
}

/// The next process sends what the case left.
fn drain(case: &str, collector: &Collector, directory: &Path) {
    collector.turn(None);
    let deadline = Instant::now() + PATIENCE;
    while segments(directory) > 0 {
        assert!(Instant::now() < deadline, "{case}: the spool is not empty");
        run("drain", collector, directory);
    }
}

/// How many events there are of each length of the call's text, and of the author's own.
fn arrived(collector: &Collector) -> (BTreeMap<u64, usize>, usize) {
    let (mut calls, mut customs) = (BTreeMap::new(), 0);
    for event in collector.events() {
        match event["event_name"].as_str() {
            Some("echo") => {
                let length = &event["request_params"]["fields"]["text"]["len"];
                *calls.entry(length.as_u64().expect("a length")).or_default() += 1;
            }
            Some("made") => customs += 1,
            _ => {}
        }
    }
    (calls, customs)
}

fn check(case: &str) {
    for evil in [None, Some(Evil::BlackHole)].repeat(toolwatch_tests::scale()) {
        let collector = Collector::start().expect("a collector");
        let directory = tempfile::tempdir().expect("a directory");
        collector.turn(evil);
        let began = Instant::now();
        let said = run(case, &collector, directory.path());
        let took = began.elapsed();
        drain(case, &collector, directory.path());
        let (calls, customs) = arrived(&collector);
        println!(
            "runtimes: {case}, collector {evil:?}: {} calls, {} own events, {} captured at the last look, \
             all of them arrived; {} ms",
            said["calls"],
            said["customs"],
            said["captured"],
            took.as_millis()
        );
        assert_eq!(said["balanced"], true, "{case}");
        assert_eq!((&said["dropped"], collector.dropped()), (&0.into(), 0), "{case}: dropped");
        let expect = said["calls"].as_u64().expect("a number");
        let once: BTreeMap<u64, usize> = (1..=expect).map(|length| (length, 1)).collect();
        assert_eq!(
            calls, once,
            "{case}, {evil:?}: the events of calls by the length of their text"
        );
        assert_eq!(said["customs"], customs, "{case}, {evil:?}: own events");
        collector.stop();
    }
}

macro_rules! cases {
    ($(fn $name:ident() $case:literal;)*) => { $(
        #[test]
        fn $name() {
            check($case);
        }
    )* };
}

cases! {
    fn a_watch_works_on_a_current_thread_runtime() "current_thread";
    fn a_watch_works_on_one_worker() "multi_thread_1";
    fn a_watch_works_on_four_workers() "multi_thread_4";
    fn a_watch_works_on_a_local_set() "local_set";
    fn a_watch_works_under_smol() "smol";
    fn a_watch_works_under_smol_on_four_threads() "smol_on_four_threads";
    fn a_watch_works_without_a_runtime() "no_runtime";
    fn several_runtimes_share_a_watch() "several_runtimes";
    fn flush_and_shutdown_return_inside_block_on() "flush_inside_block_on";
    fn flush_and_shutdown_return_in_block_in_place() "flush_in_block_in_place";
    fn flush_and_shutdown_return_on_blocking_threads() "spawn_blocking";
    fn a_flush_in_a_callback_of_the_sender_returns() "callback_flushes";
    fn a_watch_may_be_built_and_dropped_inside_a_runtime() "built_and_dropped_inside";
    fn a_runtime_may_end_before_its_watch() "runtime_dropped_first";
    fn a_watch_may_end_before_its_runtime() "watch_dropped_first";
    fn calls_after_the_installed_watch_was_dropped_stay_on_disk() "installed_dropped_first";
    fn a_runtime_may_be_shut_down_in_the_background() "shutdown_background";
    fn a_runtime_may_be_shut_down_with_a_timeout() "shutdown_timeout";
    fn a_watch_that_is_never_dropped_loses_nothing() "never_dropped";
    fn a_watch_may_end_with_the_variables_of_a_thread() "dropped_with_a_thread";
}
