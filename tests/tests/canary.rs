//! Promise: no argument value, result text, error text or other user data leaves at default
//! settings. `docs/guides/canary.md` says what is searched.
#![expect(clippy::expect_used, reason = "a suite stops at the first fault of its own machinery")]

use std::collections::BTreeMap;

use toolwatch::{HashMode, IntentLevel};
use toolwatch_tests::canary::needle::Kind;
use toolwatch_tests::canary::round::{Outcome, Round, run};

/// How many calls the suite makes in all. `TOOLWATCH_CANARY_CASES` sets it.
fn cases() -> usize {
    let set = std::env::var("TOOLWATCH_CANARY_CASES").ok().and_then(|text| text.parse().ok());
    set.unwrap_or(1_080 * toolwatch_tests::scale())
}

/// How many calls a round makes: a multiple of the ways in which a call can end.
const CALLS_PER_ROUND: usize = 180;

/// Runs rounds with so many calls, one after the other: they share the process's log.
fn rounds(share: usize, seed: u64, intent: IntentLevel) -> Vec<Outcome> {
    let count = (cases() / share).div_ceil(CALLS_PER_ROUND).max(1) as u64;
    let round = |number| Round { intent, ..Round::new(seed + number, CALLS_PER_ROUND) };
    (0..count).map(|number| check(&round(number))).collect()
}

#[track_caller]
fn check(round: &Round) -> Outcome {
    let outcome = run(round).expect("the suite's own machinery");
    let leaks: Vec<_> = outcome.verdict.leaks.iter().take(20).collect();
    assert!(leaks.is_empty(), "{round:?} leaks {} times:\n{leaks:#?}", outcome.verdict.leaks.len());
    assert_eq!(outcome.taken, round.calls as u64, "one event per call");
    outcome
}

#[test]
fn nothing_leaves_at_default_settings_and_every_outcome_was_seen() {
    let mut seen = BTreeMap::<String, usize>::new();
    let mut spans_over = BTreeMap::<&str, usize>::new();
    let all = rounds(2, 1, IntentLevel::default());
    let count = all.len();
    for outcome in all {
        assert!(
            outcome.verdict.excepted.contains(&Kind::Intent),
            "the intent is recorded at level text"
        );
        assert!(outcome.verdict.excepted.contains(&Kind::Label), "clients are labelled");
        assert!(outcome.verdict.excepted.contains(&Kind::ApiKey), "requests carry the key");
        for count in ["true", "false"].map(|valid| outcome.schema_valid.get(valid)) {
            assert!(count.is_some(), "valid and broken arguments: {:?}", outcome.schema_valid);
        }
        for sink in ["tracing", "arguments of callbacks", "spool after delivery, poison.jsonl"] {
            assert!(outcome.sinks.contains(sink), "{sink} was not searched: {:?}", outcome.sinks);
        }
        for (protocol, sink) in
            [("HTTP", "spans of OTLP request 0"), ("gRPC", "spans of OTLP call over gRPC 0")]
        {
            *spans_over.entry(protocol).or_default() += usize::from(outcome.sinks.contains(sink));
        }
        eprintln!("{} needles in {} bytes", outcome.needles, outcome.bytes);
        for (name, count) in outcome.outcomes {
            *seen.entry(name).or_default() += count;
        }
    }
    assert_eq!(spans_over.values().sum::<usize>(), count, "{spans_over:?}");
    assert!(spans_over.values().all(|rounds| *rounds > 0), "{spans_over:?}");
    let expected = [
        "cancelled",
        "dropped",
        "input_required",
        "invalid_arguments",
        "ok",
        "panic",
        "protocol_error",
        "task",
        "tool_error",
    ];
    let names: Vec<_> = seen.keys().map(String::as_str).collect();
    assert_eq!(names, expected, "{seen:?}");
}

#[test]
fn no_word_of_the_intent_leaves_below_level_text() {
    for (seed, level) in [
        (1_000_000, IntentLevel::Len),
        (2_000_000, IntentLevel::Hash),
        (3_000_000, IntentLevel::Off),
    ] {
        for outcome in rounds(6, seed, level) {
            assert!(!outcome.verdict.excepted.contains(&Kind::Intent), "{level:?}");
        }
    }
}

#[test]
fn the_plain_hash_of_the_compatibility_mode_is_found_so_that_a_plain_hash_elsewhere_would_be() {
    let round = Round { hash: HashMode::PythonSha256, ..Round::new(4_000_000, 36) };
    let leaks = run(&round).expect("the suite's own machinery").verdict.leaks;
    let digests =
        leaks.iter().filter(|leak| leak.contains("digest of the whole") && leak.contains("sha256"));
    assert!(digests.count() > 0, "{leaks:#?}");
    let others: Vec<_> = leaks.iter().filter(|leak| !leak.contains(", sha256,")).collect();
    assert!(others.is_empty(), "{others:#?}");
}
