//! Promise: nothing of what a caller, a handler or a hook of the author's says in any operation of a
//! wrapped server leaves: no URI, no argument of a prompt or a completion, no metadata, no header, no
//! id. `docs/guides/canary.md` says what is searched.
#![expect(clippy::expect_used, reason = "a suite stops at the first fault of its own machinery")]

use std::collections::BTreeSet;

use toolwatch::{IdentityLevel, IntentLevel};
use toolwatch_tests::canary::needle::Kind;
use toolwatch_tests::canary::whole::child;
use toolwatch_tests::canary::whole::drive::DURING;
use toolwatch_tests::canary::whole::round::{Outcome, Round, run};
use toolwatch_tests::canary::whole::script::End;
use toolwatch_tests::wrapped::Era;

/// A round at default settings.
const DEFAULT: Round = Round {
    seed: 0,
    era: Era::Session,
    is_http: false,
    is_routed: false,
    intent: IntentLevel::Text,
    identity: IdentityLevel::Hash,
    ends: &End::ALL,
};

/// How many rounds of each kind there are: 1 in CI, more with `TOOLWATCH_CANARY_CASES`.
fn rounds() -> u64 {
    let set = std::env::var("TOOLWATCH_CANARY_CASES").ok().and_then(|text| text.parse().ok());
    set.map_or(toolwatch_tests::scale() as u64, |cases: u64| cases.div_ceil(1_080).max(1))
}

/// What every request of both protocols can end with.
const ENDS: [&str; 3] = ["ok", "protocol_error", "panic"];

/// The requests of both protocols.
const REQUESTS: [&str; 15] = [
    "completion",
    "custom_request",
    "logging_set_level",
    "prompt_get",
    "prompts_list",
    "resource_directory_read",
    "resource_read",
    "resource_templates_list",
    "resources_list",
    "skill_get",
    "skills_list",
    "task_cancel",
    "task_get",
    "task_update",
    "tool_call",
];

/// What only sessions have.
const OF_SESSIONS: [(&str, &str); 9] = [
    ("initialize", "ok"),
    ("initialize", "protocol_error"),
    ("initialize", "panic"),
    ("notification", "ok"),
    ("notification", "panic"),
    ("ping", "panic"),
    ("resource_subscribe", "protocol_error"),
    ("resource_unsubscribe", "cancelled"),
    ("close", "ok"),
];

/// What only stateless requests have.
const OF_STATELESS: [(&str, &str); 5] = [
    ("discover", "ok"),
    ("discover", "panic"),
    ("subscription_listen", "ok"),
    ("subscription_listen", "panic"),
    ("subscription_listen", "cancelled"),
];

/// Runs rounds, and demands that each operation was seen in each of its ways to end.
#[track_caller]
fn check(round: Round, more: &[(&str, &str)]) {
    for seed in 0..rounds() {
        let round = Round { seed: round.seed + seed, ..round };
        let outcome = run(&round).expect("the suite's own machinery");
        let leaks: Vec<_> = outcome.verdict.leaks.iter().take(20).collect();
        let count = outcome.verdict.leaks.len();
        assert!(leaks.is_empty(), "{round:?} leaks {count} times:\n{leaks:#?}");
        eprintln!("{} needles in {} bytes", outcome.needles, outcome.bytes);
        coverage(&round, &outcome, more);
    }
}

#[track_caller]
fn coverage(round: &Round, outcome: &Outcome, more: &[(&str, &str)]) {
    let pair = |(kind, end): (&str, &str)| (kind.to_owned(), end.to_owned());
    let mut expected: BTreeSet<_> =
        REQUESTS.iter().flat_map(|kind| ENDS.map(|end| pair((kind, end)))).collect();
    expected.extend(REQUESTS.iter().map(|kind| pair((kind, "cancelled"))));
    expected.extend(more.iter().copied().map(pair));
    let calls = ["tool_error", "invalid_arguments", "unknown_tool", "task"];
    expected.extend(calls.map(|end| pair(("tool_call", end))));
    expected.extend(round.is_routed.then(|| pair(("tool_call", "disabled_tool"))));
    expected.extend(["custom", "missing_tool"].map(|kind| pair((kind, "ok"))));
    let missing: Vec<_> = expected.difference(&outcome.outcomes).collect();
    assert!(missing.is_empty(), "{round:?} never saw {missing:?}, but {:?}", outcome.outcomes);
    let is_told = outcome.verdict.excepted.contains(&Kind::Intent);
    assert_eq!(is_told, round.intent == IntentLevel::Text, "the intent is told at level text");
    let is_named = outcome.verdict.excepted.contains(&Kind::Identity);
    assert_eq!(is_named, round.identity == IdentityLevel::Label, "the identity, at level label");
    for kind in [Kind::Label, Kind::Trace, Kind::ApiKey] {
        assert!(outcome.verdict.excepted.contains(&kind), "{kind:?} is where it may be");
    }
    // Servers over HTTP send over gRPC.
    let of_otlp = if round.is_http {
        ["spans of OTLP call over gRPC", "metrics of OTLP call over gRPC"]
    } else {
        ["spans of OTLP request", "metrics of OTLP request"]
    };
    let others =
        [DURING, "spool after delivery, poison.jsonl", "summary as text", "what callbacks"];
    for sink in others.into_iter().chain(of_otlp) {
        let is_searched = outcome.sinks.iter().any(|name| name.starts_with(sink));
        assert!(is_searched, "{sink} was not searched: {:?}", outcome.sinks);
    }
}

#[test]
fn nothing_of_a_session_over_a_pipe_leaves() {
    check(DEFAULT, &OF_SESSIONS);
}

#[test]
fn nothing_of_stateless_requests_over_a_pipe_leaves() {
    let (era, is_routed) = (Era::Stateless, true);
    let (intent, identity) = (IntentLevel::Hash, IdentityLevel::Label);
    let round = Round { seed: 100_000, era, is_routed, intent, identity, ..DEFAULT };
    check(round, &OF_STATELESS);
}

#[test]
fn nothing_of_a_session_over_http_leaves() {
    let (is_http, is_routed) = (true, true);
    let (intent, identity) = (IntentLevel::Off, IdentityLevel::Label);
    let round = Round { seed: 200_000, is_http, is_routed, intent, identity, ..DEFAULT };
    check(round, &OF_SESSIONS);
}

#[test]
fn nothing_of_stateless_requests_over_http_leaves() {
    let (era, is_http, intent) = (Era::Stateless, true, IntentLevel::Len);
    check(Round { seed: 300_000, era, is_http, intent, ..DEFAULT }, &OF_STATELESS);
}

#[test]
fn nothing_of_a_wrapped_child_leaves_even_when_it_dies() {
    for seed in 0..rounds() {
        let verdict = child::run(env!("CARGO_BIN_EXE_canary_child"), 400_000 + seed)
            .expect("the suite's own machinery");
        assert!(verdict.leaks.is_empty(), "seed {seed}: {:#?}", verdict.leaks);
        for kind in [Kind::ApiKey, Kind::Label, Kind::Intent] {
            assert!(verdict.excepted.contains(&kind), "{kind:?} is where it may be");
        }
    }
}
