//! What becomes of spans by the status of the call, and that each is accounted for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value as Number};
use tonic::{Code, Status};
use toolwatch::DropReason;
use toolwatch_tests::grpc::{Answer, GrpcCollector};
use toolwatch_tests::ports;

use super::super::collector::{PATIENCE, metrics_of, spans_of, watch_to};
use super::{otlp, settle, watch};

const EVENTS: u64 = 4;

/// What became of the events: calls, delivered, rejected, dropped by this status, told.
#[derive(Debug, PartialEq, Eq)]
struct Fate {
    calls: usize,
    delivered: u64,
    rejected: u64,
    dropped: Option<(u16, u64)>,
    told: Vec<String>,
}

const TAKEN: Fate =
    Fate { calls: 1, delivered: EVENTS, rejected: 0, dropped: None, told: Vec::new() };

fn fate(answer: Answer) -> Fate {
    let collector = GrpcCollector::start().expect("a collector");
    collector.script([answer]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&told);
    let (watch, _directory) = watch(collector.endpoint(), |builder| {
        let tell = move |error: &toolwatch::Error| list.lock().unwrap().push(format!("{error:?}"));
        // They go together, however long it takes to record them.
        builder.on_error(tell).flush_interval(Duration::from_secs(3600))
    });
    (0..EVENTS).for_each(|_| watch.event("ruled").record());
    settle(&watch);
    let stats = watch.stats();
    let own = stats.own();
    assert_eq!((own.captured(), own.spooled()), (EVENTS, 0), "{own:?}");
    let dropped: Vec<_> = stats.statuses().iter().map(|(of, count)| (*of, *count)).collect();
    assert!(dropped.len() <= 1, "{dropped:?}");
    assert_eq!(own.dropped(DropReason::HttpStatus), dropped.first().map_or(0, |(_, count)| *count));
    let told = told.lock().unwrap().clone();
    Fate {
        calls: collector.calls().len(),
        delivered: own.delivered(),
        rejected: own.dropped(DropReason::Rejected),
        dropped: dropped.first().copied(),
        told,
    }
}

fn status(status: Status) -> Answer {
    Answer::Status(Box::new(status))
}

/// A field of a message of protocol buffers that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let len = u8::try_from(bytes.len()).expect("a short field");
    assert!(len < 128);
    [&[number << 3 | 2, len][..], bytes].concat()
}

/// A status with a `google.rpc.RetryInfo`.
fn again(code: Code, delay: Option<u8>) -> Answer {
    let delay = delay.map(|seconds| field(1, &[1 << 3, seconds])).unwrap_or_default();
    let name = field(1, b"type.googleapis.com/google.rpc.RetryInfo");
    let details = [&[1 << 3, code as u8][..], &field(3, &[name, field(2, &delay)].concat())];
    status(Status::with_details(code, "slow down", details.concat().into()))
}

#[test]
fn only_some_codes_are_sent_again_and_resource_exhausted_when_the_server_says_so() {
    assert_eq!(fate(Answer::Taken), TAKEN);
    for code in (1..=16).map(Code::from_i32) {
        let number = u16::try_from(code as i32).expect("a code");
        let fate = fate(status(Status::new(code, "violets are red")));
        assert!(!format!("{fate:?}").contains("violets"), "{fate:?}");
        if matches!(number, 1 | 4 | 10 | 11 | 14 | 15) {
            assert_eq!(fate, Fate { calls: 2, ..TAKEN }, "{code:?}");
            continue;
        }
        let Fate { told, .. } = &fate;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(&format!("gRPC status {number} ")), "{told:?}");
        let dropped = Some((number, EVENTS));
        let lost = Fate { calls: 1, delivered: 0, rejected: 0, dropped, told: told.clone() };
        assert_eq!(fate, lost, "{code:?}");
    }
    for delay in [None, Some(0)] {
        assert_eq!(fate(again(Code::ResourceExhausted, delay)), Fate { calls: 2, ..TAKEN });
    }
    let dropped = fate(again(Code::InvalidArgument, Some(0))).dropped;
    assert_eq!(dropped, Some((3, EVENTS)), "the word of the server opens no other code");
}

#[test]
fn a_partial_success_over_grpc_is_counted_and_never_sent_again() {
    for (rejected, counted) in [(0, 0), (1, 1), (3, 3), (99, EVENTS), (-1, 0)] {
        let expect = Fate { delivered: EVENTS - counted, rejected: counted, ..TAKEN };
        assert_eq!(fate(Answer::Partly(rejected)), expect, "{rejected}");
    }
}

#[test]
fn what_retry_info_asks_to_wait_is_waited() {
    let collector = GrpcCollector::start().expect("a collector");
    collector.script([again(Code::Unavailable, Some(1))]);
    let (watch, _directory) = watch(collector.endpoint(), |builder| builder);
    watch.event("patient").record();
    assert!(collector.wait_for_calls(2, PATIENCE));
    settle(&watch);
    assert_eq!(watch.stats().own().delivered(), 1);
    // A call is noted before it is answered, so what lies between is never less than the wait.
    let moments: Vec<_> = collector.calls().iter().map(|call| call.at).collect();
    let waited = moments[1] - moments[0];
    assert!(waited >= Duration::from_millis(900), "{waited:?}");
}

#[test]
fn a_collector_that_was_away_gets_every_span_once() {
    // Nobody is given this port while the collector is away.
    let address = ports::quiet().expect("a port");
    let collector = GrpcCollector::start_at(address).expect("a collector");
    let (watch, _directory) = watch(collector.endpoint(), |builder| builder);
    watch.event("before").record();
    settle(&watch);
    collector.always(status(Status::unavailable("I restart")));
    watch.event("meanwhile").record();
    assert!(collector.wait_for_calls(2, PATIENCE));
    let before = spans_of([collector.traces().remove(0)]);
    drop(collector);
    watch.event("away").record();
    watch.flush(Duration::from_millis(50));
    // A process that another test begins has a copy of the socket until it is its own program.
    let began = std::time::Instant::now();
    let collector = loop {
        match GrpcCollector::start_at(address) {
            Ok(collector) => break collector,
            Err(error) => assert!(began.elapsed() < PATIENCE, "the same port: {error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    settle(&watch);
    let after = spans_of(collector.traces());
    let names: Vec<_> = [before, after].concat().into_iter().map(|sent| sent.span.name).collect();
    assert_eq!(names, ["before", "meanwhile", "away"]);
    let own = *watch.stats().own();
    assert_eq!((own.delivered(), own.captured()), (3, 3));
}

#[test]
fn an_export_of_metrics_over_grpc_that_fails_is_counted_and_never_repeated() {
    let collector = GrpcCollector::start().expect("a collector");
    let (watch, _directory) = watch_to(otlp(collector.endpoint()).spans(false), |of| of);
    collector.script([
        status(Status::unavailable("soon")),
        status(Status::unauthenticated("never")),
        Answer::Partly(7),
    ]);
    for _ in 0..4 {
        watch.flush(PATIENCE);
    }
    let counts = collector.metrics().into_iter().map(|export| {
        let (_, metrics) = metrics_of(export);
        ["exports.failed", "points.rejected"].map(|what| {
            let name = format!("toolwatch.otlp.metrics.{what}");
            let metric = metrics.iter().find(|of| of.name == name).expect("the metric");
            let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
            let Some(Number::AsInt(number)) = sum.data_points[0].value else { panic!("{sum:?}") };
            number
        })
    });
    assert_eq!(counts.collect::<Vec<_>>(), [[0, 0], [1, 0], [2, 0], [2, 7]]);
}
