//! The end of a process is no time to begin something.

use std::sync::OnceLock;

use super::*;
use crate::spool::{Faults, FaultyDisk};

/// A destination that would have to set something up first.
struct Cold(Arc<AtomicU64>);

impl Destination for Cold {
    fn name(&self) -> &str {
        "cold"
    }

    fn send(&mut self, _: &Batch<'_>) -> Result<Ack, SendError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Ack::all())
    }

    fn is_ready(&self) -> bool {
        false
    }
}

/// Drops a pipeline to it with one event, and returns how often it was asked for anything.
fn asked_by_a_drop(home: &std::path::Path, durability: Durability) -> u64 {
    let asked = Arc::<AtomicU64>::default();
    let config = PipelineConfig {
        destination: Some(Box::new(Cold(Arc::clone(&asked)))),
        durability,
        flush_interval: Duration::from_secs(60),
        ..config(home)
    };
    let pipeline = Pipeline::start(config).unwrap();
    pipeline.append(&event(1));
    drop(pipeline);
    asked.load(Ordering::SeqCst)
}

#[test]
fn a_drop_begins_no_set_up_and_leaves_the_events_to_the_next_process() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(asked_by_a_drop(home.path(), Durability::Spool), 0);
    let (_next, taken) = pipeline(config(home.path()), |_| Ok(Ack::all()));
    wait_until(|| *taken.lock().unwrap() == ["00000001"]);
    // What is only in memory would be lost. A busy machine may not come to it within the time.
    let mut tries = (0..200).map(|_| asked_by_a_drop(home.path(), Durability::Memory));
    assert!(tries.any(|asked| asked == 1), "nothing was sent from memory");
}

#[test]
fn a_drop_syncs_nothing_and_a_shutdown_does() {
    for sends in [false, true] {
        for (is_drop, expect) in [(true, 0), (false, 1)] {
            let home = tempfile::tempdir().unwrap();
            let faults = Arc::<Faults>::default();
            let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
            let refuses = || -> Box<dyn Destination> {
                let answer = |_: &Batch<'_>| Err(SendError::status(401));
                Box::new(Scripted { answer, taken: Arc::default() })
            };
            let destination = sends.then(refuses);
            let config = PipelineConfig { disk, destination, ..config(home.path()) };
            let pipeline = Pipeline::start(config).unwrap();
            // The first thing that the thread does is to look after what others left.
            pipeline.flush(PATIENCE);
            pipeline.append(&event(1));
            let delivery = if is_drop { pipeline.leave() } else { pipeline.shutdown(PATIENCE) };
            assert_eq!((delivery.spooled, delivery.dropped), (1, 0));
            drop(pipeline);
            let syncs = faults.syncs.load(Ordering::Relaxed);
            assert_eq!(syncs, expect, "with a destination: {sends}, drop: {is_drop}");
        }
    }
}

#[test]
fn a_callback_on_the_senders_thread_does_not_wait_for_itself() {
    let home = tempfile::tempdir().unwrap();
    let (slot, calls) = (Arc::<OnceLock<Arc<Pipeline>>>::default(), Arc::<AtomicU64>::default());
    let (of_callback, counted) = (Arc::clone(&slot), Arc::clone(&calls));
    let on_error = move |_: &Error| {
        let pipeline = of_callback.get().unwrap();
        let delivery = pipeline.flush(Duration::MAX);
        assert_eq!((delivery.delivered, delivery.spooled), (0, 1));
        pipeline.shutdown(Duration::MAX);
        counted.fetch_add(1, Ordering::SeqCst);
    };
    let config = PipelineConfig { on_error: Some(Arc::new(on_error)), ..config(home.path()) };
    let (pipeline, _) = pipeline(config, |_| Err(SendError::status(401)));
    let pipeline = Arc::new(pipeline);
    assert!(slot.set(Arc::clone(&pipeline)).is_ok());
    pipeline.append(&event(1));
    wait_until(|| calls.load(Ordering::SeqCst) == 1);
    let delivery = pipeline.shutdown(PATIENCE);
    assert_eq!((delivery.delivered, delivery.spooled), (0, 1));
}
