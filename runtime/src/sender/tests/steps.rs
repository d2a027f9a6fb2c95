//! The sender driven step by step on a clock that stands still.

use super::worker::{Next, Progress, Worker};
use super::*;
use crate::spool::{ManualClock, RealDisk, Signal};

pub(super) type Answer = Box<dyn FnMut(&Batch<'_>) -> Result<Ack, SendError> + Send>;

pub(super) fn worker(
    home: &std::path::Path,
    answer: Answer,
) -> (Worker, Arc<ManualClock>, Arc<Spool>) {
    let clock = Arc::new(ManualClock::default());
    let settings = Settings {
        directory: Some(home.join("spool")),
        max_bytes: 1 << 20,
        memory_max_bytes: 1 << 20,
        keep_delivered: false,
        owner: Default::default(),
        common: Arc::default(),
    };
    let spool = Arc::new(Spool::new(Arc::new(RealDisk), clock.clone(), settings));
    let worker = Worker {
        spool: Arc::clone(&spool),
        clock: clock.clone(),
        destination: Box::new(Scripted { answer, taken: Arc::default() }),
        limits: Limits { max_events: 50, max_bytes: 1 << 19 },
        cadence: Cadence { max_batch_size: 50, flush_interval: Duration::from_secs(1) },
        quota: Arc::default(),
        on_quota: None,
        on_error: None,
        random: Box::new(|| 1.0),
        progress: Progress::default(),
    };
    (worker, clock, spool)
}

/// Steps until the sender wants to wait, and tells for how long.
pub(super) fn rest(worker: &mut Worker) -> Duration {
    loop {
        if let Next::Wait(time, _) = worker.step(Signal::default()) {
            return time;
        }
    }
}

#[test]
fn an_event_waits_for_company_for_one_interval() {
    let home = tempfile::tempdir().unwrap();
    let (mut worker, clock, spool) = worker(home.path(), Box::new(|_| Ok(Ack::all())));
    spool.append(&event(1));
    assert_eq!(rest(&mut worker), Duration::from_secs(1));
    assert_eq!(spool.stats().own().delivered(), 0);
    clock.advance(Duration::from_secs(1));
    rest(&mut worker);
    assert_eq!(spool.stats().own().delivered(), 1);
}

#[test]
fn a_broken_service_is_asked_in_growing_intervals_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let attempts = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&attempts);
    let answer = move |_: &Batch<'_>| match seen.fetch_add(1, Ordering::Relaxed) {
        0..10 => Err(SendError::status(503)),
        _ => Ok(Ack::all()),
    };
    let (mut worker, clock, spool) = worker(home.path(), Box::new(answer));
    let told = Arc::new(AtomicU64::new(0));
    let telling = Arc::clone(&told);
    worker.on_error = Some(Arc::new(move |_| {
        telling.fetch_add(1, Ordering::Relaxed);
    }));
    spool.append(&event(1));
    clock.advance(Duration::from_secs(1));
    let mut moments = Vec::new();
    while spool.stats().own().delivered() == 0 {
        let before = attempts.load(Ordering::Relaxed);
        let wait = rest(&mut worker);
        if attempts.load(Ordering::Relaxed) > before {
            moments.push(clock.now());
        }
        clock.advance(wait);
    }
    let gaps: Vec<_> = moments.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert_eq!(gaps, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    assert_eq!(told.load(Ordering::Relaxed), 1, "an episode is told once");
}

#[test]
fn rejected_events_are_counted_and_not_sent_again() {
    let home = tempfile::tempdir().unwrap();
    let (mut worker, clock, spool) =
        worker(home.path(), Box::new(|_| Ok(Ack::all().with_rejected(2))));
    (0..5).for_each(|number| {
        spool.append(&event(number));
    });
    clock.advance(Duration::from_secs(1));
    rest(&mut worker);
    let stats = spool.stats();
    assert_eq!(
        (stats.own().delivered(), stats.own().dropped(DropReason::Rejected), stats.batches),
        (3, 2, 1)
    );
}

#[test]
fn a_refused_key_is_asked_about_every_five_minutes_and_told_once() {
    let home = tempfile::tempdir().unwrap();
    let told = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&told);
    let (mut worker, clock, spool) = worker(home.path(), Box::new(|_| Err(SendError::status(401))));
    worker.on_error = Some(Arc::new(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
    }));
    spool.append(&event(1));
    clock.advance(Duration::from_secs(1));
    for _ in 0..3 {
        rest(&mut worker);
        clock.advance(retry::PAUSE);
    }
    assert_eq!((told.load(Ordering::Relaxed), spool.stats().retries), (1, 3));
}

#[test]
fn a_directory_that_was_removed_is_noticed_for_notes_as_well() {
    let home = tempfile::tempdir().unwrap();
    let (mut worker, clock, spool) = worker(home.path(), Box::new(|_| Ok(Ack::all())));
    let _before = spool.begin(&event(1)).unwrap();
    rest(&mut worker);
    std::fs::remove_dir_all(home.path().join("spool")).unwrap();
    clock.advance(Duration::from_secs(5));
    rest(&mut worker);
    let _after = spool.begin(&event(2)).unwrap();
    assert_eq!((spool.stats().begins_missed, files(home.path(), ".begun")), (1, 1));
}

#[test]
fn an_idle_servers_delivered_events_leave_the_disk() {
    let home = tempfile::tempdir().unwrap();
    let (mut worker, clock, spool) = worker(home.path(), Box::new(|_| Ok(Ack::all())));
    spool.append(&event(1));
    clock.advance(Duration::from_secs(1));
    rest(&mut worker);
    assert_eq!(files(home.path(), ".seg"), 1);
    clock.advance(Duration::from_secs(600));
    rest(&mut worker);
    assert_eq!((files(home.path(), ".seg"), files(home.path(), ".ack")), (0, 0));
}
