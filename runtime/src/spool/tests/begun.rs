//! Calls that the death of their process cut off, and disks that refuse to note them.

use super::*;
use crate::spool::begun::BEGUN_SUFFIX;
use crate::spool::disk::Writes;

fn begun_files(home: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(home.join("spool")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.to_string_lossy().ends_with(BEGUN_SUFFIX)).collect()
}

fn begin(spool: &Spool, numbers: std::ops::Range<u64>) -> Vec<Begun> {
    numbers.map(|number| spool.begin(&payload(number)).expect("a begin record")).collect()
}

fn faulty(home: &Path) -> (Spool, Arc<Faults>, Arc<ManualClock>) {
    let faults = Arc::new(Faults::default());
    let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
    let clock = Arc::new(ManualClock::default());
    (Spool::new(disk, clock.clone(), settings(home, 1 << 20)), faults, clock)
}

#[test]
fn calls_under_way_are_reported_once_by_the_next_process() {
    let home = tempfile::tempdir().unwrap();
    {
        let spool = spool(home.path(), 1 << 20);
        let mut begun = begin(&spool, 0..5);
        for number in [3, 1] {
            spool.append(&payload(number));
            spool.end(begun.remove(usize::try_from(number).unwrap()));
        }
        assert_eq!(spool.stats().own().captured(), 2, "a begin record is no event yet");
    }
    let next = spool(home.path(), 1 << 20);
    next.report_interrupted();
    assert_eq!((next.stats().own().captured(), begun_files(home.path()).len()), (3, 0));
    next.adopt_orphans();
    assert_eq!(drain(&next), [3, 1, 0, 2, 4].map(payload));
    drop(next);
    let third = spool(home.path(), 1 << 20);
    third.adopt_orphans();
    assert_eq!(drain(&third).len(), 0);
}

#[test]
fn a_kill_between_the_event_and_its_slot_gives_one_event() {
    let home = tempfile::tempdir().unwrap();
    {
        let spool = spool(home.path(), 1 << 20);
        let _begun = begin(&spool, 0..3);
        spool.append(&payload(1));
    }
    let next = spool(home.path(), 1 << 20);
    next.adopt_orphans();
    assert_eq!(drain(&next), [1, 0, 2].map(payload));
    assert!(next.stats().is_balanced());
}

#[test]
fn a_kill_during_the_report_gives_one_event() {
    let home = tempfile::tempdir().unwrap();
    drop({
        let spool = spool(home.path(), 1 << 20);
        (begin(&spool, 0..3), spool)
    });
    let slots = std::fs::read(&begun_files(home.path())[0]).unwrap();
    let file = begun_files(home.path()).remove(0);
    let second = spool(home.path(), 1 << 20);
    second.report_interrupted();
    drop(second);
    // As it was before the second process had removed or cleared anything.
    RealDisk.create(&file, Writes::AtPositions).unwrap().write_at(0, &slots).unwrap();
    let third = spool(home.path(), 1 << 20);
    third.adopt_orphans();
    assert_eq!(drain(&third), [0, 1, 2].map(payload));
    assert_eq!(third.stats().own().captured(), 0, "all were the second's");
}

#[test]
fn events_keep_the_shared_members_of_the_process_that_died() {
    let home = tempfile::tempdir().unwrap();
    drop({
        let old = Settings {
            common: Arc::from(b"\"server_version\":\"1\"".as_slice()),
            ..settings(home.path(), 1 << 20)
        };
        let spool = Spool::new(Arc::new(RealDisk), Arc::new(ManualClock::default()), old);
        (begin(&spool, 0..1), spool)
    });
    let next = spool(home.path(), 1 << 20);
    next.report_interrupted();
    next.append(&payload(1));
    for (number, common) in [(0, "\"server_version\":\"1\""), (1, "\"server_name\":\"docs\"")] {
        let mut claim = next.claim(LIMITS, false).unwrap();
        assert_eq!(claim.payloads(9).collect::<Vec<_>>(), [payload(number)]);
        assert_eq!(claim.common(), common.as_bytes());
        next.settle(&mut claim, 1, Verdict::Delivered { rejected: 0 });
    }
}

