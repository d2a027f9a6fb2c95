//! Where every signal begins and ends, and what sessions share: nothing.

mod bounds;

use super::*;
use crate::event::{
    self, Arguments, Caller, Confidence, ErrorKind, SessionKey, SessionSource, Signals,
};

fn tracker() -> Tracker {
    Tracker::new(LoopThresholds::default())
}

fn in_session(session: u64) -> Caller {
    let (source, confidence) = (SessionSource::Process, Confidence::High);
    let key = SessionKey { value: session, source, confidence };
    Caller { session: (session != 0).then_some(key), ..Caller::default() }
}

/// A call from its start to its end; `None` for a fingerprint is a success.
fn run(
    tracker: &Tracker,
    session: u64,
    tool: &'static str,
    arguments: u64,
    fingerprint: Option<u64>,
) -> Event {
    let mut event = *event::reused();
    event.caller = in_session(session);
    event.name = Name::from_static(tool);
    event.arguments = Some(Arguments { hash: Some(arguments), ..Arguments::default() });
    tracker.observe_start(&mut event);
    event.outcome = Outcome::Ok;
    if let Some(fingerprint) = fingerprint {
        event.outcome = Outcome::ToolError;
        let failure = Failure::of_kind(ErrorKind::Returned);
        event.failure = Some(Failure { fingerprint: Some(fingerprint), ..failure });
    }
    tracker.observe_end(&mut event);
    event
}

fn observe(tracker: &Tracker, session: u64, hash: u64) -> (u32, u32) {
    let arguments = run(tracker, session, "tool", hash, None).arguments.unwrap();
    (arguments.repeat_run, arguments.repeat_window)
}

/// The error runs of failures with these arguments and fingerprints; fingerprint 0 is a success.
#[track_caller]
fn check_errors(calls: &[(u64, u64)], expected: &[u32]) {
    let tracker = tracker();
    let runs: Vec<_> = calls
        .iter()
        .map(|(arguments, print)| {
            let print = Some(*print).filter(|print| *print != 0);
            run(&tracker, 1, "tool", *arguments, print).signals.error_run
        })
        .collect();
    assert_eq!(runs, expected);
}

/// The alternations and loops of calls with these arguments.
#[track_caller]
fn check_ping_pong(calls: &[u64], expected: &[u32]) {
    let tracker = tracker();
    let signals: Vec<_> =
        calls.iter().map(|call| run(&tracker, 1, "tool", *call, None).signals.ping_pong).collect();
    assert_eq!(signals, expected);
}

#[test]
fn runs_and_windows_are_counted_per_session() {
    let tracker = tracker();
    assert_eq!(observe(&tracker, 1, 0), (1, 1));
    assert_eq!(observe(&tracker, 1, 0), (2, 2));
    assert_eq!(observe(&tracker, 1, 9), (1, 1));
    assert_eq!(observe(&tracker, 1, 0), (1, 3));
    assert_eq!(observe(&tracker, 2, 0), (1, 1));
    for _ in 0..40 {
        observe(&tracker, 1, 5);
    }
    assert_eq!(observe(&tracker, 1, 5), (41, 32));
}

#[test]
fn two_tools_with_arguments_of_the_same_hash_are_two_calls() {
    let tracker = tracker();
    for tool in ["read", "write", "read"] {
        let arguments = run(&tracker, 1, tool, 7, None).arguments.unwrap();
        assert_eq!(arguments.repeat_run, 1);
    }
    assert_eq!(run(&tracker, 1, "write", 7, None).signals.ping_pong, 4);
}

#[test]
fn calls_without_a_session_are_not_compared() {
    let tracker = tracker();
    for _ in 0..9 {
        let event = run(&tracker, 0, "tool", 7, Some(1));
        assert_eq!(event.signals, Signals::default());
        assert_eq!(event.arguments.unwrap().repeat_run, 1);
    }
    assert_eq!(tracker.calls.lock().unwrap().len(), 0);
    assert_eq!(tracker.observe_read(0, 7), None);
}

#[test]
fn the_third_call_in_a_row_is_a_loop() {
    let tracker = tracker();
    let loops = [7, 7, 7, 7, 8].map(|call| run(&tracker, 1, "tool", call, None).signals.is_loop);
    assert_eq!(loops, [false, false, true, true, false]);
}

#[test]
fn an_alternation_counts_from_four_calls_on_and_ends_with_a_third_call() {
    check_ping_pong(&[1, 2, 1], &[0, 0, 0]);
    check_ping_pong(&[1, 2, 1, 2, 1, 2], &[0, 0, 0, 4, 5, 6]);
    check_ping_pong(&[1, 2, 1, 3], &[0, 0, 0, 0]);
    check_ping_pong(&[1, 2, 1, 2, 3, 2, 3], &[0, 0, 0, 4, 0, 0, 4]);
    check_ping_pong(&[1, 2, 1, 2, 2, 1, 2, 1], &[0, 0, 0, 4, 0, 0, 0, 4]);
    check_ping_pong(&[1, 1, 1, 1, 1], &[0; 5]);
    check_ping_pong(&[1, 2, 3, 1, 2, 3], &[0; 6]);
}

#[test]
fn the_sixth_call_of_an_alternation_is_a_loop() {
    let tracker = tracker();
    let event = |number: u64| run(&tracker, 1, "tool", number % 2, None);
    let loops: Vec<_> = (0..40).map(|number| event(number).signals.is_loop).collect();
    assert!(loops.iter().enumerate().all(|(number, is_loop)| *is_loop == (number >= 5)));
}

