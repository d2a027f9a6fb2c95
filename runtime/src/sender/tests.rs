//! The pipeline as a whole, with real files and scripted destinations.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::*;
use crate::sender::contract::{Ack, Batch, Destination, SendError};
use crate::spool::FaultyDisk;

mod bounds;
#[cfg(feature = "http")]
mod cases;
mod conservation;
#[cfg(feature = "http")]
mod http;
mod interleavings;
mod kill;
mod leaving;
mod listeners;
mod steps;

/// How long a busy machine may take for what is done at once on another.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A destination that answers as a closure says and remembers the ids that it took.
pub(super) struct Scripted<F> {
    pub(super) answer: F,
    pub(super) taken: Arc<Mutex<Vec<String>>>,
}

impl<F: FnMut(&Batch<'_>) -> Result<Ack, SendError> + Send> Destination for Scripted<F> {
    fn name(&self) -> &str {
        "scripted"
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        let ack = (self.answer)(batch)?;
        self.taken.lock().unwrap().extend(batch.events().map(|event| id(&event)));
        Ok(ack)
    }
}

pub(super) fn id(event: &[u8]) -> String {
    let event: serde_json::Value = serde_json::from_slice(event).unwrap();
    event["event_id"].as_str().unwrap().to_owned()
}

pub(super) fn event(number: u64) -> Vec<u8> {
    format!("{{\"event_id\":\"{number:08}\",\"event_name\":\"search\",\"duration_ms\":1.5}}")
        .into_bytes()
}

pub(super) fn config(directory: &std::path::Path) -> PipelineConfig {
    PipelineConfig {
        directory: Some(directory.join("spool")),
        common_fragment: b"\"server_name\":\"docs\"".to_vec(),
        disk: Arc::new(FaultyDisk::default()),
        ..PipelineConfig::default()
    }
}

/// A pipeline to a destination that answers like this, and the ids that the destination took.
pub(super) fn pipeline(
    config: PipelineConfig,
    answer: impl FnMut(&Batch<'_>) -> Result<Ack, SendError> + Send + 'static,
) -> (Pipeline, Arc<Mutex<Vec<String>>>) {
    let taken = Arc::<Mutex<Vec<String>>>::default();
    let destination = Scripted { answer, taken: Arc::clone(&taken) };
    let config = PipelineConfig { destination: Some(Box::new(destination)), ..config };
    (Pipeline::start(config).unwrap(), taken)
}

pub(super) fn files(directory: &std::path::Path, ending: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(directory.join("spool")) else {
        return 0;
    };
    entries
        .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().ends_with(ending))
        .count()
}

#[test]
fn events_are_delivered_once_in_order_and_leave_no_file() {
    let home = tempfile::tempdir().unwrap();
    let (pipeline, taken) = pipeline(config(home.path()), |_| Ok(Ack::all()));
    (0..500).for_each(|number| pipeline.append(&event(number)));
    let delivery = pipeline.flush(PATIENCE);
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (500, 0, 0));
    assert_eq!(*taken.lock().unwrap(), (0..500).map(|n| format!("{n:08}")).collect::<Vec<_>>());
    pipeline.shutdown(Duration::from_secs(1));
    assert_eq!((files(home.path(), ".seg"), files(home.path(), ".ack")), (0, 0));
}

#[test]
fn no_event_makes_no_file_and_no_destination_makes_no_thread() {
    let home = tempfile::tempdir().unwrap();
    let pipeline = Pipeline::start(config(home.path())).unwrap();
    assert_eq!(pipeline.flush(Duration::from_secs(1)), Delivery::default());
    assert!(!home.path().join("spool").exists());
    assert!(!pipeline.thread.has_sender());
}

