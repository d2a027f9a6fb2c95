//! A burst of events against a collector that is slow, or that never answers, costs neither events
//! nor memory nor more disk than the cap, and what had to be dropped is known to the event.
//!
//! 20,000 events per case, times `TOOLWATCH_TEST_SCALE`; a million at 50, with the default cap:
//! `TOOLWATCH_TEST_SCALE=50 cargo test --release -p toolwatch-tests --test burst -- --nocapture --test-threads=1`.

#![cfg(target_os = "linux")]

mod collector;
mod process;

use std::time::Duration;

use collector::{Collector, Manner};
use process::{DiskWatch, Process, bytes};
use serde_json::Value;

/// What a burst may cost at its peak.
const MAX_GROWTH_KIB: u64 = 16 * 1024;
/// Events before the memory is measured, so that everything that grows once has grown.
const WARM_UP: u64 = 2_000;
/// How long a slow collector takes for a request.
const SLOW: Manner = Manner::Slow(Duration::from_millis(5));
/// How long one takes that no burst waits for, however slowly the machine makes its events.
const SLOWER: Manner = Manner::Slow(Duration::from_millis(250));
/// No wait is longer.
const PATIENCE: Duration = Duration::from_secs(1_200);
/// The cap when no setting says another one.
const DEFAULT_CAP: u64 = 64 << 20;

fn events() -> u64 {
    20_000 * toolwatch_tests::scale() as u64
}

