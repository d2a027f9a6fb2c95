//! What the callers do while the sender works.

use shuttle::thread::JoinHandle;

use super::world::{Answers, LONG, Setup, World};
use super::{Timeouts, explore};
use crate::sender::*;

/// Waits that end by notifications alone, and waits that end at any time.
const BOTH: [Timeouts; 2] = [Timeouts::Never, Timeouts::Any];

fn join(threads: Vec<JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Callers hand over, somebody flushes meanwhile, and one more flush sends what is left.
pub(super) fn hand_over_with(append: fn(&Pipeline, &[u8])) {
    let world = World::new();
    let process = world.start(Setup::default()).with(append);
    let callers = vec![process.caller(0..3), process.caller(10..13)];
    process.pipeline.flush(LONG);
    join(callers);
    let delivery = process.pipeline.flush(LONG);
    assert_eq!((delivery.delivered, delivery.spooled), (6, 0), "a flush came back too early");
    process.pipeline.shutdown(LONG);
    let account = world.end(process);
    assert_eq!((account.delivered(), world.taken()), (6, 6));
    world.finish(0);
}

pub(super) fn hand_over() {
    hand_over_with(|pipeline, payload| pipeline.append(payload));
}

/// Two ask for the end while callers go on; what comes too late is for the next process.
fn ending() {
    let world = World::new();
    let process = world.start(Setup::default());
    let mut threads = vec![process.caller(0..3), process.caller(10..13)];
    for _ in 0..2 {
        threads.push(process.ender(LONG));
    }
    join(threads);
    let account = world.end(process);
    assert_eq!((account.captured(), account.dropped_total()), (6, 0));
    assert_eq!(account.delivered(), world.taken());
    world.finish(0);
}

/// The destination hangs until all callers have come back.
pub(super) fn behind_a_gate_with(append: fn(&Pipeline, &[u8])) {
    let world = World::new();
    let setup = Setup { answers: Answers::BehindGate, ..Setup::default() };
    let process = world.start(setup).with(append);
    let callers = vec![process.caller(0..4), process.caller(10..14)];
    join(callers);
    process.pipeline.count_dropped(DropReason::Sampled);
    assert_eq!(world.taken(), 0);
    world.open_gate();
    process.pipeline.shutdown(LONG);
    let account = world.end(process);
    assert_eq!((account.captured(), account.delivered(), account.dropped_total()), (9, 8, 1));
    world.finish(0);
}

fn behind_a_gate() {
    behind_a_gate_with(|pipeline, payload| pipeline.append(payload));
}

/// The destination hangs, and nobody opens the gate before flush and shutdown have come back.
fn a_hanging_network() {
    let world = World::new();
    let setup = Setup { answers: Answers::BehindGate, ..Setup::default() };
    let process = world.start(setup);
    let callers = vec![process.caller(0..4)];
    process.pipeline.flush(Duration::from_secs(1));
    process.pipeline.shutdown(Duration::from_secs(1));
    join(callers);
    process.check(&mut Default::default());
    assert_eq!(world.taken(), 0);
    world.open_gate();
    world.end(process);
    world.finish(0);
}

/// A destination that is not always there; nothing is given up, and what is left is found.
fn refusals() {
    let world = World::new();
    let process = world.start(Setup { answers: Answers::Mixed, ..Setup::default() });
    let callers = vec![process.caller(0..4), process.caller(10..14)];
    process.pipeline.flush(Duration::from_secs(1));
    join(callers);
    process.pipeline.shutdown(Duration::from_secs(5));
    let account = world.end(process);
    assert_eq!((account.captured(), account.dropped_total()), (8, 0));
    assert_eq!(account.delivered(), world.taken());
    world.finish(0);
}

/// The cap evicts segments, also while they are read and sent.
fn eviction() {
    let world = World::new();
    let (max_bytes, padding) = (12 * 1024, 1500);
    let process = world.start(Setup { max_bytes, padding, ..Setup::default() });
    let callers = vec![process.caller(0..6), process.caller(10..16)];
    process.pipeline.flush(Duration::from_secs(1));
    join(callers);
    process.pipeline.shutdown(LONG);
    let account = world.end(process);
    assert_eq!(account.captured(), 12);
    assert_eq!(account.dropped_total(), account.dropped(DropReason::SpoolFull));
    assert_eq!(account.delivered(), world.taken());
    world.finish(account.dropped_total());
}

/// A shutdown whose time is over while a request is under way, perhaps of an evicted segment.
fn late_answer() {
    let world = World::new();
    let (max_bytes, padding) = (12 * 1024, 1500);
    let process = world.start(Setup { max_bytes, padding, ..Setup::default() });
    let callers = vec![process.caller(0..6), process.caller(10..16)];
    process.pipeline.shutdown(Duration::from_secs(1));
    join(callers);
    // After its end the process evicts its own segments as if they were those of another.
    let evicted = process.pipeline.stats().adopted().dropped_total();
    let account = world.end(process);
    assert_eq!(account.dropped_total(), account.dropped(DropReason::SpoolFull));
    // What is given up with the request counts as dropped, whatever is answered later.
    let twice = world.taken() - account.delivered();
    assert!(account.captured() == 12 && twice <= account.dropped_total().min(3), "{account:?}");
    world.finish(account.dropped_total() + evicted - twice);
}

/// The disk is full for a while: events go to memory, and from there back to the disk.
fn full_disk() {
    let world = World::new();
    let process = world.start(Setup::default());
    let callers = vec![process.caller(0..4), process.caller(10..14)];
    world.fill_disk();
    process.pipeline.flush(Duration::from_secs(1));
    world.free_disk();
    join(callers);
    process.pipeline.shutdown(Duration::from_secs(5));
    let account = world.end(process);
    assert_eq!(account.dropped_total(), account.dropped(DropReason::Shutdown));
    let twice = world.taken() - account.delivered();
    assert!(twice <= account.dropped_total().min(3), "{account:?}");
    world.finish(account.dropped_total() - twice);
}

/// Events that wait in memory alone: the oldest give way, the rest ends with the process.
fn memory() {
    let world = World::new();
    let setup = Setup { memory_max_bytes: 400, durability: Durability::Memory, ..Setup::default() };
    let process = world.start(setup);
    let mut threads = vec![process.caller(0..4), process.caller(10..14)];
    threads.push(process.ender(LONG));
    join(threads);
    let account = world.end(process);
    assert_eq!((account.captured(), account.spooled()), (8, 0));
    let reasons = [DropReason::MemoryFull, DropReason::Shutdown];
    let dropped: u64 = reasons.iter().map(|&reason| account.dropped(reason)).sum();
    assert_eq!((account.dropped_total(), account.delivered()), (dropped, world.taken()));
    world.finish(dropped);
}

/// A batch that goes out while the end begins is delivered, and counted so: there is time.
fn last_batch() {
    let world = World::new();
    let process = world.start(Setup { durability: Durability::Memory, ..Setup::default() });
    let threads = vec![process.caller(0..3), process.ender(LONG)];
    join(threads);
    let account = world.end(process);
    assert_eq!(account.delivered(), world.taken());
    world.finish(account.dropped_total());
}

/// Two processes with one directory; the second goes on when the first has ended, and adopts.
fn two_processes() {
    let world = World::new();
    let (first, second) = (world.start(Setup::default()), world.start(Setup::default()));
    let callers = vec![first.caller(0..3), second.caller(10..13)];
    let end = first.ender(Duration::from_secs(1));
    join(callers);
    end.join().unwrap();
    let mut delivered = world.end(first).delivered();
    second.call(20);
    second.pipeline.flush(Duration::from_secs(100));
    second.pipeline.shutdown(Duration::from_secs(1));
    let adopted = second.pipeline.stats().adopted().delivered();
    delivered += world.end(second).delivered();
    assert!(delivered + adopted <= world.taken());
    world.finish(0);
}

#[test]
fn interleaved_callers_and_sender_hand_over_every_event_once() {
    explore("hand_over", &BOTH[..1], hand_over);
}

#[test]
fn interleaved_callers_and_two_shutdowns_leave_every_event_to_somebody() {
    explore("ending", &BOTH, ending);
}

#[test]
fn interleaved_callers_never_wait_for_the_network() {
    explore("behind_a_gate", &BOTH, behind_a_gate);
}

#[test]
fn interleaved_flush_and_shutdown_return_while_the_network_hangs() {
    explore("a_hanging_network", &BOTH[1..], a_hanging_network);
}

#[test]
fn interleaved_refusals_cost_no_event() {
    explore("refusals", &BOTH[1..], refusals);
}

#[test]
fn interleaved_eviction_is_counted_whatever_is_in_flight() {
    explore("eviction", &BOTH[1..], eviction);
}

#[test]
fn interleaved_answers_after_the_end_are_not_counted_twice() {
    explore("late_answer", &BOTH[1..], late_answer);
}

#[test]
fn interleaved_full_disk_costs_only_what_was_in_memory() {
    explore("full_disk", &BOTH[1..], full_disk);
}

#[test]
fn interleaved_last_batch_counts_as_what_its_answer_says() {
    explore("last_batch", &BOTH[..1], last_batch);
}

#[test]
fn interleaved_memory_is_counted_to_the_last_event() {
    explore("memory", &BOTH, memory);
}

#[test]
fn interleaved_processes_deliver_every_event_once() {
    explore("two_processes", &BOTH[1..], two_processes);
}
