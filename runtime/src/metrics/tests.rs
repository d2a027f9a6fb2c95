//! The registry on events made by hand.

use super::*;
use crate::event::{Arguments, Failure, ResourceAccess, Signals, reused};
use series::OUTCOMES;

fn call(name: &'static str, outcome: Outcome, duration_ns: u64) -> Box<Event> {
    let mut event = reused();
    (event.name, event.outcome) = (Name::from_static(name), outcome);
    event.duration_ns = duration_ns;
    event
}

#[test]
fn every_outcome_is_counted_in_its_own_place() {
    let registry = Registry::new();
    for (times, outcome) in (1..).zip(OUTCOMES) {
        for _ in 0..times {
            registry.record(&call("t", outcome, 1), None);
        }
    }
    let metrics = registry.snapshot();
    let counts: Vec<_> = metrics.tools[0].by_outcome().collect();
    assert_eq!(counts, OUTCOMES.into_iter().zip(1..).collect::<Vec<_>>());
    assert_eq!(metrics.tools[0].calls(), 78);
    assert_eq!(metrics.tools[0].errors(), 78 - 1 - 8 - 9, "ok, input_required and task are none");
    let of_operations: u64 = metrics.operations.iter().map(|of| of.durations.count()).sum();
    assert_eq!(of_operations, 78);
}

#[test]
fn argument_quality_repeats_and_loops_are_counted() {
    let registry = Registry::new();
    let mut event = call("t", Outcome::Ok, 1);
    let arguments = Arguments {
        schema_valid: Some(false),
        unknown_keys: 3,
        missing: vec![Name::from_static("a")],
        repeat_run: 2,
        ..Arguments::default()
    };
    event.arguments = Some(arguments);
    event.signals = Signals { is_loop: true, ..Signals::default() };
    registry.record(&event, None);
    registry.record(&call("t", Outcome::Ok, 1), None);
    let tool = &registry.snapshot().tools[0];
    assert_eq!((tool.checked, tool.invalid, tool.unknown_keys, tool.missing_keys), (1, 1, 3, 1));
    assert_eq!((tool.repeats, tool.loops, tool.calls()), (1, 1, 2));
}

#[test]
fn a_call_is_in_flight_as_long_as_it_runs() {
    let registry = Registry::new();
    let flights: Vec<_> = (0..3).map(|_| registry.start(&call("t", Outcome::Ok, 0))).collect();
    assert_eq!(registry.snapshot().tools[0].in_flight, 3);
    drop(flights);
    assert_eq!(registry.snapshot().tools[0].in_flight, 0);
}

#[test]
fn sessions_and_subscriptions_are_no_latency_of_operations() {
    let registry = Registry::new();
    let mut event = call("close", Outcome::Ok, 7_000_000_000);
    (event.event_type, event.method) = (EventType::Close, "close");
    event.detail = Some(Box::new(Detail::Session(Default::default())));
    registry.record(&event, None);
    (event.event_type, event.detail) = (EventType::Listen, None);
    registry.record(&event, None);
    (event.event_type, event.method) = (EventType::Custom, "");
    registry.record(&event, None);
    let metrics = registry.snapshot();
    assert!(metrics.operations.is_empty() && metrics.tools.is_empty());
    assert_eq!((metrics.sessions.count(), metrics.sessions.sum_seconds()), (1, 7.0));
}

#[test]
fn reads_of_resources_and_re_reads_are_counted() {
    let registry = Registry::new();
    let mut event = call("_unknown", Outcome::Ok, 1);
    (event.event_type, event.method) = (EventType::ResourceRead, "resources/read");
    for cache_hit in [None, Some(false), Some(true)] {
        let access = ResourceAccess { cache_hit, ..ResourceAccess::default() };
        event.detail = Some(Box::new(Detail::Resource(access)));
        registry.record(&event, None);
    }
    let metrics = registry.snapshot();
    assert_eq!((metrics.resource_reads, metrics.resource_rereads), (3, 1));
    assert_eq!(metrics.operations[0].target, None, "no name of a resource is on a metric");
}

#[test]
fn series_are_bounded_and_the_rest_is_counted_together() {
    let registry = Registry::new();
    let mut measured = std::collections::HashSet::new();
    for n in 0..MAX_OPERATIONS + 500 {
        let mut event = call("t", Outcome::ProtocolError, 1);
        event.name = Name::register(&format!("metrics_bound_{n}"));
        let code = Some(i32::try_from(n).unwrap() + 1);
        event.failure =
            Some(Failure { code, ..Failure::of_kind(crate::event::ErrorKind::Protocol) });
        let Measured::Operation(key) = registry.record(&event, None) else { panic!("{n}") };
        measured.insert(key);
    }
    assert_eq!(measured.len(), MAX_OPERATIONS + 1, "what others count by is bounded as well");
    let mut fine = call("metrics_bound_late", Outcome::Ok, 1);
    let flight = registry.start(&fine);
    for flight in [flight.as_ref(), None] {
        let counted = registry.record(&fine, flight);
        let key = Key { target: Some(OVERFLOW), ..Key::of(&fine) };
        assert_eq!(counted, Measured::Operation(key));
        fine.outcome = Outcome::ToolError;
    }
    drop(flight);
    let metrics = registry.snapshot();
    assert_eq!(metrics.tools.len(), MAX_TOOLS + 1);
    let overflow = metrics.tools.iter().find(|tool| tool.name == OVERFLOW).unwrap();
    assert_eq!(overflow.calls(), (MAX_OPERATIONS + 500 - MAX_TOOLS + 2) as u64);
    assert_eq!(metrics.operations.len(), MAX_OPERATIONS + 3);
    assert_eq!(metrics.operations.iter().map(|of| of.durations.count()).sum::<u64>(), 4_502);
    assert!(metrics.operations.iter().all(|of| of.code == Some(OTHER_CODE) || of.code.is_none()));
}
