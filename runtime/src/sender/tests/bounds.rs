//! Waiting has an end: flush, shutdown and drop against a destination that hangs.

use super::*;
use crate::spool::Faults;

/// What the bounds allow on top of a timeout.
const SLACK: Duration = Duration::from_millis(50);

#[test]
fn segments_are_free_when_the_request_that_outlived_a_shutdown_has_ended() {
    let home = tempfile::tempdir().unwrap();
    let (first, release) = hanging(home.path(), Durability::Spool);
    first.append(&event(2));
    assert_eq!(first.shutdown(Duration::from_millis(5)).spooled, 2);
    release.store(true, Ordering::Relaxed);
    wait_until(|| first.spool.signal().ended);
    // The handle lives on, as that of an installed watch does.
    let (_second, taken) = pipeline(config(home.path()), |_| Ok(Ack::all()));
    wait_until(|| *taken.lock().unwrap() == ["00000002"]);
    assert_eq!(first.stats().own().delivered(), 1);
}

/// A pipeline with one event in a request that hangs until the returned flag is set.
fn hanging(
    home: &std::path::Path,
    durability: Durability,
) -> (Pipeline, Arc<std::sync::atomic::AtomicBool>) {
    let released = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let reached = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (release, reach) = (Arc::clone(&released), Arc::clone(&reached));
    let config =
        PipelineConfig { durability, flush_interval: Duration::from_millis(1), ..config(home) };
    let (pipeline, _) = pipeline(config, move |_| {
        reach.store(true, Ordering::Relaxed);
        while !release.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Ack::all())
    });
    pipeline.append(&event(1));
    wait_until(|| reached.load(Ordering::Relaxed));
    (pipeline, released)
}

/// How often a timing is tried: a busy machine may take the processor away for longer than any bound.
const TRIES: usize = 40;

/// Whether the work was done within the limit.
fn within(limit: Duration, what: impl FnOnce()) -> bool {
    let start = Instant::now();
    what();
    start.elapsed() < limit
}

/// Fails when no try is in time. What is asserted in a try holds for all of them.
#[track_caller]
fn at_best(try_it: impl FnMut() -> bool) {
    let is_in_time = std::iter::repeat_with(try_it).take(TRIES).any(|in_time| in_time);
    assert!(is_in_time, "none of {TRIES} tries was in time");
}

#[test]
fn flush_and_shutdown_return_in_time_while_a_request_hangs() {
    at_best(|| {
        let home = tempfile::tempdir().unwrap();
        let (pipeline, release) = hanging(home.path(), Durability::Spool);
        let timeout = Duration::from_millis(60);
        let flush = || assert_eq!(pipeline.flush(timeout).spooled, 1);
        let shutdown = || assert_eq!(pipeline.shutdown(timeout).spooled, 1);
        let in_time = within(timeout + SLACK, flush)
            & within(timeout + SLACK, shutdown)
            & within(SLACK, shutdown);
        pipeline.append(&event(2));
        let late = pipeline.stats();
        assert_eq!((late.own().spooled(), late.own().dropped(DropReason::Shutdown)), (2, 0));
        release.store(true, Ordering::Relaxed);
        wait_until(|| pipeline.stats().own().delivered() == 1);
        assert!(pipeline.stats().is_balanced());
        in_time
    });
}

#[test]
fn a_timeout_beyond_the_clock_waits_for_the_work_and_does_not_overflow() {
    let home = tempfile::tempdir().unwrap();
    let (pipeline, _) = pipeline(config(home.path()), |_| Ok(Ack::all()));
    pipeline.append(&event(1));
    assert_eq!(pipeline.flush(Duration::MAX).delivered, 1);
    assert_eq!(pipeline.shutdown(Duration::MAX).delivered, 1);
}

