//! A reader that follows the local record while eight servers write it and are killed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use toolwatch::local::Reader;
use toolwatch_tests::canary::random::Random;
use toolwatch_tests::oracle::Oracle;
use toolwatch_tests::stored::{Doubles, Stored};
use toolwatch_tests::victim::Moment;

use super::starter;
use super::together::in_eight_threads;

#[test]
fn a_reader_that_follows_eight_servers_sees_each_event_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let (receiver, stored) = Stored::receive().expect("a receiver");
    let mut starter = starter(env!("CARGO_BIN_EXE_fixture"), directory.path(), &receiver);
    // With a destination besides, so that servers cut and settle what the dead left meanwhile.
    starter.sinks.is_local = true;
    let (oracle, read) = (Oracle::default(), Stored::default());
    let (left, ended) = (AtomicUsize::new(40 * toolwatch_tests::scale()), AtomicBool::new(false));
    let mut reader = Reader::open(directory.path()).expect("the record can be read");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut is_last = false;
            while !is_last {
                // What was written before the end is seen by a look after it.
                is_last = ended.load(Ordering::Acquire);
                read.keep(reader.poll());
                std::thread::yield_now();
            }
        });
        in_eight_threads(|number| {
            let mut random = Random::new(u64::from(std::process::id()) << 3 | number);
            let take = |left: usize| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                let moment = *random.pick(&[Moment::AfterReplies, Moment::Amid, Moment::Later]);
                starter.kill_one(&oracle, &mut random, moment, 100).expect("a kill");
            }
        });
        assert!(starter.drain(&oracle, &stored).expect("a last process"));
        ended.store(true, Ordering::Release);
    });
    let (replied, whole) = (oracle.replied(), Stored::read(directory.path()));
    println!(
        "a reader beside 8 servers: {} replied, {} read while they ran, {} read afterwards",
        replied.len(),
        read.len(),
        whole.len()
    );
    assert_eq!((read.doubles(), whole.doubles()), (Doubles::default(), Doubles::default()));
    assert_eq!(read.len(), whole.len());
    assert!(read.missing(&replied).is_empty() && whole.missing(&replied).is_empty());
}
