//! The time that an identity has, and what its failures cost, with a clock that the test sets.

use std::future::{pending, poll_fn, ready};
use std::sync::{Mutex, MutexGuard};
use std::task::Waker;

use super::*;
use crate::Watch;
use crate::event::{Caller, Timestamp, Trace};
use crate::otel::Scope;

const TIMEOUT: Duration = Duration::from_millis(100);

/// The counter of losses is the process's: tests that compare it take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Asked {
    identifying: Identifying,
    ticket: Ticket,
    before: u64,
    _directory: tempfile::TempDir,
    _watch: Watch,
}

impl Asked {
    fn new(level: IdentityLevel, future: impl Future<Output = Answer> + Send + 'static) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let builder = Watch::builder().environment(|_| None).identity_level(level);
        let watch = builder.local().directory(directory.path()).build().expect("a watch");
        let active = watch.0.clone().expect("it is on");
        let trace = Trace { trace_id: [1; 16], span_id: [2; 8], ..Trace::fresh() };
        let ticket =
            Ticket::new(active, Timestamp::now(), (trace, Caller::default()), Scope::none());
        let identifying = Identifying {
            answering: Some(Box::pin(future)),
            started: Instant::now(),
            timeout: TIMEOUT,
            has_been_polled: false,
        };
        let before = losses::counted(Loss::Identity);
        Self { identifying, ticket, before, _directory: directory, _watch: watch }
    }

    /// Polls at a time after the start.
    fn poll(&mut self, after: Duration) {
        let now = self.identifying.started + after;
        self.identifying.poll_at(now, &mut Context::from_waker(Waker::noop()), &self.ticket);
    }

    fn identity(&self) -> Option<Identity> {
        let mut identity = None;
        self.ticket.note(|notes| identity = notes.identity.clone());
        identity
    }

    fn losses(&self) -> u64 {
        losses::counted(Loss::Identity) - self.before
    }
}

#[test]
fn e12_an_answer_is_noted_once_as_a_hash_by_default() {
    let _turn = turn();
    let mut asked = Asked::new(IdentityLevel::Hash, ready(Ok(Some("jane".to_owned()))));
    asked.poll(Duration::ZERO);
    asked.poll(Duration::ZERO);
    let hash = asked.ticket.watch().hash_of_identity("jane");
    assert_eq!(asked.identity(), Some(Identity::Hash(hash)));
    assert_eq!(asked.losses(), 0);
}

#[test]
fn e12_a_label_is_cleaned_and_callers_are_told_apart_by_the_whole_id() {
    let _turn = turn();
    let mut asked = Asked::new(IdentityLevel::Label, ready(Ok(Some("j\u{f6}".to_owned()))));
    asked.poll(Duration::ZERO);
    assert_eq!(asked.identity(), Some(Identity::Label(Label::clean("j_"))));
    let mut principal = None;
    asked.ticket.note(|notes| principal = notes.principal);
    let watch = asked.ticket.watch();
    assert_eq!(principal, Some(watch.hash_of_identity("j\u{f6}")));
    assert_ne!(principal, Some(watch.hash_of_identity("j_")));
}

#[test]
fn e12_nobody_and_an_empty_id_are_no_identity_and_no_loss() {
    let _turn = turn();
    for answer in [None, Some(String::new())] {
        let mut asked = Asked::new(IdentityLevel::Hash, ready(Ok(answer)));
        asked.poll(Duration::ZERO);
        assert_eq!((asked.identity(), asked.losses()), (None, 0));
    }
}

#[test]
fn f4_an_answer_has_until_its_timeout_exactly() {
    let _turn = turn();
    let just_before = TIMEOUT.checked_sub(Duration::from_nanos(1)).expect("a time");
    for (second, is_there) in [(just_before, true), (TIMEOUT, false)] {
        let mut polls = 0;
        let mut asked = Asked::new(
            IdentityLevel::Hash,
            poll_fn(move |_| {
                polls += 1;
                if polls < 2 { Poll::Pending } else { Poll::Ready(Ok(Some("late".to_owned()))) }
            }),
        );
        asked.poll(Duration::ZERO);
        assert_eq!(asked.identity(), None);
        asked.poll(second);
        assert_eq!((asked.identity().is_some(), asked.losses()), (is_there, u64::from(!is_there)));
        asked.poll(second);
        let before = asked.before;
        drop(asked);
        assert_eq!(losses::counted(Loss::Identity) - before, u64::from(!is_there));
    }
}

#[test]
fn f4_a_task_that_starts_late_still_asks_once() {
    let _turn = turn();
    let mut asked = Asked::new(IdentityLevel::Hash, ready(Ok(Some("jane".to_owned()))));
    asked.poll(TIMEOUT * 10);
    assert_eq!((asked.identity().is_some(), asked.losses()), (true, 0));
}

#[test]
fn f3_errors_panics_and_the_end_of_the_handler_cost_the_identity_and_are_counted_once() {
    let _turn = turn();
    let mut failed = Asked::new(IdentityLevel::Hash, ready(Err(())));
    failed.poll(Duration::ZERO);
    failed.poll(Duration::ZERO);
    assert_eq!((failed.identity(), failed.losses()), (None, 1));
    drop(failed);
    let mut panicked = Asked::new(IdentityLevel::Hash, poll_fn(|_| panic!("the hook")));
    panicked.poll(Duration::ZERO);
    panicked.poll(Duration::ZERO);
    assert_eq!((panicked.identity(), panicked.losses()), (None, 1));
    drop(panicked);
    let mut hanging = Asked::new(IdentityLevel::Hash, pending());
    hanging.poll(Duration::ZERO);
    let before = hanging.before;
    assert_eq!(hanging.losses(), 0);
    drop(hanging);
    assert_eq!(losses::counted(Loss::Identity) - before, 1);
}

#[test]
fn f3_a_future_that_panics_when_it_is_dropped_does_not_meet_the_call() {
    struct Angry;
    impl Drop for Angry {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let _turn = turn();
    let angry = Angry;
    let mut asked = Asked::new(IdentityLevel::Hash, async move {
        let _angry = angry;
        pending().await
    });
    asked.poll(Duration::ZERO);
    let before = asked.before;
    drop(asked);
    assert_eq!(losses::counted(Loss::Identity) - before, 2, "too late, and a panic");
}
