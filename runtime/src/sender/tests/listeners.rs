//! Who listens to `tracing` is somebody else: may ask for the numbers, record events, and panic.

use std::sync::LazyLock;
use std::sync::mpsc;

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Metadata};

use super::steps::{rest, worker};
use super::*;
use crate::spool::{Faults, FaultyDisk, ManualClock};

type Hear = Box<dyn Fn() + Send + Sync>;

/// Does this with each event that the pipeline logs.
struct Listener(Hear);

impl tracing::Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("toolwatch")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        (self.0)();
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Hears what this thread logs, until what is returned is dropped.
fn listen(hear: impl Fn() + Send + Sync + 'static) -> DefaultGuard {
    // With one subscriber alone `tracing` asks the thread that comes first to a place in the code
    // whether anybody wants its events, and keeps the answer: no, on that of another test.
    static OTHERS: LazyLock<[Dispatch; 2]> =
        LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Listener(Box::new(|| {})))));
    LazyLock::force(&OTHERS);
    tracing::subscriber::set_default(Listener(Box::new(hear)))
}

/// A pipeline whose disk is full, and what makes it so.
fn full(home: &std::path::Path) -> (Arc<Pipeline>, Arc<Faults>, Arc<ManualClock>) {
    let (faults, clock) = (Arc::<Faults>::default(), Arc::new(ManualClock::default()));
    faults.full.store(true, Ordering::Relaxed);
    let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
    let config = PipelineConfig { disk, clock: clock.clone(), ..config(home) };
    (Arc::new(Pipeline::start(config).unwrap()), faults, clock)
}

#[test]
fn a_listener_may_use_the_watch_when_the_disk_fails() {
    let home = tempfile::tempdir().unwrap();
    let (pipeline, ..) = full(home.path());
    let (tell, told) = mpsc::sync_channel(1);
    let of_thread = Arc::clone(&pipeline);
    std::thread::spawn(move || {
        let of_listener = Arc::clone(&of_thread);
        let _listening = listen(move || {
            if of_listener.stats().own().captured() < 10 {
                of_listener.append(&event(2));
            }
        });
        of_thread.append(&event(1));
        tell.send(()).unwrap();
    });
    assert_eq!(told.recv_timeout(PATIENCE), Ok(()), "it waits for itself");
    let stats = pipeline.stats();
    assert!(stats.is_balanced() && stats.own().captured() >= 2, "{stats:?}");
}

#[test]
fn a_listener_that_panics_when_the_disk_fails_costs_no_event() {
    let home = tempfile::tempdir().unwrap();
    let (pipeline, faults, clock) = full(home.path());
    {
        let _listening = listen(|| panic!("a listener that panics"));
        pipeline.append(&event(1));
    }
    let stats = pipeline.stats();
    assert_eq!((stats.own().spooled(), stats.panics), (1, 1));
    assert_eq!(pipeline.spool.at_risk(), 1, "it is in memory");
    faults.full.store(false, Ordering::Relaxed);
    clock.advance(Duration::from_secs(60));
    pipeline.append(&event(2));
    let delivery = pipeline.shutdown(Duration::from_secs(1));
    assert_eq!((delivery.spooled, delivery.dropped), (2, 0));
}

#[test]
fn a_listener_that_panics_at_a_failure_costs_no_batch() {
    let home = tempfile::tempdir().unwrap();
    let mut statuses = vec![503, 401, 413, 503, 503, 503, 503, 503].into_iter();
    let answer = move |_: &Batch<'_>| {
        statuses.next().map_or(Ok(Ack::all()), |status| Err(SendError::status(status)))
    };
    let (mut worker, clock, spool) = worker(home.path(), Box::new(answer));
    std::fs::write(home.path().join("spool"), "no directory: events wait in memory").unwrap();
    let _listening = listen(|| panic!("a listener that panics"));
    (0..4).for_each(|number| _ = spool.append(&event(number)));
    assert_eq!(spool.at_risk(), 4);
    for _ in 0..20 {
        clock.advance(retry::PAUSE);
        rest(&mut worker);
    }
    let stats = spool.stats();
    assert_eq!((stats.own().delivered(), stats.own().spooled(), spool.at_risk()), (4, 0, 0));
    assert!(stats.panics >= 8 && stats.is_balanced(), "{stats:?}");
}
