//! Files of several owners in one directory: begin records, and what the cap evicts.

use std::path::Path;
use std::sync::Arc;

use super::{drain, fill, payload, settings};
use crate::spool::{DropReason, FaultyDisk, ManualClock, Owner, Place, Settings, Spool};

fn spool_of(home: &Path, owner: Owner) -> Spool {
    let settings = Settings { owner, ..settings(home, 64 * 1024) };
    Spool::new(Arc::new(FaultyDisk::default()), Arc::new(ManualClock::default()), settings)
}

fn interrupted(spool: &Spool) -> Vec<Vec<u8>> {
    spool.report_interrupted();
    drain(spool)
}

/// A process that dies during a call.
fn die_in_a_call(home: &Path, owner: Owner, number: u64) {
    let spool = spool_of(home, owner);
    assert!(spool.begin(&payload(number)).is_some());
}

#[test]
fn a_call_that_died_is_told_by_the_destination_that_knew_of_it() {
    let home = tempfile::tempdir().unwrap();
    die_in_a_call(home.path(), Owner::destination("otlp"), 1);
    die_in_a_call(home.path(), Owner::record(), 2);
    let ingest = spool_of(home.path(), Owner::destination("ingest"));
    assert_eq!(interrupted(&ingest), [payload(2)], "nobody else tells of a record");
    let first = Place::of_first(home.path().join("spool"), false);
    let otlp = Owner::destination("otlp").with_elsewhere(first);
    let other = home.path().join("other");
    let otlp = spool_of(&other, otlp);
    assert_eq!(interrupted(&otlp), [payload(1)]);
    assert!(interrupted(&ingest).is_empty() && interrupted(&otlp).is_empty());
}

#[test]
fn what_the_cap_evicts_of_another_destination_is_counted_and_an_old_record_is_not() {
    for (owner, dropped) in [(Owner::destination("otlp"), 100), (Owner::record(), 0)] {
        let home = tempfile::tempdir().unwrap();
        fill(&spool_of(home.path(), owner), 0..100);
        let spool = spool_of(home.path(), Owner::destination("ingest"));
        spool.adopt_orphans();
        assert_eq!(spool.stats().adopted().captured(), 0, "they are nothing of its own");
        fill(&spool, 0..2_000);
        let adopted = *spool.stats().adopted();
        assert_eq!(
            (adopted.captured(), adopted.dropped(DropReason::SpoolFull)),
            (dropped, dropped)
        );
        let stats = spool.stats();
        assert!(stats.is_balanced());
        assert_eq!(drain(&spool).len() as u64, stats.own().spooled());
    }
}

#[test]
fn a_segment_in_the_other_place_that_somebody_removes_is_counted() {
    let home = tempfile::tempdir().unwrap();
    fill(&spool_of(home.path(), Owner::destination("otlp")), 0..10);
    let first = home.path().join("spool");
    let owner = Owner::destination("otlp").with_elsewhere(Place::of_first(first.clone(), false));
    let spool = spool_of(&home.path().join("other"), owner);
    spool.adopt_orphans();
    spool.sync(std::time::Duration::from_secs(600));
    assert_eq!((spool.stats().adopted().spooled(), spool.stats().disk_errors), (10, 0));
    std::fs::remove_dir_all(first).unwrap();
    spool.close();
    assert_eq!(spool.stats().adopted().dropped(DropReason::Damaged), 10);
    assert!(spool.stats().is_balanced());
}
