//! Eight servers at once, killed at random, each sending what the others left.

use std::sync::atomic::{AtomicUsize, Ordering};

use toolwatch_tests::canary::random::Random;
use toolwatch_tests::oracle::Oracle;
use toolwatch_tests::stored::{Doubles, Stored};
use toolwatch_tests::victim::{Moment, Starter, wait_until};

use super::starter;

const SERVERS: usize = 8;
const CALLS: u64 = 100;

/// Runs eight clients at once; each is told its number.
pub(super) fn in_eight_threads(client: impl Fn(u64) + Sync) {
    std::thread::scope(|scope| {
        for number in 0..SERVERS as u64 {
            let client = &client;
            scope.spawn(move || client(number));
        }
    });
}

#[test]
fn eight_servers_in_one_directory_lose_nothing_in_200_kills() {
    let directory = tempfile::tempdir().expect("a directory");
    let (receiver, stored) = Stored::receive().expect("a receiver");
    let (oracle, left) = (Oracle::default(), AtomicUsize::new(200 * toolwatch_tests::scale()));
    let kills = left.load(Ordering::Relaxed);
    let starter = starter(env!("CARGO_BIN_EXE_fixture"), directory.path(), &receiver);
    in_eight_threads(|number| {
        let mut random = Random::new(u64::from(std::process::id()) << 3 | number);
        let moments = [Moment::AfterReplies, Moment::Amid, Moment::Later, Moment::AtStart];
        let take = |left: usize| left.checked_sub(1);
        while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            let moment = *random.pick(&moments);
            starter.kill_one(&oracle, &mut random, moment, CALLS).expect("a kill");
        }
    });
    assert!(starter.drain(&oracle, &stored).expect("a last process"), "events that nobody sent");
    stored.assert_accounts();
    let (replied, doubles) = (oracle.replied(), stored.doubles());
    let (lost, twice) = (stored.missing(&replied).len(), stored.calls_with_two_events());
    println!(
        "8 servers: {kills} kills, {} calls sent, {} replied, {} stored, {lost} lost, {twice} stored \
         twice, {} sent again in {} batches",
        oracle.sent(),
        replied.len(),
        stored.len(),
        doubles.events,
        doubles.batches
    );
    assert_eq!((lost, twice), (0, 0));
    assert!(doubles.batches <= kills, "more than one batch was sent again for a kill");
}

#[test]
fn eight_servers_that_nobody_kills_send_nothing_twice() {
    let directory = tempfile::tempdir().expect("a directory");
    let (receiver, stored) = Stored::receive().expect("a receiver");
    let oracle = Oracle::default();
    let usual = starter(env!("CARGO_BIN_EXE_fixture"), directory.path(), &receiver);
    // A server that ends before it has read the answer to a batch leaves that to the next one.
    let starter = Starter { arguments: vec!["patient"], ..usual };
    in_eight_threads(|_| {
        for _ in 0..3 * toolwatch_tests::scale() {
            let mut server = starter.start().expect("a server");
            server.initialize().expect("the handshake");
            let (ids, lines) = oracle.calls(CALLS);
            server.send_lines(&lines).expect("calls");
            for _ in ids.clone() {
                oracle.saw(server.read_line().expect("a reply").as_bytes());
            }
            assert!(wait_until(|| stored.missing(&ids.clone().collect()).is_empty()));
            server.close().expect("a clean end");
        }
    });
    println!("8 servers: no kills, {} replied, {} stored", oracle.replied().len(), stored.len());
    stored.assert_accounts();
    assert_eq!(stored.len(), oracle.replied().len());
    assert_eq!(stored.doubles(), Doubles::default());
}
