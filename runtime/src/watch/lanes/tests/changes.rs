//! Destinations that are added, removed and reordered between runs over one directory. A run is a
//! watch: its locks are those of a process.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Named, Taken, fails, takes};
use crate::local::Reader;
use crate::spool::{Dice, Tally};
use crate::{Stats, Watch};

/// The destinations of a run, by name, and whether they take anything.
type Set<'a> = &'a [(&'static str, bool)];

/// What the destinations of a run have taken, by name.
type Takings = BTreeMap<&'static str, Taken>;

/// One run over a directory.
struct Run {
    watch: Watch,
    taken: Takings,
    /// Those that take something.
    up: Vec<&'static str>,
}

impl Run {
    fn start(directory: &Path, local: bool, set: Set<'_>) -> Self {
        let mut building = Watch::builder()
            .environment(|_| None)
            .directory(directory)
            .on_error(|_| {})
            .flush_interval(Duration::from_millis(5));
        if local {
            building = building.local();
        }
        let mut taken = Takings::new();
        for &(name, is_up) in set {
            let of = Taken::default();
            taken.insert(name, of.clone());
            let answer = if is_up { takes } else { fails };
            building = building.destination(Named { name, answer, taken: of });
        }
        let up = set.iter().filter(|(_, is_up)| *is_up).map(|(name, _)| *name).collect();
        Self { watch: building.build().unwrap(), taken, up }
    }

    /// Records events, and returns when those that take something have taken what waits for them.
    fn record(self, name: &'static str, count: usize) -> Self {
        (0..count).for_each(|_| self.watch.event(name).record());
        self.watch.flush(Duration::from_millis(200));
        for destination in &self.up {
            self.wait(destination, 0);
        }
        self
    }

    /// The events that a destination has taken, by name.
    fn taken(&self, destination: &str) -> BTreeMap<String, usize> {
        all_taken(std::slice::from_ref(&self.taken), destination)
    }

    /// Waits until a destination has taken so many events and nothing waits for it; tells which.
    #[track_caller]
    fn wait(&self, destination: &str, count: usize) -> BTreeMap<String, usize> {
        let waiting = || {
            let stats = self.stats(destination);
            stats.own().spooled() + stats.adopted().spooled()
        };
        let has_taken = || self.taken[destination].lock().unwrap().len() >= count;
        self.until(|| has_taken() && waiting() == 0);
        self.taken(destination)
    }

    /// Waits for long: what a run before has not let go yet, on a busy machine, is met again after
    /// 30 s.
    #[track_caller]
    fn until(&self, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(120), "{:?}", self.watch.destinations());
            self.watch.flush(Duration::from_millis(50));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn stats(&self, destination: &str) -> Stats {
        let all = self.watch.destinations();
        all.into_iter().find(|(name, _)| name == destination).unwrap().1
    }
}

/// The events that a destination has taken in all these runs, by name.
fn all_taken(runs: &[Takings], destination: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for taken in runs.iter().filter_map(|run| run.get(destination)) {
        for event in &*taken.lock().unwrap() {
            let event: serde_json::Value = serde_json::from_slice(event).unwrap();
            *counts.entry(event["event_name"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    counts
}

fn counts<const N: usize>(of: [(&str, usize); N]) -> BTreeMap<String, usize> {
    of.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

fn flow(tally: &Tally) -> (u64, u64, u64) {
    (tally.captured(), tally.delivered(), tally.dropped_total())
}

/// How often each event is in the record of the directory itself.
fn recorded(directory: &Path) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for record in Reader::open(directory).unwrap().poll() {
        *counts.entry(record.event_name).or_default() += 1;
    }
    counts
}

#[test]
fn a_destination_that_is_added_in_front_takes_nothing_that_was_meant_for_another() {
    let directory = tempfile::tempdir().unwrap();
    drop(Run::start(directory.path(), false, &[("otlp", false)]).record("early", 20));
    let run = Run::start(directory.path(), false, &[("ingest", true), ("otlp", true)]);
    let run = run.record("late", 3);
    assert_eq!(run.wait("otlp", 23), counts([("early", 20), ("late", 3)]));
    assert_eq!(run.wait("ingest", 3), counts([("late", 3)]));
    run.watch.shutdown(Duration::from_secs(10));
    assert_eq!(flow(run.stats("otlp").adopted()), (20, 20, 0));
    assert_eq!(flow(run.stats("ingest").adopted()), (0, 0, 0));
}

#[test]
fn events_of_a_removed_destination_wait_until_it_is_there_again() {
    let directory = tempfile::tempdir().unwrap();
    let both = [("ingest", false), ("otlp", false)];
    drop(Run::start(directory.path(), false, &both).record("early", 20));
    // What was the second destination stands first now, and finds its folder.
    let run = Run::start(directory.path(), false, &[("otlp", true)]).record("late", 2);
    assert_eq!(run.wait("otlp", 22), counts([("early", 20), ("late", 2)]));
    drop(run);
    let run = Run::start(directory.path(), false, &[("otlp", true), ("ingest", true)]);
    assert_eq!(run.wait("ingest", 20), counts([("early", 20)]));
    assert!(run.taken("otlp").is_empty());
}

#[test]
fn destinations_that_change_places_keep_their_events() {
    let directory = tempfile::tempdir().unwrap();
    let set = [("ingest", false), ("otlp", false), ("agentcat", false)];
    drop(Run::start(directory.path(), false, &set).record("early", 20));
    let set = [("agentcat", true), ("ingest", true), ("otlp", true)];
    let run = Run::start(directory.path(), false, &set);
    for name in ["ingest", "otlp", "agentcat"] {
        assert_eq!(run.wait(name, 20), counts([("early", 20)]), "{name}");
    }
}

#[test]
fn a_record_that_was_kept_alone_is_not_sent_to_a_destination_that_is_added() {
    let directory = tempfile::tempdir().unwrap();
    drop(Run::start(directory.path(), true, &[]).record("early", 20));
    let run = Run::start(directory.path(), true, &[("ingest", true)]).record("late", 5);
    assert_eq!(run.wait("ingest", 5), counts([("late", 5)]));
    run.watch.shutdown(Duration::from_secs(10));
    assert_eq!(flow(run.stats("ingest").adopted()), (0, 0, 0));
    drop(run);
    assert_eq!(recorded(directory.path()), counts([("early", 20), ("late", 5)]));
}

#[test]
fn a_record_outlives_the_change_of_the_destination_that_kept_it() {
    let directory = tempfile::tempdir().unwrap();
    drop(Run::start(directory.path(), true, &[("otlp", true)]).record("delivered", 4));
    drop(Run::start(directory.path(), true, &[("otlp", false)]).record("waited", 6));
    let set = [("ingest", true), ("otlp", true)];
    let run = Run::start(directory.path(), true, &set).record("late", 5);
    assert_eq!(run.wait("otlp", 11), counts([("late", 5), ("waited", 6)]));
    run.watch.shutdown(Duration::from_secs(10));
    drop(run);
    let whole = counts([("delivered", 4), ("late", 5), ("waited", 6)]);
    assert_eq!(recorded(directory.path()), whole);
}

#[test]
fn two_processes_with_other_destinations_share_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let one = Run::start(directory.path(), false, &[("otlp", false)]);
    let other = Run::start(directory.path(), false, &[("ingest", true), ("otlp", false)]);
    let (one, other) = (one.record("of_one", 10), other.record("of_other", 10));
    assert_eq!(other.wait("ingest", 10), counts([("of_other", 10)]));
    drop(one);
    drop(other);
    let run = Run::start(directory.path(), false, &[("ingest", true), ("otlp", true)]);
    assert_eq!(run.wait("otlp", 20), counts([("of_one", 10), ("of_other", 10)]));
    assert!(run.taken("ingest").is_empty());
}

#[test]
fn files_of_a_version_without_tags_go_where_they_went() {
    let directory = tempfile::tempdir().unwrap();
    let both = [("ingest", false), ("otlp", false)];
    drop(Run::start(directory.path(), false, &both).record("early", 20));
    for folder in [directory.path(), &directory.path().join("otlp")] {
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_name().unwrap().to_str().unwrap();
            let parts: Vec<_> = name.split('.').collect();
            if let [id, _, "seg"] = parts[..] {
                std::fs::rename(&file, folder.join(format!("{id}.seg"))).unwrap();
            }
        }
    }
    let run = Run::start(directory.path(), false, &[("ingest", true), ("otlp", true)]);
    assert_eq!(run.wait("ingest", 20), counts([("early", 20)]));
    assert_eq!(run.wait("otlp", 20), counts([("early", 20)]));
}

#[test]
fn whatever_the_destinations_of_each_run_are_each_event_reaches_those_of_its_own() {
    let names = ["ingest", "otlp", "agentcat", "Own name"];
    let events = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"];
    let scale = std::env::var("TOOLWATCH_TEST_SCALE").ok().and_then(|text| text.parse().ok());
    let seeds = 3 * scale.unwrap_or(1_u64);
    for seed in 0..seeds {
        let mut dice = Dice(seed);
        let directory = tempfile::tempdir().unwrap();
        let mut due: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
        // A run that has ended may still be taking what it was about to take.
        let mut runs: Vec<Takings> = Vec::new();
        for event in events {
            let mut set = Vec::new();
            for name in names {
                match dice.below(4) {
                    0 => set.push((name, true)),
                    1 => set.push((name, false)),
                    _ => {}
                }
            }
            // A name that is no folder has to be the first one.
            let at = dice.below(set.len().max(1) as u64) as usize;
            set.rotate_left(at);
            set.sort_by_key(|(name, _)| *name != "Own name");
            let run = Run::start(directory.path(), dice.below(2) == 0, &set).record(event, 3);
            run.watch.shutdown(Duration::from_millis(100));
            for (name, _) in set {
                due.entry(name).or_default().insert(event.to_owned(), 3);
            }
            runs.push(run.taken.clone());
        }
        for first in names {
            let mut set: Vec<_> = names.map(|name| (name, true)).to_vec();
            set.retain(|(name, _)| *name == first || *name != "Own name");
            set.sort_by_key(|(name, _)| *name != first);
            let run = Run::start(directory.path(), false, &set);
            runs.push(run.taken.clone());
            for &(name, _) in &set {
                let sum = |of: &BTreeMap<String, usize>| of.values().sum::<usize>();
                let due = due.get(name).map_or(0, sum);
                run.until(|| sum(&all_taken(&runs, name)) >= due);
                run.wait(name, 0);
            }
        }
        let got: BTreeMap<_, _> = names.map(|name| (name, all_taken(&runs, name))).into();
        let got: BTreeMap<_, _> = got.into_iter().filter(|(_, of)| !of.is_empty()).collect();
        assert_eq!(got, due, "seed {seed}");
    }
}
