//! Data on stdout, messages and progress on stderr.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use toolwatch::audit::{LaneReport, Report, Verdict};

use crate::Failure;

/// A log below this size is read before anybody would look.
const LONG_BYTES: u64 = 64 * 1024 * 1024;

static HAS_PROGRESS: AtomicBool = AtomicBool::new(false);

pub(crate) fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

pub(crate) fn tell(text: &str) {
    let _ = io::stderr().write_all(format!("toolwatch-audit: {text}\n").as_bytes());
}

pub(crate) fn tell_failure(error: &(dyn std::error::Error + 'static)) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    tell(&text);
}

pub(crate) fn shows_progress() -> bool {
    io::stderr().is_terminal()
}

/// Shows how far the reading is, when it takes long enough to be seen.
pub(crate) fn progress(done: u64, total: u64) {
    if total < LONG_BYTES {
        return;
    }
    HAS_PROGRESS.store(true, Ordering::Relaxed);
    let percent = done.saturating_mul(100) / total.max(1);
    let line = format!("\rverified {} of {} MiB ({percent} %)", done >> 20, total >> 20);
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Wipes the line of the progress.
pub(crate) fn end_progress() {
    if HAS_PROGRESS.swap(false, Ordering::Relaxed) {
        let _ = io::stderr().write_all(format!("\r{:60}\r", "").as_bytes());
    }
}

pub(crate) fn print_report(report: &Report) -> Result<(), Failure> {
    let mut text = format!("{}: log {}", report.verdict().as_str(), report.log_id());
    let _ = writeln!(text, ", {} records in {} lanes", report.records(), report.lanes().len());
    for lane in report.lanes() {
        describe(lane, &mut text);
    }
    if report.checkpoints() > 0 {
        let _ = writeln!(text, "checkpoints: {}", report.checkpoints());
    } else if report.verdict() != Verdict::Nothing {
        text.push_str("checkpoints: none given, so records cut off the end would not be missed\n");
    }
    if report.checkpoints_unreadable() > 0 {
        let _ = writeln!(text, "checkpoints that are torn: {}", report.checkpoints_unreadable());
    }
    for damage in report.damages() {
        let _ = writeln!(text, "damage: {damage}");
    }
    let more = report.damage_count() - report.damages().len() as u64;
    if more > 0 {
        let _ = writeln!(text, "damage: {more} more");
    }
    print(&text)
}

fn describe(lane: &LaneReport, text: &mut String) {
    let (id, end, records) = (lane.writer_id, lane.end.as_str(), lane.records);
    let _ = write!(text, "lane {id}: {end}, {records} records, {} events", lane.events);
    let _ = write!(text, ", {} epochs", lane.last_epoch + 1);
    if !lane.first_time.is_empty() {
        let _ = write!(text, ", {} to {}", lane.first_time, lane.last_time);
    }
    for (count, what) in [
        (lane.missed, "events missed"),
        (lane.unfinished, "operations without an end"),
        (lane.torn_bytes, "bytes of a torn line"),
        (lane.clock_steps_back, "steps back of the clock"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text.push('\n');
}
