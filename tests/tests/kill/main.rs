//! Promise: when a client has read a reply, that call's event survives SIGKILL.
//!
//! Each test kills at least 100 servers after at least 10,000 replies that were read, times
//! `TOOLWATCH_TEST_SCALE`: with a destination that is up, with one that is down and that a last
//! process finds up, and with the local record alone. What the client has read is held against what
//! the receiver or the record has.

use tempfile::TempDir;
use toolwatch_tests::canary::random::Random;
use toolwatch_tests::oracle::Oracle;
use toolwatch_tests::stored::{Doubles, Stored};
use toolwatch_tests::victim::{Moment, Sinks, Starter, segments};

/// Servers that are killed in one directory before it is drained and judged. With the cap below, so
/// many leave segments that are full and segments that are not, and never come near the cap.
const KILLS_PER_DIRECTORY: usize = 4;
/// Eight segments of 128 KiB: a server's calls fill more than one.
const CAP_BYTES: u64 = 1024 * 1024;
/// Calls that are sent to a server at once.
const CALLS: u64 = 200;

/// What the destination is like while servers are killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Destination {
    Up,
    Down,
    None,
}

/// The numbers of a run.
#[derive(Default)]
struct Figure {
    kills: usize,
    sent: u64,
    replied: usize,
    stored: usize,
    lost: usize,
    twice: usize,
    doubles: Doubles,
    /// Segments that the dead left.
    segments: usize,
    /// Servers that had filled a segment and begun the next one.
    rotated: usize,
}

/// One directory: servers come and die, the last one lives until everything has arrived.
struct Round {
    directory: TempDir,
    destination: Destination,
    keeps_record: bool,
    oracle: Oracle,
}

impl Round {
    fn starter(&self, endpoint: Option<String>) -> Starter<'_> {
        let sinks = Sinks {
            endpoint,
            is_local: self.keeps_record,
            cap_bytes: CAP_BYTES,
            ..Sinks::default()
        };
        let program = env!("CARGO_BIN_EXE_fixture");
        Starter { program, arguments: vec!["watched"], directory: self.directory.path(), sinks }
    }

    fn run(&self, random: &mut Random, figure: &mut Figure) {
        let (receiver, stored) = Stored::receive().expect("a receiver");
        let up = receiver.endpoint();
        let endpoint = match self.destination {
            Destination::Up => Some(up.clone()),
            // Nobody listens on the discard port of this machine.
            Destination::Down => Some("http://127.0.0.1:9".to_owned()),
            Destination::None => None,
        };
        let starter = self.starter(endpoint);
        let moments = [Moment::AfterReplies, Moment::Amid, Moment::Later, Moment::AtStart];
        for kill in 0..KILLS_PER_DIRECTORY {
            let moment = moments[(kill + random.below(2)) % moments.len()];
            let before = segments(self.directory.path());
            starter.kill_one(&self.oracle, random, moment, CALLS).expect("a kill");
            figure.rotated += usize::from(segments(self.directory.path()) > before + 1);
        }
        figure.segments += segments(self.directory.path());
        if self.destination != Destination::None {
            let is_drained = self.starter(Some(up)).drain(&self.oracle, &stored);
            assert!(is_drained.expect("a last process"), "events that nobody sent");
            stored.assert_accounts();
            figure.add(&self.oracle, &stored);
        }
        if self.keeps_record {
            let record = Stored::read(self.directory.path());
            assert_eq!(record.doubles(), Doubles::default(), "the record has an event twice");
            if self.destination == Destination::None {
                figure.add(&self.oracle, &record);
            } else {
                assert!(record.missing(&self.oracle.replied()).is_empty(), "missing in the record");
            }
        }
        figure.kills += KILLS_PER_DIRECTORY;
    }
}

impl Figure {
    fn add(&mut self, oracle: &Oracle, stored: &Stored) {
        let replied = oracle.replied();
        let doubles = stored.doubles();
        self.sent += oracle.sent();
        self.replied += replied.len();
        self.stored += stored.len();
        self.lost += stored.missing(&replied).len();
        self.twice += stored.calls_with_two_events();
        self.doubles.events += doubles.events;
        self.doubles.batches += doubles.batches;
    }
}

#[track_caller]
fn check(destination: Destination) {
    let kills = 100 * toolwatch_tests::scale();
    let (mut random, mut figure) = (Random::new(std::process::id().into()), Figure::default());
    let mut number = 0;
    while figure.kills < kills || figure.replied < 100 * kills {
        let keeps_record = destination == Destination::None || number % 4 == 3;
        let directory = tempfile::tempdir().expect("a directory");
        let round = Round { directory, destination, keeps_record, oracle: Oracle::default() };
        round.run(&mut random, &mut figure);
        number += 1;
    }
    let Figure { kills, sent, replied, stored, lost, twice, doubles, segments, rotated } = figure;
    println!(
        "kill loop, destination {destination:?}: {kills} kills, {sent} calls sent, {replied} replied, \
         {segments} segments left by servers of which {rotated} had filled one, {stored} stored, \
         {lost} lost, {twice} stored twice, {} sent again in {} batches",
        doubles.events, doubles.batches
    );
    assert_eq!(lost, 0, "replied calls without an event");
    assert_eq!(twice, 0, "calls with two events");
    assert!(destination == Destination::Up || rotated > 0, "no server filled a segment");
    assert!(doubles.batches <= kills, "more than one batch was sent again for a kill");
}

#[test]
fn a_kill_with_the_destination_up_loses_no_replied_call() {
    check(Destination::Up);
}

#[test]
fn a_kill_with_the_destination_down_loses_no_replied_call() {
    check(Destination::Down);
}

#[test]
fn a_kill_with_the_local_record_alone_loses_no_replied_call() {
    check(Destination::None);
}

#[test]
fn without_a_spool_the_same_kills_lose_calls() {
    let (oracle, directory) = (Oracle::default(), tempfile::tempdir().expect("a directory"));
    let (receiver, stored) = Stored::receive().expect("a receiver");
    let sinks =
        Sinks { endpoint: Some(receiver.endpoint()), is_in_memory: true, ..Sinks::default() };
    let program = env!("CARGO_BIN_EXE_fixture");
    let starter =
        Starter { program, arguments: vec!["watched"], directory: directory.path(), sinks };
    let mut random = Random::new(std::process::id().into());
    for _ in 0..4 {
        // The last calls make no full batch.
        starter.kill_one(&oracle, &mut random, Moment::AfterReplies, CALLS - 1).expect("a kill");
    }
    let lost = stored.missing(&oracle.replied()).len();
    println!("kill loop, in memory: 4 kills, {} replied, {lost} lost", oracle.replied().len());
    assert!(lost > 0, "the oracle sees no loss where there must be one");
}
