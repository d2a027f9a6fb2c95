//! Lines of events, hostile names, and streams that nobody reads.

use std::io::Write;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::event::*;
use crate::stderr::Lines;

fn line(event: &Event) -> serde_json::Value {
    let mut out = Vec::new();
    encode_line(event, &mut out);
    let out = String::from_utf8(out).expect("a text");
    assert!(out.ends_with("}\n") && out.matches('\n').count() == 1, "{out}");
    assert!(out.trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{out}");
    serde_json::from_str(&out).expect("JSON")
}

fn call() -> Box<Event> {
    let mut event = reused();
    event.name = Name::from_static("search");
    event.outcome = Outcome::Ok;
    event.started = Timestamp(1_795_243_491_123_456_789);
    event.duration_ns = 1_234_567;
    event.request_id = Some(RequestKey::Number(7));
    event
}

#[test]
fn a_line_has_the_names_of_the_reference() {
    let line = line(&call());
    assert_eq!(line["event"], "tool_call");
    assert_eq!(line["tool"], "search");
    assert_eq!(line["request_id"], "7");
    assert_eq!(line["duration_ms"], 1.234);
    assert_eq!(line["status"], "ok");
    assert_eq!(line["timestamp"], "2026-11-21T06:44:51.123456Z");
    assert!(line.get("error").is_none());
    assert_eq!(line["trace_id"], "0".repeat(32));
}

#[test]
fn durations_are_numbers_to_the_microsecond() {
    for (nanos, millis) in
        [(0, 0.0), (999, 0.0), (1_000, 0.001), (20_000_000, 20.0), (20_100_000, 20.1)]
    {
        let mut event = call();
        event.duration_ns = nanos;
        assert_eq!(line(&event)["duration_ms"].as_f64(), Some(millis), "{nanos}");
    }
}

#[test]
fn a_failure_tells_its_kind_and_code() {
    let mut event = call();
    event.outcome = Outcome::ProtocolError;
    event.failure = Some(Failure { code: Some(-32602), ..Failure::of_kind(ErrorKind::Protocol) });
    let refused = line(&event);
    assert_eq!((&refused["error"], &refused["code"]), (&"protocol_error".into(), &(-32602).into()));
    event.outcome = Outcome::Panic;
    assert_eq!(line(&event)["error"], "panic");
}

#[test]
fn no_name_breaks_a_line_or_reaches_a_terminal_as_a_command() {
    for hostile in [
        "\u{1b}[2J",
        "a\nb\r",
        "\u{202e}evil\u{2066}",
        "\"},{\"x\":\"",
        "\u{9b}31m",
        "\u{7f}\u{0}😀",
    ] {
        let mut event = call();
        event.name = Name::register(hostile);
        assert_eq!(line(&event)["tool"], event.name.as_str(), "it reads back as it was registered");
        assert!(printable(hostile).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }
}

/// A stream that takes nothing before it is told to.
struct Stuck(mpsc::Receiver<()>, mpsc::SyncSender<Vec<u8>>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.recv();
        let _ = self.1.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_that_nobody_reads_holds_up_nobody_and_what_is_left_out_is_counted() {
    let (release, blocked) = mpsc::sync_channel(64);
    let (written, seen) = mpsc::sync_channel(64);
    let writer = Lines::start("test", move || Stuck(blocked, written)).expect("a thread");
    let text = "x".repeat(1_023) + "\n";
    let began = Instant::now();
    for _ in 0..2_000 {
        writer.write(|out| out.extend_from_slice(text.as_bytes()));
    }
    let dropped = writer.dropped();
    writer.flush();
    assert!(began.elapsed() < Duration::from_secs(30));
    drop(release);
    drop(writer);
    let lines: usize = seen.iter().map(|bytes| bytes.len() / 1_024).sum();
    assert_eq!(lines as u64 + dropped, 2_000, "each line is written or counted");
    assert!((1_400..=1_744).contains(&dropped), "{dropped}");
}

/// A stream that says that it is written to, and takes nothing.
struct Blocked(mpsc::SyncSender<()>, mpsc::Receiver<()>);

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.send(());
        let _ = self.1.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_that_nobody_reads_holds_up_an_ending_no_longer_than_it_may() {
    // The shortest of some tries: a busy machine may take the processor away.
    let tries = (0..40).map(|_| {
        let (_release, blocked) = mpsc::sync_channel(1);
        let (reach, reached) = mpsc::sync_channel(1);
        let writer = Lines::start("test", move || Blocked(reach, blocked)).expect("a thread");
        writer.write(|out| out.extend_from_slice(b"line\n"));
        reached.recv().expect("a write that takes nothing");
        let began = Instant::now();
        writer.flush_within(Duration::from_millis(5));
        drop(writer);
        began.elapsed()
    });
    let shortest = tries.min().unwrap_or_default();
    assert!(shortest < Duration::from_millis(30), "{shortest:?}");
}

#[test]
fn the_last_lines_are_written_when_the_log_ends() {
    let (written, seen) = mpsc::sync_channel(64);
    let (release, blocked) = mpsc::sync_channel(64);
    drop(release);
    let writer = Lines::start("test", move || Stuck(blocked, written)).expect("a thread");
    for _ in 0..10 {
        writer.write(|out| out.extend_from_slice(b"line\n"));
    }
    drop(writer);
    let text: Vec<u8> = seen.iter().flatten().collect();
    assert_eq!(String::from_utf8(text).expect("text"), "line\n".repeat(10));
}
