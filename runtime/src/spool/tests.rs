//! The spool with real files, and with a disk that fails on demand.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::*;
use faults::{Faults, FaultyDisk};

mod begun;
mod conservation;
mod crash;
mod damage;
mod damage_beside;
mod directory;
mod ending;
pub(super) mod faults;
mod owner;
#[cfg(unix)]
mod permissions;

pub(super) fn payload(number: u64) -> Vec<u8> {
    format!("{{\"event_id\":\"{number:08}\",\"event_name\":\"search\"}}").into_bytes()
}

/// How much larger than in CI the slow suites are to be: `TOOLWATCH_TEST_SCALE`, 1 by default.
pub(super) fn scale() -> u64 {
    std::env::var("TOOLWATCH_TEST_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

#[test]
fn a_large_cap_has_larger_segments_and_no_more_of_them() {
    let size = |mebibytes: u64| settings(Path::new(""), mebibytes << 20).segment_max_bytes() >> 10;
    assert_eq!([1, 16, 64, 256].map(size), [128, 2 << 10, 4 << 10, 4 << 10]);
    assert_eq!([1 << 10, 4 << 10, 1 << 20].map(size), [16 << 10, 64 << 10, 64 << 10]);
}

fn fill(spool: &Spool, numbers: std::ops::Range<u64>) {
    for number in numbers {
        spool.append(&payload(number));
    }
}

pub(super) fn settings(home: &Path, max_bytes: u64) -> Settings {
    let common = Arc::from(b"\"server_name\":\"docs\"".as_slice());
    Settings {
        directory: Some(home.join("spool")),
        max_bytes,
        memory_max_bytes: 4096,
        keep_delivered: false,
        owner: Default::default(),
        common,
    }
}

pub(super) fn spool(home: &Path, max_bytes: u64) -> Spool {
    let disk = Arc::new(FaultyDisk::default());
    Spool::new(disk, Arc::new(ManualClock::default()), settings(home, max_bytes))
}

pub(super) const LIMITS: Limits = Limits { max_events: 50, max_bytes: 1 << 20 };

/// Delivers everything that waits, and returns the payloads.
pub(super) fn drain(spool: &Spool) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while let Some(mut claim) = spool.claim(LIMITS, true) {
        payloads.extend(claim.payloads(usize::MAX).map(<[u8]>::to_vec));
        let len = claim.len();
        spool.settle(&mut claim, len, Verdict::Delivered { rejected: 0 });
        assert!(spool.stats().is_balanced());
    }
    payloads
}

/// A fault that the suite of interleavings plants: the event is there before it is counted.
pub(crate) fn append_before_counting(spool: &Spool, payload: &[u8]) {
    let mut state = spool.lock();
    match state.own.back_mut() {
        Some(active) if !active.sealed => {
            active.append(&mut Frame::of(&mut Vec::new(), payload)).unwrap()
        }
        _ => return state.append(&mut Frame::of(&mut Vec::new(), payload)),
    }
    drop(state);
    spool.lock().stats.own.take(1);
}

pub(super) fn segment_files(home: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(home.join("spool")) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "seg"))
        .collect();
    paths.sort_unstable();
    paths
}

#[test]
fn a_short_write_is_cut_back_and_the_event_waits_in_memory() {
    for no_cut in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let faults = Arc::new(Faults::default());
        let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
        let clock = Arc::new(ManualClock::default());
        let spool = Spool::new(disk, clock.clone(), settings(home.path(), 1 << 20));
        spool.append(&payload(0));
        faults.no_cut.store(no_cut, Ordering::Relaxed);
        faults.short_writes.store(true, Ordering::Relaxed);
        assert!(spool.append(&payload(1)).is_some(), "the operator is told");
        faults.short_writes.store(false, Ordering::Relaxed);
        assert!(spool.append(&payload(2)).is_none(), "once");
        assert_eq!(spool.stats().memory_fallbacks, 2, "the disk is left alone for a while");
        clock.advance(Duration::from_secs(1));
        spool.append(&payload(3));
        assert_eq!(
            drain(&spool),
            [0, 3, 1, 2].map(payload),
            "what was in memory has moved to disk"
        );
        assert_eq!(spool.stats().own().delivered(), 4);
    }
}

