//! The parts of an ending hang together and cost their time once.

use std::time::{Duration, Instant};

use super::{directory, with};
use crate::Watch;
use crate::audit::{Audit, keygen};
use crate::destination::{Ack, Batch, Destination, SendError};

/// How often a timing is tried: a busy machine may take the processor away for longer than any bound.
const TRIES: usize = 8;

/// A destination whose service never answers.
struct Hangs;

impl Destination for Hangs {
    fn name(&self) -> &str {
        "hangs"
    }

    fn send(&mut self, _: &Batch<'_>) -> Result<Ack, SendError> {
        std::thread::sleep(Duration::from_secs(60));
        Ok(Ack::all())
    }
}

/// A watch with an audit log, the targets of both of which hang.
fn hanging(home: &std::path::Path) -> Watch {
    let log = home.join("log");
    keygen(&log).expect("a key");
    let hang = |_: &str| std::thread::sleep(Duration::from_secs(60));
    let audit = Audit::builder(log).checkpoint_to(hang).build().expect("an audit log");
    let builder = with(&[]).directory(home.join("watch")).destination(Hangs).audit(audit);
    let watch = builder.flush_interval(Duration::from_millis(1)).build().expect("a watch");
    watch.event("waits").record();
    watch
}

/// Fails when every try takes longer than the limit.
#[track_caller]
fn at_best(limit: Duration, end: impl Fn(Watch)) {
    let took = (0..TRIES).map(|_| {
        let home = directory();
        let watch = hanging(home.path());
        let began = Instant::now();
        end(watch);
        began.elapsed()
    });
    let took: Vec<_> = took
        .scan(false, |done, took| {
            let goes_on = !std::mem::replace(done, took < limit);
            goes_on.then_some(took)
        })
        .collect();
    assert!(took.last().is_some_and(|took| *took < limit), "{took:?}");
}

#[test]
fn a_checkpoint_and_a_request_that_hang_cost_a_shutdown_its_time_once() {
    let timeout = Duration::from_secs(1);
    at_best(timeout * 3 / 2, |watch| {
        watch.shutdown(timeout);
        // What was waited for is not waited for again.
        drop(watch);
    });
}

#[test]
fn a_checkpoint_and_a_request_that_hang_do_not_hold_up_a_drop() {
    at_best(Duration::from_secs(1), drop);
    // Another holder of the log decides about its end.
    let home = directory();
    let log = home.path().join("log");
    keygen(&log).expect("a key");
    let audit = Audit::builder(log).build().expect("an audit log");
    drop(with(&[]).audit(audit.clone()).build().expect("a watch"));
    let records = audit.stats().records();
    let watch = with(&[]).audit(audit.clone()).build().expect("a watch");
    watch.event("goes_on").record();
    assert_eq!(audit.stats().records(), records + 1, "the log is open");
}