#[test]
fn without_a_destination_a_removed_file_is_noticed_and_what_was_in_it_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let clock = Arc::new(crate::spool::ManualClock::default());
    let config = PipelineConfig { clock: clock.clone(), ..config(home.path()) };
    let local = Pipeline::start(config).unwrap();
    local.append(&event(1));
    let _begun = local.begin(&event(3)).unwrap();
    let spool = home.path().join("spool");
    std::fs::remove_dir_all(&spool).unwrap();
    clock.advance(Duration::from_millis(pipeline::LOOK_INTERVAL_MS));
    local.append(&event(2));
    assert_eq!(files(home.path(), ".seg"), 1, "another one is made");
    let _begun = local.begin(&event(4)).unwrap();
    assert_eq!((local.stats().begins_missed, files(home.path(), ".begun")), (1, 1));
    let delivery = local.shutdown(Duration::from_secs(1));
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (0, 1, 1));
    assert_eq!(local.stats().own().dropped(DropReason::Damaged), 1);
}

#[test]
fn files_without_a_tag_are_a_record_that_the_next_process_sends() {
    let home = tempfile::tempdir().unwrap();
    let local = Pipeline::start(config(home.path())).unwrap();
    (0..20).for_each(|number| local.append(&event(number)));
    let delivery = local.shutdown(Duration::from_secs(1));
    assert_eq!((delivery.delivered, delivery.spooled), (0, 20));
    assert_eq!(
        crate::local::Reader::open(home.path().join("spool")).unwrap().into_iter().count(),
        20
    );
    let (sending, taken) = pipeline(
        PipelineConfig { flush_interval: Duration::from_millis(5), ..config(home.path()) },
        |_| Ok(Ack::all()),
    );
    wait_until(|| sending.stats().adopted().delivered() == 20);
    let stats = sending.stats();
    assert_eq!((stats.own().captured(), taken.lock().unwrap().len()), (0, 20));
    assert!(stats.is_balanced());
}

#[test]
fn delivered_segments_stay_as_a_record_when_they_are_wanted() {
    let home = tempfile::tempdir().unwrap();
    let keep = || PipelineConfig { keep_delivered: true, ..config(home.path()) };
    let (first, _) = pipeline(keep(), |_| Ok(Ack::all()));
    (0..20).for_each(|number| first.append(&event(number)));
    assert_eq!(first.shutdown(PATIENCE).delivered, 20);
    let (second, taken) = pipeline(keep(), |_| Ok(Ack::all()));
    second.append(&event(99));
    assert_eq!(second.shutdown(PATIENCE).delivered, 1);
    assert_eq!(*taken.lock().unwrap(), ["00000099"]);
    let reader = crate::local::Reader::open(home.path().join("spool")).unwrap();
    assert_eq!(
        reader.into_iter().filter(|record| record.server_name.as_deref() == Some("docs")).count(),
        21
    );
}

#[test]
fn a_directory_that_others_could_write_is_refused_and_events_wait_in_memory() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("spool")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(home.path().join("spool"), std::fs::Permissions::from_mode(0o777))
            .unwrap();
        let errors = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&errors);
        let on_error: OnError = Arc::new(move |error| {
            assert!(error.is_storage());
            seen.fetch_add(1, Ordering::Relaxed);
        });
        let (pipeline, taken) =
            pipeline(PipelineConfig { on_error: Some(on_error), ..config(home.path()) }, |_| {
                Ok(Ack::all())
            });
        pipeline.append(&event(1));
        assert_eq!(pipeline.flush(PATIENCE).delivered, 1);
        assert_eq!((taken.lock().unwrap().len(), files(home.path(), ".seg")), (1, 0));
        assert_eq!((pipeline.stats().memory_fallbacks, errors.load(Ordering::Relaxed)), (1, 1));
    }
}

#[test]
fn settings_that_cannot_work_are_errors() {
    let home = tempfile::tempdir().unwrap();
    for config in [
        PipelineConfig::default(),
        PipelineConfig { max_batch_size: 0, ..config(home.path()) },
        PipelineConfig { flush_interval: Duration::ZERO, ..config(home.path()) },
    ] {
        assert!(Pipeline::start(config).err().unwrap().is_configuration());
    }
}

/// Waits for what another thread brings about. What a sender misses when it starts, because the one
/// before has not let go yet, it finds 30 s later.
#[track_caller]
pub(super) fn wait_until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + 2 * PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "it did not happen in time");
        std::thread::sleep(Duration::from_millis(1));
    }
}