#[test]
fn a_full_disk_costs_nothing_but_the_memory_bound() {
    let home = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    faults.full.store(true, Ordering::Relaxed);
    let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
    let spool = Spool::new(disk, Arc::new(ManualClock::default()), settings(home.path(), 1 << 20));
    fill(&spool, 0..100);
    let stats = spool.stats();
    assert_eq!((stats.own().captured(), stats.memory_fallbacks, stats.disk_errors), (100, 100, 1));
    assert!(stats.is_balanced() && stats.own().dropped(DropReason::MemoryFull) > 0);
    assert_eq!(
        segment_files(home.path()).len(),
        0,
        "a segment without a header is not left behind"
    );
}

#[test]
fn a_segment_that_cannot_be_read_is_given_up_after_some_seconds() {
    let home = tempfile::tempdir().unwrap();
    let (faults, clock) = (Arc::new(Faults::default()), Arc::new(ManualClock::default()));
    let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
    let spool = Spool::new(disk, clock.clone(), settings(home.path(), 1 << 20));
    // Looks as often as the sender does, until the segment is read or given up.
    let time_until_it_ends = || {
        let start = clock.now();
        while spool.claim(LIMITS, false).is_none() && spool.stats().own().spooled() > 0 {
            clock.advance(Duration::from_millis(10));
        }
        clock.now() - start
    };
    fill(&spool, 0..3);
    faults.failing_reads.store(5, Ordering::Relaxed);
    assert!(time_until_it_ends() > Duration::from_secs(5));
    assert_eq!((drain(&spool).len(), spool.stats().disk_errors), (3, 5), "five are forgiven");
    fill(&spool, 3..6);
    faults.failing_reads.store(6, Ordering::Relaxed);
    let took = time_until_it_ends();
    assert!((5..10).contains(&took.as_secs()), "{took:?}");
    let own = *spool.stats().own();
    assert_eq!((own.dropped(DropReason::Damaged), own.spooled()), (3, 0));
    spool.append(&payload(9));
    assert_eq!(drain(&spool), [payload(9)]);
}

#[test]
fn the_oldest_segments_give_way_and_the_count_is_exact() {
    let home = tempfile::tempdir().unwrap();
    let cap = 64 * 1024;
    let spool = spool(home.path(), cap);
    fill(&spool, 0..5000);
    let size: u64 =
        segment_files(home.path()).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(size <= cap, "{size}");
    let stats = spool.stats();
    let lost = stats.own().dropped(DropReason::SpoolFull);
    assert!(lost > 3000 && stats.own().spooled() == 5000 - lost);
    assert_eq!(drain(&spool), (lost..5000).map(payload).collect::<Vec<_>>());
}

#[test]
fn a_batch_in_flight_is_settled_even_when_its_segment_is_evicted() {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(home.path(), 32 * 1024);
    fill(&spool, 0..60);
    let mut claim = spool.claim(LIMITS, false).unwrap();
    fill(&spool, 60..3000);
    spool.settle(&mut claim, 20, Verdict::Delivered { rejected: 0 });
    spool.settle(&mut claim, 30, Verdict::Delivered { rejected: 5 });
    let stats = spool.stats();
    assert_eq!((stats.own().delivered(), stats.own().dropped(DropReason::Rejected)), (45, 5));
    assert!(stats.is_balanced());
    assert_eq!(drain(&spool).len() as u64, 3000 - 50 - stats.own().dropped(DropReason::SpoolFull));
}

#[test]
fn an_orphans_acknowledged_events_are_not_sent_again() {
    let home = tempfile::tempdir().unwrap();
    {
        let spool = spool(home.path(), 1 << 20);
        fill(&spool, 0..100);
        for _ in 0..2 {
            let mut claim = spool.claim(Limits { max_events: 20, ..LIMITS }, false).unwrap();
            spool.settle(&mut claim, 15, Verdict::Delivered { rejected: 0 });
        }
    }
    let spool = spool(home.path(), 1 << 20);
    spool.adopt_orphans();
    assert_eq!(spool.stats().adopted().captured(), 70);
    assert_eq!(drain(&spool), (30..100).map(payload).collect::<Vec<_>>());
    let files = std::fs::read_dir(home.path().join("spool")).unwrap().count();
    assert_eq!((spool.stats().adopted().delivered(), files), (70, 0));
}

#[test]
fn an_event_that_is_too_large_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(home.path(), 1 << 26);
    spool.append(&vec![b'x'; 300 * 1024]);
    assert_eq!(spool.stats().own().dropped(DropReason::TooLarge), 1);
}
