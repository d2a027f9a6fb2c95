//! What happens to the directory behind the spool's back.

use super::*;

#[test]
fn a_directory_that_is_removed_is_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(home.path(), 1 << 20);
    spool.append(&payload(1));
    std::fs::remove_dir_all(home.path().join("spool")).unwrap();
    spool.sync(Duration::MAX);
    spool.append(&payload(2));
    assert_eq!(segment_files(home.path()).len(), 1);
    assert_eq!(drain(&spool), [payload(1), payload(2)]);
}

#[test]
fn many_orphans_are_adopted_in_turns_and_stray_acknowledgements_go() {
    let home = tempfile::tempdir().unwrap();
    let first = spool(home.path(), 1 << 20);
    let others: Vec<_> = (0..40).map(|_| spool(home.path(), 1 << 20)).collect();
    others.iter().for_each(|spool| {
        spool.append(&payload(1));
    });
    drop(others);
    let stray = home.path().join("spool").join("stray.ack");
    std::fs::write(&stray, "x").unwrap();
    assert!(first.adopt_orphans() && stray.exists());
    assert_eq!(drain(&first).len(), 32);
    assert!(!first.adopt_orphans() && !stray.exists());
    assert_eq!(drain(&first).len(), 8);
}

#[test]
fn a_sync_that_failed_is_tried_again_and_one_with_nothing_new_is_not() {
    let home = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
    let spool = Spool::new(disk, Arc::new(ManualClock::default()), settings(home.path(), 1 << 20));
    spool.append(&payload(1));
    for (fails, syncs, errors) in [(true, 1, 1), (true, 2, 2), (false, 3, 2), (false, 3, 2)] {
        faults.no_sync.store(fails, Ordering::Relaxed);
        spool.sync(Duration::MAX);
        let seen = (faults.syncs.load(Ordering::Relaxed), spool.stats().disk_errors);
        assert_eq!(seen, (syncs, errors));
    }
}

#[test]
fn a_directory_without_a_parent_in_its_path_is_synced() {
    assert!(durable::sync_ancestors(&RealDisk, Path::new("spool")).is_ok());
    assert!(durable::sync_ancestors(&RealDisk, Path::new("/proc/self/spool")).is_ok());
}