#[test]
fn failures_count_while_the_error_stays_and_the_arguments_vary() {
    check_errors(&[(1, 7), (2, 7), (3, 7)], &[1, 2, 3]);
    check_errors(&[(1, 7), (2, 7), (1, 7)], &[1, 2, 3]);
    check_errors(&[(1, 7), (2, 8), (3, 8)], &[1, 1, 2]);
    check_errors(&[(1, 7), (2, 7), (3, 0), (4, 7)], &[1, 2, 0, 1]);
    check_errors(&[(1, 7), (1, 7), (2, 7), (2, 7)], &[1, 1, 2, 2]);
}

#[test]
fn the_third_equal_error_with_other_arguments_is_a_loop() {
    let tracker = tracker();
    let loops =
        [1, 2, 3].map(|arguments| run(&tracker, 1, "tool", arguments, Some(7)).signals.is_loop);
    assert_eq!(loops, [false, false, true]);
}

#[test]
fn other_tools_and_cancelled_calls_do_not_end_a_row_of_failures() {
    let tracker = tracker();
    run(&tracker, 1, "search", 1, Some(7));
    run(&tracker, 1, "fetch", 1, Some(7));
    run(&tracker, 1, "list", 1, None);
    let mut cancelled = run(&tracker, 1, "list", 2, None);
    cancelled.name = Name::from_static("search");
    cancelled.outcome = Outcome::Cancelled;
    cancelled.failure = Some(Failure::of_kind(ErrorKind::Cancelled));
    tracker.observe_end(&mut cancelled);
    assert_eq!(cancelled.signals.error_run, 0);
    assert_eq!(run(&tracker, 1, "search", 2, Some(7)).signals.error_run, 2);
    assert_eq!(run(&tracker, 1, "fetch", 1, Some(7)).signals.error_run, 1);
}

#[test]
fn a_panic_is_an_error_like_itself_and_no_other() {
    let tracker = tracker();
    let panic = |arguments: u64| {
        let mut event = run(&tracker, 1, "other", arguments, None);
        event.name = Name::from_static("tool");
        (event.outcome, event.failure) = (Outcome::Panic, Some(Failure::of_kind(ErrorKind::Panic)));
        tracker.observe_end(&mut event);
        event.signals.error_run
    };
    assert_eq!((panic(1), panic(2)), (1, 2));
    assert_eq!(run(&tracker, 1, "tool", 3, Some(7)).signals.error_run, 1);
    assert_eq!(panic(4), 1);
}

#[test]
fn failures_whose_arguments_are_not_known_are_not_compared() {
    let tracker = tracker();
    let mut event = run(&tracker, 1, "tool", 1, Some(7));
    event.arguments = None;
    event.signals = Signals::default();
    tracker.observe_start(&mut event);
    tracker.observe_end(&mut event);
    assert_eq!(event.signals, Signals::default());
}

#[test]
fn only_tool_calls_are_compared() {
    let tracker = tracker();
    let mut event = run(&tracker, 1, "tool", 1, Some(7));
    event.event_type = EventType::PromptGet;
    (event.signals, event.arguments.as_mut().unwrap().repeat_run) = (Signals::default(), 0);
    tracker.observe_start(&mut event);
    tracker.observe_end(&mut event);
    assert_eq!(event.signals, Signals::default());
    assert_eq!(event.arguments.unwrap().repeat_run, 0);
    assert_eq!(observe(&tracker, 1, 1), (2, 2));
}

#[test]
fn sessions_that_take_turns_have_their_own_signals() {
    let tracker = tracker();
    for number in 0..8 {
        let ann = run(&tracker, 1, "tool", number % 2, None).signals;
        let bob = run(&tracker, 2, "tool", number, Some(7)).signals;
        let cyd = run(&tracker, 3, "tool", 9, None);
        assert_eq!(ann.ping_pong, if number >= 3 { number as u32 + 1 } else { 0 });
        assert_eq!((ann.error_run, bob.error_run, bob.ping_pong), (0, number as u32 + 1, 0));
        assert_eq!((cyd.signals.ping_pong, cyd.signals.error_run), (0, 0));
        assert_eq!(cyd.arguments.unwrap().repeat_run, number as u32 + 1);
    }
}

#[test]
fn a_threshold_of_0_is_off_and_others_hold_from_their_own_number_on() {
    let off = LoopThresholds::default().with_repeat_run(0).with_error_run(0).with_ping_pong(0);
    assert!(!off.is_loop(u32::MAX, u32::MAX, u32::MAX));
    let runs = off.with_repeat_run(5);
    assert!(!runs.is_loop(4, 9, 9) && runs.is_loop(5, 0, 0));
    let errors = off.with_error_run(5);
    assert!(!errors.is_loop(9, 4, 9) && errors.is_loop(0, 5, 0));
    let turns = off.with_ping_pong(5);
    assert!(!turns.is_loop(9, 9, 4) && turns.is_loop(0, 0, 5));
}

#[test]
fn thresholds_that_no_call_or_every_call_passes_are_faults() {
    let default = LoopThresholds::default();
    for good in [default, default.with_repeat_run(2), default.with_error_run(2)] {
        assert_eq!(good.fault(), None);
        assert_eq!(good.with_ping_pong(4).fault(), None);
    }
    assert_eq!(default.with_repeat_run(0).with_error_run(0).with_ping_pong(0).fault(), None);
    assert!(default.with_repeat_run(1).fault().unwrap().contains("repeat_run"));
    assert!(default.with_error_run(1).fault().unwrap().contains("error_run"));
    for low in 1..4 {
        assert!(default.with_ping_pong(low).fault().unwrap().contains("ping_pong"));
    }
}
