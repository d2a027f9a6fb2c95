//! A shutdown in each state of the sender: one last attempt where one may succeed, and what is left
//! stays for the next process, which finds exactly that.

use super::*;
use crate::sender::contract::QuotaStatus;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = idle();
    cases.extend(troubled());
    cases.extend(limited());
    cases.extend(in_memory());
    cases
}

/// The service takes everything.
fn idle() -> Vec<Case> {
    vec![
        case("shutdown_when_nothing_happened").events(0).act(500, Act::Shutdown),
        case("shutdown_when_all_was_sent").act(5_000, Act::Shutdown).sends_at([1000]),
        case("shutdown_while_events_wait_for_company")
            .events(3)
            .act(500, Act::Shutdown)
            .sends(500, 0..3),
        case("shutdown_with_a_backlog_sends_all_of_it")
            .events(49)
            .act(500, Act::Capture(100))
            .act(500, Act::Shutdown)
            .delivered(149)
            .sends(500, 0..50)
            .sends(500, 50..100)
            .sends(500, 100..149),
        case("shutdown_twice").act(500, Act::Shutdown).act(600, Act::Shutdown).sends_at([500]),
        case("events_after_a_shutdown_wait_on_disk")
            .act(500, Act::Shutdown)
            .act(500, Act::Capture(2))
            .sends_at([500])
            .spooled(2),
    ]
}

/// A case whose one event is left for the next process.
fn left(name: &str) -> Case {
    case(name).delivered(0).spooled(1)
}

/// The service takes nothing at present.
fn troubled() -> Vec<Case> {
    vec![
        left("shutdown_when_the_service_is_down")
            .answers([status(503)])
            .act(500, Act::Shutdown)
            .sends_at([500]),
        left("shutdown_in_a_backoff_tries_once")
            .answers([status(503), status(503)])
            .act(1_200, Act::Shutdown)
            .sends_at([1000, 1200]),
        case("shutdown_in_a_backoff_may_succeed")
            .answers([status(503)])
            .act(1_200, Act::Shutdown)
            .sends_at([1000, 1200]),
        left("shutdown_while_the_service_asked_to_wait")
            .answers([wait(429, &["60"])])
            .act(1_200, Act::Shutdown)
            .sends_at([1000]),
        left("shutdown_in_a_pause")
            .answers([status(401)])
            .act(1_200, Act::Shutdown)
            .told(1)
            .sends_at([1000]),
        left("shutdown_after_a_redirect")
            .answers([status(308)])
            .act(1_200, Act::Shutdown)
            .told(1)
            .sends_at([1000]),
    ]
}

/// The service takes some.
fn limited() -> Vec<Case> {
    vec![
        case("shutdown_under_a_hard_limit")
            .answers([body(r#"{"quota":{"status":"hard_limit"}}"#)])
            .act(1_200, Act::Capture(2))
            .act(1_300, Act::Shutdown)
            .quotas([QuotaStatus::HardLimit])
            .spooled(2)
            .sends_at([1000]),
        case("shutdown_under_an_exceeded_quota_sends")
            .answers([body(r#"{"quota":{"status":"exceeded"}}"#)])
            .act(1_200, Act::Capture(2))
            .act(1_300, Act::Shutdown)
            .quotas([QuotaStatus::Exceeded])
            .delivered(3)
            .sends_at([1000])
            .sends(1300, 1..3),
        case("shutdown_amid_a_split_keeps_the_other_half")
            .events(4)
            .answers([status(413), status(200), status(503), status(503)])
            .act(1_200, Act::Shutdown)
            .delivered(2)
            .spooled(2)
            .sends(1000, 0..4)
            .sends(1000, 0..2)
            .sends(1000, 2..4)
            .sends(1200, 2..4),
        case("shutdown_with_a_poison_event")
            .events(2)
            .answers([Answer::Poison(400, 0)])
            .act(500, Act::Shutdown)
            .delivered(1)
            .dropped(DropReason::Poison, 1)
            .sends(500, 0..2)
            .sends(500, 0..1)
            .sends(500, 1..2),
        left("shutdown_when_the_destination_panics")
            .answers([Answer::Panic])
            .act(500, Act::Shutdown)
            .panics(1)
            .sends_at([500]),
    ]
}

/// No file keeps what is left.
fn in_memory() -> Vec<Case> {
    vec![
        case("shutdown_in_memory_sends")
            .in_memory()
            .events(3)
            .act(500, Act::Shutdown)
            .sends(500, 0..3),
        case("shutdown_in_memory_counts_what_it_loses")
            .in_memory()
            .events(3)
            .answers([status(503)])
            .act(500, Act::Shutdown)
            .sends(500, 0..3)
            .delivered(0)
            .dropped(DropReason::Shutdown, 3),
        case("events_after_a_shutdown_in_memory_are_counted")
            .in_memory()
            .act(500, Act::Shutdown)
            .act(500, Act::Capture(2))
            .sends_at([500])
            .dropped(DropReason::Shutdown, 2),
    ]
}