#[test]
fn a_living_process_is_left_alone_and_a_clean_end_leaves_no_file() {
    let home = tempfile::tempdir().unwrap();
    let (first, second) = (spool(home.path(), 1 << 20), spool(home.path(), 1 << 20));
    let mut begun = begin(&first, 0..2);
    second.adopt_orphans();
    assert_eq!((second.stats().own().captured(), begun_files(home.path()).len()), (0, 1));
    first.end(begun.remove(0));
    let slots = std::fs::read(&begun_files(home.path())[0]).unwrap();
    let (ended, open) = slots[20 * 1024..].split_at(4096);
    assert!(ended.iter().all(|&byte| byte == 0), "nothing of a call that has ended is left");
    assert!(open.ends_with(&payload(1)));
    first.close();
    assert_eq!(begun_files(home.path()).len(), 1, "a call is still under way");
    first.end(begun.remove(0));
    assert_eq!(begun_files(home.path()).len(), 0);
    first.end(begin(&first, 2..3).remove(0));
    assert_eq!(begun_files(home.path()).len(), 0, "nor does a late call");
}

#[test]
fn calls_over_the_bounds_are_counted_and_a_free_slot_serves_again() {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(home.path(), 1 << 20);
    let mut begun = begin(&spool, 0..256);
    assert!(spool.begin(&payload(256)).is_none() && spool.begin(&[b'x'; 4081]).is_none());
    assert_eq!(spool.stats().begins_missed, 2);
    spool.end(begun.remove(7));
    begun.extend(begin(&spool, 300..301));
    let longest = std::fs::metadata(&begun_files(home.path())[0]).unwrap().len();
    assert!(longest <= 20 * 1024 + 256 * 4096, "{longest}");
    drop(spool);
    let next = super::spool(home.path(), 1 << 20);
    next.report_interrupted();
    let expect = (0..256).filter(|&number| number != 7).chain([300]).map(payload);
    assert_eq!(drain(&next), expect.collect::<Vec<_>>(), "in the order of their beginning");
}

#[test]
fn the_longest_begin_record_fits_its_slot() {
    let home = tempfile::tempdir().unwrap();
    let longest = vec![b'x'; 4080];
    drop({
        let spool = spool(home.path(), 1 << 20);
        let begun = begin(&spool, 0..1);
        (spool.begin(&longest).unwrap(), begin(&spool, 1..2), begun, spool)
    });
    let next = spool(home.path(), 1 << 20);
    next.report_interrupted();
    assert_eq!(drain(&next), [payload(0), longest, payload(1)]);
}

#[test]
fn a_torn_slot_is_counted_once_and_costs_no_other() {
    let home = tempfile::tempdir().unwrap();
    drop({
        let spool = spool(home.path(), 1 << 20);
        (begin(&spool, 0..3), spool)
    });
    let file = begun_files(home.path()).remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[20 * 1024 + 4096 + 30] ^= 1;
    // A damaged header costs only the shared members.
    bytes[5] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let next = spool(home.path(), 1 << 20);
    for _ in 0..2 {
        next.adopt_orphans();
        assert_eq!(next.stats().adopted().dropped(DropReason::Torn), 1);
    }
    assert!(next.stats().is_balanced());
    assert_eq!(drain(&next), [0, 2].map(payload));
}

