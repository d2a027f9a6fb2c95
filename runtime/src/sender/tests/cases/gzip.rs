//! The same batch over real HTTP, compressed and not: each attempt carries the same bytes.

use super::*;
use crate::destination::{HttpDestination, IngestClient};
use crate::sender::tests::steps::{rest, worker};
use crate::testing::{Receiver, Reply};

/// Sends three events past a refusal, and returns the encodings and the bodies of both attempts.
#[track_caller]
fn check(gzip: Option<bool>, refusal: Reply, encoding: Option<&str>) {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().unwrap());
    receiver.script([refusal, Reply::status(200).body(r#"{"accepted":3}"#)]);
    let client = IngestClient::builder(receiver.endpoint(), "key").timeout(PATIENCE);
    let client = gzip.into_iter().fold(client, |client, gzip| client.gzip(gzip)).build().unwrap();
    let (mut worker, clock, spool) = worker(home.path(), Box::new(|_| Ok(Ack::all())));
    worker.destination = Box::new(HttpDestination::new(client));
    (0..3).for_each(|number| assert!(spool.append(&event(number)).is_none()));
    clock.advance(Duration::from_secs(1));
    assert_eq!(rest(&mut worker), Duration::from_millis(500));
    clock.advance(Duration::from_millis(500));
    rest(&mut worker);
    let requests = receiver.requests();
    assert_eq!((requests.len(), spool.stats().own().delivered()), (2, 3));
    for request in &requests {
        assert_eq!(request.header("content-encoding"), encoding, "{gzip:?}");
        assert_eq!(request.header("accept-encoding"), Some("identity"));
        assert_eq!(request.event_ids(), ["00000000", "00000001", "00000002"]);
        assert_eq!(request.json()["report"]["spooled"], 3);
        let length = request.header("content-length").unwrap();
        assert_eq!(length, request.raw().len().to_string(), "the length is that of what is sent");
    }
    assert_eq!(requests[0].body(), requests[1].body(), "{gzip:?}");
}

#[test]
fn a_batch_has_the_same_bytes_on_each_attempt_compressed_or_not() {
    let refusals = [Reply::status(503), Reply::status(429), Reply::reset()];
    for refusal in refusals {
        check(Some(true), refusal.clone(), Some("gzip"));
        check(Some(false), refusal.clone(), None);
        // The endpoint is a loopback address.
        check(None, refusal, None);
    }
    eprintln!("delivery contract: gzip: 9 cases over HTTP");
}
