//! Several destinations of one watch, with real files and threads.

mod changes;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::destination::{Ack, Batch, Destination, SendError};
use crate::{Delivery, Watch, WatchBuilder};

/// Takes, or refuses for now, and remembers what it took.
struct Named {
    name: &'static str,
    answer: fn() -> Result<Ack, SendError>,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Destination for Named {
    fn name(&self) -> &str {
        self.name
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        let ack = (self.answer)()?;
        self.taken.lock().unwrap().extend(batch.events());
        Ok(ack)
    }
}

type Taken = Arc<Mutex<Vec<Vec<u8>>>>;

fn named(name: &'static str, answer: fn() -> Result<Ack, SendError>) -> (Named, Taken) {
    let taken = Taken::default();
    (Named { name, answer, taken: Arc::clone(&taken) }, taken)
}

fn takes() -> Result<Ack, SendError> {
    Ok(Ack::all())
}

fn fails() -> Result<Ack, SendError> {
    Err(SendError::unreachable())
}

fn hangs() -> Result<Ack, SendError> {
    std::thread::sleep(Duration::from_secs(60));
    takes()
}

fn builder(directory: &tempfile::TempDir) -> WatchBuilder {
    Watch::builder()
        .environment(|_| None)
        .directory(directory.path())
        .on_error(|_| {})
        .flush_interval(Duration::from_millis(5))
}

fn record(watch: &Watch, count: usize) {
    (0..count).for_each(|_| watch.event("lane_tested").record());
}

#[test]
fn each_destination_gets_every_event_and_none_waits_for_another() {
    let directory = tempfile::tempdir().unwrap();
    let (first, of_first) = named("first", fails);
    let (second, of_second) = named("second", takes);
    let watch = builder(&directory).destination(first).destination(second).build().unwrap();
    record(&watch, 120);
    watch.flush(Duration::from_secs(10));
    let began = Instant::now();
    let delivered = || watch.destinations()[1].1.own().delivered();
    while delivered() < 120 && began.elapsed() < Duration::from_secs(60) {
        watch.flush(Duration::from_millis(100));
    }
    let destinations = watch.destinations();
    let tell = |at: usize| {
        let (name, stats) = &destinations[at];
        (name.as_str(), stats.own().delivered(), stats.own().spooled())
    };
    assert_eq!((tell(0), tell(1)), (("first", 0, 120), ("second", 120, 0)));
    assert!(of_first.lock().unwrap().is_empty());
    assert_eq!(of_second.lock().unwrap().len(), 120);
    let sum = watch.stats();
    assert!(sum.is_balanced());
    assert_eq!((sum.own().captured(), sum.own().delivered()), (240, 120));
    drop(watch);

    // The next process of the same destinations finds what is left, in the lane where it was.
    let (first, of_first) = named("first", takes);
    let (second, of_second) = named("second", takes);
    let watch = builder(&directory).destination(first).destination(second).build().unwrap();
    let began = Instant::now();
    // Where the watch before has not let go yet, it is met again after 30 s.
    while of_first.lock().unwrap().len() < 120 && began.elapsed() < Duration::from_secs(120) {
        // A flush waits for the events of this process alone.
        watch.flush(Duration::from_millis(100));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(of_first.lock().unwrap().len(), 120);
    assert!(of_second.lock().unwrap().is_empty());
}

#[test]
fn lanes_end_together_within_the_time_of_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut building = builder(&directory);
    for name in ["a", "b", "c", "d", "e"] {
        building = building.destination(named(name, hangs).0);
    }
    let watch = building.build().unwrap();
    record(&watch, 1);
    std::thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    let Delivery { spooled, dropped, .. } = watch.shutdown(Duration::from_secs(3));
    let took = began.elapsed();
    assert_eq!((spooled, dropped), (5, 0));
    // One after the other would take five times as long.
    assert!(took < Duration::from_secs(14), "{took:?}");
}

#[test]
fn destinations_of_one_name_and_names_that_are_no_folder_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let build = |first: &'static str, second: &'static str| {
        let (first, second) = (named(first, takes).0, named(second, takes).0);
        builder(&directory).destination(first).destination(second).build()
    };
    for (name, rule) in [
        ("first", "the same name"),
        ("../up", "a destination has 1 to 32 characters"),
        ("..", "does not start with a dot"),
        ("", "a destination has 1 to 32 characters"),
        ("Upper", "a destination has 1 to 32 characters"),
        ("key", "neither `key` nor `quarantine`"),
        ("quarantine", "neither `key` nor `quarantine`"),
    ] {
        let error = build("first", name).expect_err(name);
        assert!(error.is_configuration() && error.to_string().contains(rule), "{error}");
    }
    assert!(build("Any name", "second").is_ok(), "the first one has no folder");
}
