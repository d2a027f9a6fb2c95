//! What becomes of spans by what the collector answers, and that each is accounted for.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use toolwatch::DropReason;
use toolwatch::testing::Reply;

use super::collector::{Collector, PATIENCE, partial};

const EVENTS: u64 = 4;

/// What became of the events: requests, delivered, rejected, dropped by status, told.
#[derive(Debug, PartialEq, Eq)]
struct Fate {
    requests: usize,
    delivered: u64,
    rejected: u64,
    dropped: u64,
    told: usize,
}

fn fate(replies: Vec<Reply>) -> Fate {
    let collector = Collector::start();
    collector.0.script(replies);
    let told = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&told);
    let (watch, _directory) = collector.watch(|builder| {
        let builder = builder.on_error(move |_| *counter.lock().unwrap() += 1);
        // They go together, however long it takes to record them.
        builder.flush_interval(Duration::from_secs(3600))
    });
    (0..EVENTS).for_each(|_| watch.event("ruled").record());
    let start = Instant::now();
    while watch.flush(PATIENCE).spooled > 0 && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
    }
    let stats = watch.stats();
    assert!(stats.is_balanced(), "{stats:?}");
    let own = stats.own();
    assert_eq!((own.captured(), own.spooled()), (EVENTS, 0), "{own:?}");
    let told = *told.lock().unwrap();
    Fate {
        requests: collector.0.requests().len(),
        delivered: own.delivered(),
        rejected: own.dropped(DropReason::Rejected),
        dropped: own.dropped(DropReason::HttpStatus),
        told,
    }
}

const TAKEN: Fate = Fate { requests: 1, delivered: EVENTS, rejected: 0, dropped: 0, told: 0 };

#[test]
fn only_four_statuses_and_no_connection_are_sent_again() {
    for status in [429, 502, 503, 504] {
        let soon = Reply::status(status).header("retry-after", "0");
        assert_eq!(fate(vec![soon]), Fate { requests: 2, ..TAKEN }, "{status}");
    }
    assert_eq!(fate(vec![Reply::reset()]), Fate { requests: 2, ..TAKEN });
    for status in [301, 307, 400, 401, 403, 404, 408, 413, 415, 422, 500, 501, 505, 599] {
        let lost = Fate { requests: 1, delivered: 0, rejected: 0, dropped: EVENTS, told: 1 };
        assert_eq!(fate(vec![Reply::status(status)]), lost, "{status}");
    }
    for status in [200, 202, 204] {
        assert_eq!(fate(vec![Reply::status(status)]), TAKEN, "{status}");
    }
}

#[test]
fn a_partial_success_is_never_sent_again_and_its_rejections_are_counted() {
    for (rejected, counted) in [(0, 0), (1, 1), (3, 3), (99, EVENTS), (-1, 0)] {
        let expect = Fate { delivered: EVENTS - counted, rejected: counted, ..TAKEN };
        assert_eq!(fate(vec![partial(rejected)]), expect, "{rejected}");
    }
    for nonsense in [&b"{\"partialSuccess\":{\"rejectedSpans\":\"3\"}}"[..], &[0xff; 99], &[0x0a]] {
        assert_eq!(fate(vec![Reply::status(200).body(nonsense)]), TAKEN);
    }
}

#[test]
fn what_the_collector_asks_to_wait_is_waited() {
    let collector = Collector::start();
    let moments = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&moments);
    // A request is noted before it is answered, so what lies between is never less than the wait.
    collector.0.decide(move |_| {
        let mut noted = noted.lock().unwrap();
        noted.push(Instant::now());
        match noted.len() {
            1 => Reply::status(429).header("retry-after", "1"),
            _ => Reply::status(200),
        }
    });
    let (watch, _directory) = collector.watch(|builder| builder);
    watch.event("patient").record();
    assert!(collector.0.wait_for_requests(2, PATIENCE));
    watch.flush(PATIENCE);
    assert_eq!(watch.stats().own().delivered(), 1);
    let moments = moments.lock().unwrap();
    let waited = moments[1] - moments[0];
    assert!(waited >= Duration::from_millis(900), "{waited:?}");
}
