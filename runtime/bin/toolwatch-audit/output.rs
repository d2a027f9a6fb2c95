//! Data on stdout, messages and progress on stderr.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use toolwatch::audit::{Damage, DamageKind, LaneReport, Report, Verdict};

use crate::Failure;

/// A log below this size is read before anybody would look.
const LONG_BYTES: u64 = 64 * 1024 * 1024;

static HAS_PROGRESS: AtomicBool = AtomicBool::new(false);

pub(crate) fn print(text: &str) -> Result<(), Failure> {
    match write(text) {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Prints what must not be lost.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

pub(crate) fn tell(text: &str) {
    let _ = io::stderr().write_all(format!("toolwatch-audit: {text}\n").as_bytes());
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
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

pub(crate) fn print_report(report: &Report, has_checkpoints: bool) -> Result<(), Failure> {
    let mut text = format!("{}: log {}", report.verdict().as_str(), report.log_id());
    let _ = writeln!(text, ", {} records in {} lanes", report.records(), report.lanes().len());
    for lane in report.lanes() {
        describe(lane, &mut text);
    }
    if report.checkpoints() > 0 {
        let _ = writeln!(text, "checkpoints: {}", report.checkpoints());
    } else if report.verdict() != Verdict::Nothing {
        let none = if has_checkpoints { "none of this log found" } else { "none given" };
        let _ =
            writeln!(text, "checkpoints: {none}, so records cut off the end would not be missed");
    }
    if report.checkpoints_unreadable() > 0 {
        let _ = writeln!(text, "checkpoints that are torn: {}", report.checkpoints_unreadable());
    }
    if report.verdict() == Verdict::Nothing {
        text.push_str("there are no lanes: has a server run with this directory?\n");
    }
    if is_of_another_log(report) {
        text.push_str("no record is of this key's log: are the key and the log the right ones?\n");
    }
    damages(report, &mut text);
    print(&text)
}

/// Lists the damages, those of one kind in lines that follow each other as one, and says what the
/// kinds mean.
fn damages(report: &Report, text: &mut String) {
    let follows = |a: &Damage, b: &Damage| {
        let place = |damage: &Damage| (damage.writer_id, damage.segment, damage.kind, damage.count);
        place(a) == place(b) && a.line.is_some() && a.line.map(|line| line + 1) == b.line
    };
    for run in report.damages().chunk_by(follows) {
        let [first, .., last] = run else {
            for damage in run {
                let _ = writeln!(text, "damage: {damage}");
            }
            continue;
        };
        let (lane, kind) = (first.writer_id, first.kind.as_str());
        let [segment, from, to] =
            [first.segment.map(u64::from), first.line, last.line].map(Option::unwrap_or_default);
        let _ =
            writeln!(text, "damage: lane {lane}, segment {segment}, lines {from} to {to}: {kind}");
    }
    let more = report.damage_count() - report.damages().len() as u64;
    if more > 0 {
        let _ = writeln!(text, "damage: {more} more");
    }
    let mut kinds: Vec<DamageKind> = Vec::new();
    for damage in report.damages() {
        if !kinds.contains(&damage.kind) {
            kinds.push(damage.kind);
            let _ = writeln!(text, "{}: {}", damage.kind.as_str(), damage.kind.meaning());
        }
    }
}

/// Whether lanes are there, and all that was found in them is of another log.
fn is_of_another_log(report: &Report) -> bool {
    let mut damages = report.damages().iter();
    report.records() == 0 && damages.any(|damage| damage.kind == DamageKind::ForeignLog)
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
