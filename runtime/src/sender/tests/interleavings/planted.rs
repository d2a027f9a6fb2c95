//! Faults that are planted, and must be found: otherwise the suite would hold nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use shuttle::scheduler::RandomScheduler;

use super::scenes::{behind_a_gate_with, hand_over, hand_over_with};
use super::world::LONG;
use super::{Plant, Timeouts, run};
use crate::spool::append_before_counting;

/// Schedules within which a fault must be found. One in 2,500 finds the rarest of the three, whatever
/// the seed; which one does changes with every lock that is taken somewhere.
const ROUNDS: usize = 50_000;
/// A seed that finds them soon.
const SEED: u64 = 22;

/// What the suite says of a fault.
fn verdict(plant: Plant, scene: fn()) -> String {
    let scheduler = RandomScheduler::new_from_seed(SEED, ROUNDS);
    let run = || run(scheduler, (Timeouts::Never, plant), scene);
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("the fault was not found");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

#[test]
fn interleavings_find_a_notification_that_is_left_out() {
    let found = verdict(Plant::LostNotifications, hand_over);
    assert!(found.contains("deadlock"), "{found}");
}

#[test]
fn interleavings_find_an_event_that_is_counted_after_it_is_there() {
    let scene = || hand_over_with(|pipeline, event| append_before_counting(&pipeline.spool, event));
    verdict(Plant::Nothing, scene);
}

#[test]
fn interleavings_find_a_caller_that_waits_for_the_network() {
    let scene = || {
        behind_a_gate_with(|pipeline, event| {
            pipeline.append(event);
            pipeline.flush(LONG);
        });
    };
    let found = verdict(Plant::Nothing, scene);
    assert!(found.contains("deadlock"), "{found}");
}
