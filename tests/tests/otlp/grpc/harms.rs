//! Servers that break off, or answer what no server should.

use toolwatch::DropReason;
use toolwatch_tests::http2::{Harm, Http2};

use super::{settle, watch};

const EVENTS: usize = 3;
/// Reasons of HTTP/2.
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const CALM: u32 = 11;

/// One event by one, while the first call meets a harm: how many were dropped, by which status.
fn dropped_by(harm: Harm) -> Option<(u16, u64)> {
    let collector = Http2::start().expect("a collector");
    collector.turn(harm, 1);
    let set = |builder: toolwatch::WatchBuilder| builder;
    let otlp = super::otlp(collector.endpoint()).metrics(false);
    let hangs = matches!(harm, Harm::BlackHole | Harm::DripBody | Harm::EndlessPings);
    let otlp = if hangs { otlp.timeout(std::time::Duration::from_secs(2)) } else { otlp };
    let (watch, _directory) = super::watch_to(otlp, set);
    for _ in 0..EVENTS {
        watch.event("harmed").record();
        settle(&watch);
    }
    assert_eq!(collector.contacts(), 1, "{harm:?}");
    let stats = watch.stats();
    let dropped: Vec<_> = stats.statuses().iter().map(|(of, count)| (*of, *count)).collect();
    let own = stats.own();
    let lost = dropped.first().map_or(0, |(_, count)| *count);
    assert_eq!(own.dropped(DropReason::HttpStatus), lost, "{harm:?}");
    assert_eq!(own.delivered() + lost, EVENTS as u64, "{harm:?}: {own:?}");
    assert_eq!(collector.spans() as u64, own.delivered(), "{harm:?}");
    // Where a call may take two seconds only, a busy machine may be late with a kind one too.
    assert!(hangs || collector.told() == collector.spans(), "{harm:?}: nothing is told twice");
    dropped.first().copied()
}

#[test]
fn a_connection_that_goes_away_costs_no_span() {
    for harm in [
        Harm::GoAway,
        Harm::GoAwayFor(NO_ERROR),
        Harm::GoAwayFor(CALM),
        Harm::Reset(REFUSED_STREAM),
        Harm::Reset(CANCEL),
        Harm::Reset(INTERNAL_ERROR),
        Harm::HangUp,
        Harm::LongTrailers,
        Harm::Garbage,
    ] {
        assert_eq!(dropped_by(harm), None, "{harm:?}");
    }
}

#[test]
fn a_call_that_takes_too_long_is_made_again() {
    for harm in [Harm::BlackHole, Harm::DripBody, Harm::EndlessPings] {
        assert_eq!(dropped_by(harm), None, "{harm:?}");
    }
}

#[test]
fn an_answer_that_is_none_of_grpc_drops_its_spans_and_counts_them() {
    const UNKNOWN: u16 = 2;
    const RESOURCE_EXHAUSTED: u16 = 8;
    for (harm, status) in [
        (Harm::NoTrailers, UNKNOWN),
        (Harm::NoStatus, UNKNOWN),
        (Harm::Page, UNKNOWN),
        (Harm::Http(404), 404),
        (Harm::Http(401), 401),
        (Harm::TenGibibytes, RESOURCE_EXHAUSTED),
    ] {
        assert_eq!(dropped_by(harm), Some((status, 1)), "{harm:?}");
    }
    for status in [429, 502, 503, 504] {
        assert_eq!(dropped_by(Harm::Http(status)), None, "{status}");
    }
}

#[test]
fn a_message_that_is_long_or_compressed_is_not_read_and_its_status_counts() {
    for harm in [Harm::Long(100_000), Harm::Long(3_000_000), Harm::Compressed] {
        assert_eq!(dropped_by(harm), None, "{harm:?}");
    }
}

#[test]
fn one_connection_serves_many_batches() {
    let collector = Http2::start().expect("a collector");
    let (watch, _directory) = watch(collector.endpoint(), |builder| builder);
    for _ in 0..20 {
        watch.event("many").record();
        settle(&watch);
    }
    assert_eq!((collector.spans(), collector.told()), (20, 20));
    assert_eq!((collector.connections(), watch.stats().retries), (1, 0));
}
