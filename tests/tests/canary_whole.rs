//! Promise: nothing of what a caller, a handler or a hook of the author's says of any operation of a
//! wrapped server leaves: no URI, no argument of a prompt or a completion, no metadata, no header, no
//! id. `docs/guides/canary.md` says what is searched.
#![expect(clippy::expect_used, reason = "a suite stops at the first fault of its own machinery")]

use std::collections::BTreeSet;

use toolwatch::{IdentityLevel, IntentLevel};
use toolwatch_tests::canary::needle::Kind;
use toolwatch_tests::canary::whole::round::{Outcome, Round, run};
use toolwatch_tests::wrapped::Era;

#[track_caller]
fn check(round: &Round) -> Outcome {
    let outcome = run(round).expect("the suite's own machinery");
    let leaks: Vec<_> = outcome.verdict.leaks.iter().take(20).collect();
    assert!(leaks.is_empty(), "{round:?} leaks {} times:\n{leaks:#?}", outcome.verdict.leaks.len());
    eprintln!("{} needles in {} bytes", outcome.needles, outcome.bytes);
    outcome
}

#[test]
fn a_session_over_a_pipe() {
    let round = Round {
        seed: 1,
        era: Era::Session,
        is_http: false,
        is_routed: false,
        intent: IntentLevel::default(),
        identity: IdentityLevel::Hash,
    };
    let outcome = check(&round);
    let _: BTreeSet<_> = outcome.outcomes;
    assert!(outcome.verdict.excepted.contains(&Kind::Label));
}