#[test]
fn a_disk_that_refuses_costs_the_begin_record_alone() {
    let home = tempfile::tempdir().unwrap();
    let (spool, faults, clock) = faulty(home.path());
    faults.full.store(true, Ordering::Relaxed);
    assert!(spool.begin(&payload(0)).is_none());
    assert_eq!(begun_files(home.path()).len(), 0, "a file without a header is not left behind");
    faults.full.store(false, Ordering::Relaxed);
    assert!(spool.begin(&payload(1)).is_none(), "the disk is left alone for a while");
    assert_eq!((spool.stats().begins_missed, spool.stats().disk_errors), (2, 1));
    clock.advance(Duration::from_secs(5));
    let begun = begin(&spool, 2..4);
    faults.short_writes.store(true, Ordering::Relaxed);
    assert!(spool.begin(&payload(4)).is_none());
    faults.short_writes.store(false, Ordering::Relaxed);
    spool.append(&payload(5));
    assert!(spool.stats().is_balanced() && spool.stats().memory_fallbacks == 0);
    drop((spool, begun));
    let (next, ..) = faulty(home.path());
    next.adopt_orphans();
    assert_eq!(drain(&next), [5, 2, 3].map(payload));
    assert_eq!(next.stats().adopted().dropped(DropReason::Torn), 0);
}

#[test]
fn a_slot_that_could_not_be_cleared_is_taken_next() {
    let home = tempfile::tempdir().unwrap();
    let (spool, faults, clock) = faulty(home.path());
    let mut begun = begin(&spool, 0..2);
    faults.full.store(true, Ordering::Relaxed);
    spool.end(begun.remove(0));
    faults.full.store(false, Ordering::Relaxed);
    assert_eq!(spool.stats().disk_errors, 1);
    clock.advance(Duration::from_secs(5));
    begun.extend(begin(&spool, 2..3));
    drop((spool, begun));
    let (next, ..) = faulty(home.path());
    next.report_interrupted();
    assert_eq!(drain(&next), [1, 2].map(payload));
}

#[test]
fn what_the_disk_refuses_at_the_report_is_reported_later() {
    let home = tempfile::tempdir().unwrap();
    drop({
        let spool = spool(home.path(), 1 << 20);
        (begin(&spool, 0..3), spool)
    });
    let (next, faults, clock) = faulty(home.path());
    faults.full.store(true, Ordering::Relaxed);
    next.report_interrupted();
    assert_eq!((next.stats().own().captured(), begun_files(home.path()).len()), (0, 1));
    faults.full.store(false, Ordering::Relaxed);
    clock.advance(Duration::from_secs(60));
    faults.failing_reads.store(1, Ordering::Relaxed);
    next.report_interrupted();
    assert_eq!((next.stats().own().captured(), begun_files(home.path()).len()), (0, 1));
    faults.failing_reads.store(0, Ordering::Relaxed);
    next.report_interrupted();
    assert_eq!((next.stats().own().captured(), begun_files(home.path()).len()), (3, 0));
    assert_eq!(drain(&next), [0, 1, 2].map(payload));
}

#[test]
fn notes_whose_directory_was_removed_are_made_anew_and_calls_under_way_are_counted() {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(home.path(), 1 << 20);
    let mut old = begin(&spool, 0..3);
    spool.end(old.remove(0));
    spool.forget_removed_begun();
    assert_eq!(spool.stats().begins_missed, 0, "the file is there");
    std::fs::remove_dir_all(home.path().join("spool")).unwrap();
    spool.forget_removed_begun();
    assert_eq!((spool.stats().begins_missed, begun_files(home.path()).len()), (2, 0));
    let new = begin(&spool, 10..12);
    assert_eq!(begun_files(home.path()).len(), 1);
    // The slots of the old file are none of the new one's.
    old.into_iter().for_each(|begun| spool.end(begun));
    let more = begin(&spool, 12..14);
    drop((spool, new, more));
    let next = super::spool(home.path(), 1 << 20);
    next.report_interrupted();
    assert_eq!(drain(&next), [10, 11, 12, 13].map(payload));
}

#[test]
fn without_a_directory_no_call_is_noted() {
    let home = tempfile::tempdir().unwrap();
    let settings = Settings { directory: None, ..settings(home.path(), 1 << 20) };
    let spool = Spool::new(Arc::new(RealDisk), Arc::new(ManualClock::default()), settings);
    assert!(spool.begin(&payload(0)).is_none());
    assert_eq!((spool.stats().begins_missed, spool.stats().disk_errors), (1, 0));
}
