//! Processes with the same id: each server is the first process of a namespace of its own.

use std::process::Command;

use toolwatch_tests::canary::random::Random;
use toolwatch_tests::oracle::Oracle;
use toolwatch_tests::stored::Stored;
use toolwatch_tests::victim::{Moment, Starter};

use super::starter;

/// A namespace of process ids, whose first process dies with the one that made it.
const UNSHARE: [&str; 5] = ["--pid", "--fork", "--map-root-user", "--kill-child", "--"];

/// Whether this user may make such a namespace here.
fn can_unshare() -> bool {
    let told = Command::new("unshare").args(UNSHARE).args(["sh", "-c", "echo $$"]).output();
    told.is_ok_and(|told| told.status.success() && told.stdout == b"1\n")
}

#[test]
fn servers_that_all_have_the_same_process_id_lose_nothing() {
    if !can_unshare() {
        println!("SKIPPED: no namespaces of process ids here");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (receiver, stored) = Stored::receive().expect("a receiver");
    let (oracle, kills) = (Oracle::default(), 20 * toolwatch_tests::scale());
    let plain = starter(env!("CARGO_BIN_EXE_fixture"), directory.path(), &receiver);
    let mut arguments = UNSHARE.to_vec();
    arguments.extend([plain.program, "watched"]);
    let first = Starter { program: "unshare", arguments, ..plain.clone() };
    // One that lives on beside those that die, so that an id says neither alive nor dead.
    let mut beside = first.start().expect("a server");
    beside.initialize().expect("the handshake");
    let mut random = Random::new(std::process::id().into());
    for _ in 0..kills {
        let (ids, lines) = oracle.calls(5);
        beside.send_lines(&lines).expect("calls");
        first.kill_one(&oracle, &mut random, Moment::Amid, 100).expect("a kill");
        for _ in ids {
            oracle.saw(beside.read_line().expect("a reply").as_bytes());
        }
    }
    beside.kill().expect("the server dies");
    assert!(first.drain(&oracle, &stored).expect("a last process"), "events that nobody sent");
    stored.assert_accounts();
    let (replied, doubles) = (oracle.replied(), stored.doubles());
    let (lost, twice) = (stored.missing(&replied).len(), stored.calls_with_two_events());
    println!(
        "one process id for all: {kills} kills, {} replied, {} stored, {lost} lost, {twice} stored \
         twice, {} sent again in {} batches",
        replied.len(),
        stored.len(),
        doubles.events,
        doubles.batches
    );
    assert_eq!((lost, twice), (0, 0));
    assert!(doubles.batches <= kills + 1, "more than one batch was sent again for a kill");
}
