//! How much is remembered, and who is forgotten first; what a session has read.

use super::{observe, run, tracker};
use crate::capture::repeat::calls::MAX_FAILING;
use crate::capture::repeat::reads::MAX_RESOURCES;
use crate::capture::repeat::sessions::MAX_SESSIONS;
use crate::capture::repeat::*;

#[test]
fn the_session_that_was_quiet_for_longest_gives_way() {
    let tracker = tracker();
    for session in 1..=MAX_SESSIONS as u64 {
        observe(&tracker, session, 7);
    }
    assert_eq!(observe(&tracker, 1, 7), (2, 2));
    observe(&tracker, 5_000, 7);
    assert_eq!(observe(&tracker, 1, 7), (3, 3));
    assert_eq!(observe(&tracker, 2, 7), (1, 1));
    assert_eq!(tracker.calls.lock().unwrap().len(), MAX_SESSIONS);
}

#[test]
fn the_counters_of_failing_sessions_follow_failures_successes_and_evictions() {
    let tracker = tracker();
    let total = || tracker.failing.iter().map(|it| it.load(Ordering::Relaxed)).sum::<u32>();
    for session in 1..=2 * MAX_SESSIONS as u64 {
        let spread = session << 50;
        run(&tracker, spread, "search", 1, Some(7));
        run(&tracker, spread, "fetch", 1, Some(7));
    }
    assert_eq!(total(), MAX_SESSIONS as u32, "one for each session that is followed");
    for session in 1..=2 * MAX_SESSIONS as u64 {
        tracker.succeed(session << 50, Name::from_static("search"));
    }
    assert_eq!(total(), MAX_SESSIONS as u32, "the other tool still fails");
    for session in 1..=2 * MAX_SESSIONS as u64 {
        tracker.succeed(session << 50, Name::from_static("fetch"));
    }
    assert_eq!(total(), 0);
}

#[test]
fn the_tool_that_failed_longest_ago_is_forgotten_first() {
    const TOOLS: [&str; MAX_FAILING + 1] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let tracker = tracker();
    for tool in &TOOLS[..MAX_FAILING] {
        run(&tracker, 1, tool, 1, Some(7));
    }
    assert_eq!(run(&tracker, 1, "a", 2, Some(7)).signals.error_run, 2);
    run(&tracker, 1, TOOLS[MAX_FAILING], 1, Some(7));
    assert_eq!(run(&tracker, 1, "a", 3, Some(7)).signals.error_run, 3);
    assert_eq!(run(&tracker, 1, "b", 2, Some(7)).signals.error_run, 1);
}

#[test]
fn a_second_read_of_a_resource_is_a_reread_in_its_own_session_only() {
    let tracker = tracker();
    let read = |session, hash| tracker.observe_read(session, hash).unwrap();
    let reads = |is_reread, reads, rereads| Reads { is_reread, reads, rereads };
    assert_eq!(read(1, 0), reads(false, 1, 0));
    assert_eq!(read(1, 8), reads(false, 2, 0));
    assert_eq!(read(1, 0), reads(true, 3, 1));
    assert_eq!(read(2, 0), reads(false, 1, 0));
    assert_eq!(read(1, 0), reads(true, 4, 2));
    assert_eq!(tracker.calls.lock().unwrap().len(), 0);
}

#[test]
fn the_last_256_distinct_resources_of_a_session_are_remembered() {
    let tracker = tracker();
    let is_reread = |hash| tracker.observe_read(1, hash).unwrap().is_reread;
    for hash in 0..MAX_RESOURCES as u64 {
        assert!(!is_reread(hash));
    }
    assert!(is_reread(0), "all of 256 are remembered, and 0 is now the newest");
    assert!(!is_reread(1_000));
    assert!(is_reread(0));
    assert!(!is_reread(1), "the one that was not read for longest gave way");
    assert!(is_reread(3) && !is_reread(2));
}

#[test]
fn a_session_that_gave_way_reads_anew() {
    let tracker = tracker();
    for session in 1..=MAX_SESSIONS as u64 + 1 {
        tracker.observe_read(session, 7);
    }
    assert!(!tracker.observe_read(1, 7).unwrap().is_reread);
    assert_eq!(tracker.reads.lock().unwrap().len(), MAX_SESSIONS);
}