#[test]
fn an_interval_beyond_the_clock_leaves_full_batches_and_flushes_to_be_sent() {
    let home = tempfile::tempdir().unwrap();
    let config = PipelineConfig { flush_interval: Duration::MAX, ..config(home.path()) };
    let (pipeline, _) = pipeline(config, |_| Ok(Ack::all()));
    (0..50).for_each(|number| pipeline.append(&event(number)));
    wait_until(|| pipeline.stats().own().delivered() == 50);
    pipeline.append(&event(50));
    assert_eq!(pipeline.flush(PATIENCE).delivered, 51);
    assert_eq!(pipeline.stats().panics, 0);
}

#[test]
fn a_sync_that_hangs_holds_up_nobody_longer_than_they_wait() {
    let home = tempfile::tempdir().unwrap();
    let faults = Arc::<Faults>::default();
    faults.hanging_sync.store(true, Ordering::Relaxed);
    let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
    let local = Pipeline::start(PipelineConfig { disk, ..config(home.path()) }).unwrap();
    local.append(&event(1));
    // Without their bounds they would never come back.
    let timeout = Duration::from_millis(20);
    assert_eq!((local.flush(timeout).spooled, local.shutdown(timeout).spooled), (1, 1));
    wait_until(|| faults.syncs.load(Ordering::Relaxed) > 0);
    faults.hanging_sync.store(false, Ordering::Relaxed);
}

#[test]
fn a_drop_takes_at_most_50_ms() {
    at_best(|| {
        let home = tempfile::tempdir().unwrap();
        let (pipeline, release) = hanging(home.path(), Durability::Spool);
        let in_time = within(SLACK, || drop(pipeline));
        release.store(true, Ordering::Relaxed);
        in_time
    });
}

#[test]
fn what_is_in_memory_at_shutdown_is_dropped_and_counted_once() {
    let home = tempfile::tempdir().unwrap();
    let (pipeline, release) = hanging(home.path(), Durability::Memory);
    (2..10).for_each(|number| pipeline.append(&event(number)));
    let delivery = pipeline.shutdown(Duration::from_millis(5));
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (0, 0, 9));
    release.store(true, Ordering::Relaxed);
    wait_until(|| pipeline.stats().batches == 1);
    assert_eq!(pipeline.stats().delivery(), delivery);
    assert!(!home.path().join("spool").exists());
}

#[test]
fn a_flush_hurries_one_attempt_and_then_keeps_to_the_backoff() {
    let home = tempfile::tempdir().unwrap();
    let mut left = 2;
    let config = PipelineConfig { flush_interval: Duration::from_secs(60), ..config(home.path()) };
    let (pipeline, _) = pipeline(config, move |_| {
        left -= 1;
        if left >= 0 { Err(SendError::unreachable()) } else { Ok(Ack::all()) }
    });
    pipeline.append(&event(1));
    assert_eq!(pipeline.flush(PATIENCE).delivered, 1);
    assert_eq!(pipeline.stats().retries, 2);
}

#[test]
fn a_destination_that_panics_is_asked_again() {
    let home = tempfile::tempdir().unwrap();
    let mut first = true;
    let (pipeline, taken) = pipeline(config(home.path()), move |_| {
        assert!(!std::mem::take(&mut first), "a destination that panics once");
        Ok(Ack::all())
    });
    pipeline.append(&event(1));
    assert_eq!(pipeline.flush(PATIENCE).delivered, 1);
    assert_eq!((taken.lock().unwrap().len(), pipeline.stats().panics), (1, 1));
}

#[test]
fn memory_is_bounded_and_the_oldest_give_way() {
    let home = tempfile::tempdir().unwrap();
    let config = PipelineConfig {
        durability: Durability::Memory,
        memory_max_bytes: 10 * (event(0).len() + 32),
        flush_interval: Duration::from_secs(60),
        max_batch_size: 1000,
        ..config(home.path())
    };
    let (pipeline, taken) = pipeline(config, |_| Ok(Ack::all()));
    (0..25).for_each(|number| pipeline.append(&event(number)));
    assert_eq!(pipeline.stats().own().dropped(DropReason::MemoryFull), 15);
    pipeline.flush(PATIENCE);
    assert_eq!(taken.lock().unwrap().first().map(String::as_str), Some("00000015"));
}