/// A cap that a burst exceeds: the default one, when the burst is large enough for it.
fn small_cap() -> (u64, Vec<(&'static str, String)>) {
    if events() * 256 > DEFAULT_CAP {
        return (DEFAULT_CAP, Vec::new());
    }
    (2 << 20, vec![("TOOLWATCH_SPOOL_MAX_BYTES", (2 << 20).to_string())])
}

/// A segment of the cap, as the spool cuts it.
fn segment(cap: u64) -> u64 {
    (cap / 8).min((4 << 20).max(cap / 64))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

struct Case {
    name: &'static str,
    cap: u64,
    collector: Collector,
    directory: tempfile::TempDir,
    process: Process,
    disk: DiskWatch,
    before_kib: u64,
}

/// What a case has shown by the end of its process.
struct Shown {
    captured: u64,
    delivered: u64,
    spooled: u64,
    lost: u64,
    collector: Collector,
    directory: tempfile::TempDir,
}

impl Case {
    /// Starts a process, lets it deliver some events to a good collector, and turns that.
    fn start(name: &'static str, manner: Manner, cap: u64, variables: &[(&str, String)]) -> Self {
        let collector = Collector::start().expect("a collector");
        let directory = tempfile::tempdir().expect("a directory");
        let mut process = Process::start(collector.endpoint(), directory.path(), variables);
        process.ask(&format!("burst {WARM_UP}"));
        let warm = process.ask("drain 60000");
        assert_eq!(number(&warm["own"]["delivered"]), WARM_UP, "{name}: {warm}");
        let before_kib = process.forget_peak();
        let disk = DiskWatch::start(directory.path());
        collector.turn(manner);
        Self { name, cap, collector, directory, process, disk, before_kib }
    }

    fn burst(&mut self) -> Value {
        let answer = self.process.ask(&format!("burst {}", events()));
        assert_eq!(number(&answer["own"]["captured"]), WARM_UP + events(), "{answer}");
        answer
    }

    fn drain(&mut self) -> Value {
        self.process.ask(&format!("drain {}", PATIENCE.as_millis()))
    }

    /// Ends the process, checks the bounds of memory and disk, and prints the figures.
    fn end(mut self, burst: &Value, drain_seconds: f64) -> Shown {
        let growth = self.process.peak_kib().saturating_sub(self.before_kib);
        let last = self.process.ask("end 1000");
        self.process.close();
        let disk = self.disk.end();
        let own = &last["own"];
        let of = |name: &str| number(&own[name]);
        let (captured, delivered) = (of("captured"), of("delivered"));
        let (spooled, lost) = (of("spooled"), of("lost"));
        let seconds = burst["seconds"].as_f64().expect("a time");
        let per_second = |events: u64, seconds: f64| (events as f64 / seconds.max(1e-3)) as u64;
        println!(
            "burst: {}: {} events in {seconds:.2} s ({} events/s), drained in {drain_seconds:.2} s ({} events/s), \
             {:.2} % delivered, {spooled} spooled, {lost} dropped {}, peak +{:.1} MiB, disk {:.1} MiB of a cap of {:.1} MiB",
            self.name,
            events(),
            per_second(events(), seconds),
            per_second(delivered.saturating_sub(WARM_UP), seconds + drain_seconds),
            100.0 * delivered as f64 / captured as f64,
            own["dropped"],
            growth as f64 / 1024.0,
            disk as f64 / 1_048_576.0,
            self.cap as f64 / 1_048_576.0,
        );
        assert!(growth <= MAX_GROWTH_KIB, "{}: the peak grew by {growth} KiB", self.name);
        let most = if self.cap == 0 { 0 } else { self.cap + segment(self.cap) };
        assert!(disk <= most, "{}: {disk} bytes on disk, at most {most}", self.name);
        assert_eq!(captured, delivered + spooled + lost, "{}", self.name);
        let (collector, directory) = (self.collector, self.directory);
        Shown { captured, delivered, spooled, lost, collector, directory }
    }
}

fn seconds(answer: &Value) -> f64 {
    answer["seconds"].as_f64().expect("a time")
}

impl Shown {
    /// Checks that the collector has each event that was not dropped, once.
    fn check_taken(&self, name: &str) {
        let taken = self.collector.taken();
        assert_eq!(taken.ids.len() as u64, self.captured - self.lost, "{name}");
        assert_eq!(taken.doubled, 0, "{name}");
    }
}

#[test]
fn a_burst_against_a_slow_collector_is_delivered_whole_when_the_cap_holds_it() {
    let cap = (events() * 1024).max(DEFAULT_CAP);
    let cap_variable = [("TOOLWATCH_SPOOL_MAX_BYTES", cap.to_string())];
    let mut case = Case::start("5 ms per request, a cap that holds it", SLOW, cap, &cap_variable);
    let burst = case.burst();
    let drained = case.drain();
    let shown = case.end(&burst, seconds(&drained));
    assert_eq!((shown.spooled, shown.lost), (0, 0));
    assert_eq!(shown.delivered, shown.captured, "100 % delivered");
    shown.check_taken("a cap that holds it");
    assert!(bytes(shown.directory.path()) < 1024, "nothing is left but the key");
}

#[test]
fn a_burst_over_the_cap_drops_exactly_what_it_reports() {
    let (cap, variables) = small_cap();
    let name = "250 ms per request, then 5 ms, a cap that does not";
    let mut case = Case::start(name, SLOWER, cap, &variables);
    let burst = case.burst();
    case.collector.turn(SLOW);
    let mut drained = case.drain();
    let drain_seconds = seconds(&drained);
    // One event more, so that a batch reports what there was to report.
    case.process.ask("burst 1");
    drained = case.drain();
    let lost = number(&drained["own"]["lost"]);
    assert!(lost > 0, "the burst exceeds the cap");
    assert_eq!(case.collector.taken().report["dropped"]["spool_full"], lost, "it is reported");
    let shown = case.end(&burst, drain_seconds);
    assert_eq!((shown.spooled, shown.lost), (0, lost));
    shown.check_taken("a cap that does not hold it");
}

#[test]
fn a_burst_into_a_black_hole_stays_under_the_cap_and_the_next_process_delivers_the_rest() {
    let (cap, variables) = small_cap();
    let mut case = Case::start("black hole", Manner::Hole, cap, &variables);
    let burst = case.burst();
    let shown = case.end(&burst, 0.0);
    assert_eq!(shown.delivered, WARM_UP, "a hole takes nothing");
    assert!(shown.lost > 0 && shown.spooled > 0);
    shown.collector.turn(Manner::Prompt);
    let mut next = Process::start(shown.collector.endpoint(), shown.directory.path(), &variables);
    let all = shown.captured - shown.lost;
    assert!(shown.collector.wait_for(all, PATIENCE), "{}", shown.collector.taken().ids.len());
    // The last answer may still be on its way.
    let last = next.ask("end 60000");
    assert_eq!(last["adopted"]["captured"], shown.spooled, "{last}");
    assert_eq!(last["adopted"]["delivered"], shown.spooled, "{last}");
    next.close();
    shown.check_taken("black hole");
}

#[test]
fn a_burst_in_memory_stays_under_its_bound_and_drops_exactly_what_it_reports() {
    let variables = [("TOOLWATCH_DURABILITY", "memory".to_owned())];
    let mut case = Case::start("black hole, in memory", Manner::Hole, 0, &variables);
    let burst = case.burst();
    let lost = number(&burst["own"]["dropped"]["memory_full"]);
    assert!(lost > 0, "the burst exceeds the bound");
    case.collector.turn(Manner::Prompt);
    let drained = case.drain();
    let shown = case.end(&burst, seconds(&drained));
    assert_eq!((shown.spooled, shown.lost), (0, lost));
    shown.check_taken("in memory");
}
