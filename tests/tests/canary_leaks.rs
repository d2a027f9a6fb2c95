//! Promise: the canary suite can fail. Every planted leak is found, in the place and the encoding
//! that it was planted in.
//!
//! `cargo test -p toolwatch-tests --features planted-leaks --test canary_leaks`
#![expect(clippy::expect_used, reason = "a suite stops at the first fault of its own machinery")]

use std::collections::BTreeSet;

use toolwatch::testing::leak::{Leak, plant};
use toolwatch::{IdentityLevel, IntentLevel};
use toolwatch_tests::canary::child;
use toolwatch_tests::canary::needle::Kind;
use toolwatch_tests::canary::round::{Round, run};
use toolwatch_tests::canary::whole;
use toolwatch_tests::canary::whole::drive::DURING;
use toolwatch_tests::canary::whole::script::End;
use toolwatch_tests::wrapped::Era;

/// Twice every way in which a call can end, and some arguments that break the schema.
const CALLS: usize = 54;

/// Rounds of which one must show the leak as it is expected.
const ROUNDS: usize = 4;

const EVENT: &str = "in body of request";

/// What is found, in which encoding, where.
type Expectation = (Kind, &'static str, &'static str);

const RAW_ARGUMENT: Expectation = (Kind::Argument, ", raw,", EVENT);
const RAW_CONTEXT: Expectation = (Kind::Context, ", raw,", EVENT);
const RAW_RESULT: Expectation = (Kind::Result, ", raw,", EVENT);

/// What of which kind is to be found, in which encoding, where. No wildcard: a new leak without an
/// expectation does not compile.
fn expectation(leak: Leak) -> Expectation {
    match leak {
        Leak::Value => (Kind::Argument, ", raw,", EVENT),
        Leak::ValueHex => (Kind::Argument, ", hex,", EVENT),
        Leak::ValueBase64 => (Kind::Argument, ", base64,", EVENT),
        Leak::ValueBytes => (Kind::Argument, ", list of bytes,", EVENT),
        Leak::ValueEscaped => (Kind::Argument, ", JSON escapes,", EVENT),
        Leak::ValueHash | Leak::ArgumentsHash => (Kind::Argument, ", sha256,", EVENT),
        Leak::Number => (Kind::Argument, ", decimal number,", EVENT),
        Leak::Key => (Kind::Argument, ", raw,", EVENT),
        Leak::KeyReversed => (Kind::Argument, ", reversed,", EVENT),
        Leak::SchemaMessage => (Kind::Argument, ", raw,", EVENT),
        Leak::ExtractorMessage => (Kind::Argument, ", raw,", EVENT),
        Leak::ErrorText | Leak::ErrorData | Leak::PanicPayload => (Kind::Error, ", raw,", EVENT),
        Leak::ResultText => (Kind::Result, ", raw,", EVENT),
        Leak::Meta => (Kind::Context, ", raw,", EVENT),
        Leak::Intent => (Kind::Intent, ", raw,", EVENT),
        Leak::LogLine => (Kind::Argument, ", raw,", "in tracing"),
        Leak::StderrLine => (Kind::Argument, ", raw,", "in stderr"),
        Leak::WatchDebug => (Kind::Argument, ", raw,", "in Debug of Watch"),
        Leak::SpanAttribute => (Kind::Argument, ", raw,", "in spans of OTLP request"),
        Leak::DataPointAttribute => (Kind::Argument, ", raw,", "in metrics of OTLP request"),
        Leak::OtelAttribute => (Kind::Argument, ", raw,", "in spans of the provider"),
        Leak::OtelPoint => (Kind::Argument, ", raw,", "in metrics of the provider"),
        Leak::Header => (Kind::Argument, ", raw,", "in head of request"),
        Leak::GrpcMetadata => (Kind::Argument, ", raw,", "in head of OTLP call over gRPC"),
        Leak::FileName => (Kind::Argument, ", raw,", "a file's name"),
        Leak::InstallKey => (Kind::InstallKey, ", hex,", EVENT),
        Leak::Uri | Leak::Subscription | Leak::ToolName | Leak::ToolArgument => RAW_ARGUMENT,
        Leak::RequestState | Leak::InputResponse | Leak::Cursor | Leak::TaskId => RAW_ARGUMENT,
        Leak::PromptName | Leak::PromptArgument | Leak::CompletionArgument => RAW_ARGUMENT,
        Leak::CompletionValue | Leak::CompletionContext | Leak::CustomMethod => RAW_ARGUMENT,
        Leak::CustomParams | Leak::NoticeMethod | Leak::NoticeParams => RAW_ARGUMENT,
        Leak::ProgressMessage | Leak::ProgressToken => RAW_ARGUMENT,
        Leak::WrappedIntent => (Kind::Intent, ", raw,", EVENT),
        Leak::ClientName => (Kind::Label, ", raw,", EVENT),
        Leak::ClientTitle | Leak::ClientCapability | Leak::RequestId => RAW_CONTEXT,
        Leak::MetaKey | Leak::TraceState | Leak::SessionText => RAW_CONTEXT,
        Leak::Authorization | Leak::Cookie | Leak::SessionHeader => RAW_CONTEXT,
        Leak::Identity => (Kind::Identity, ", raw,", EVENT),
        Leak::ResourceContent | Leak::PromptMessage | Leak::CompletionOffer => RAW_RESULT,
        Leak::ListedText | Leak::TaskMessage | Leak::CustomResult => RAW_RESULT,
        Leak::CancelReason => (Kind::Error, ", raw,", EVENT),
        Leak::OperationMessage | Leak::OperationData | Leak::OperationPanic => {
            (Kind::Error, ", raw,", EVENT)
        }
        Leak::BeginRecord => (Kind::Argument, ", raw,", DURING),
        Leak::WatchedDebug => (Kind::Argument, ", raw,", "in Debug of Watched"),
        Leak::Manifest => (Kind::Argument, ", raw,", "in manifest as text"),
        Leak::StructuredLog => (Kind::Argument, ", raw,", "in tracing"),
        Leak::AgentCat | Leak::McpWatch => RAW_ARGUMENT,
        Leak::Metrics => (Kind::Argument, ", raw,", "in Debug of Metrics"),
        Leak::PrometheusText => (Kind::Argument, ", raw,", "in Prometheus text"),
    }
}

/// What is found while this leak is planted, in this process or in a child whose stderr is read.
fn found(leak: Leak, seed: u64) -> BTreeSet<String> {
    if leak == Leak::StderrLine {
        let child =
            child::run(env!("CARGO_BIN_EXE_canary_child"), seed, Some(&format!("{leak:?}")));
        return child.expect("the suite's own machinery").leaks;
    }
    plant(Some(leak));
    if leak as usize > Leak::InstallKey as usize {
        let outcome = whole::round::run(&of_wrapper(leak, seed));
        plant(None);
        return outcome.expect("the suite's own machinery").verdict.leaks;
    }
    let is_grpc = leak == Leak::GrpcMetadata;
    let round = Round { intent: IntentLevel::Len, is_grpc, ..Round::new(seed, CALLS) };
    let outcome = run(&round).expect("the suite's own machinery");
    plant(None);
    outcome.verdict.leaks
}

/// A round with a wrapped server that holds what this leak is about. Leaks of wrappers come last.
fn of_wrapper(leak: Leak, seed: u64) -> whole::round::Round {
    let is_http = matches!(leak, Leak::Authorization | Leak::Cookie | Leak::SessionHeader);
    let is_stateless = leak == Leak::Subscription;
    whole::round::Round {
        seed,
        era: if is_stateless { Era::Stateless } else { Era::Session },
        is_http,
        is_routed: false,
        intent: IntentLevel::Len,
        identity: IdentityLevel::Hash,
        ends: match leak {
            Leak::OperationMessage | Leak::OperationData => &[End::Refuse],
            Leak::OperationPanic => &[End::Panic],
            Leak::BeginRecord => &[End::Wait],
            // Twice: some words are hidden in Base64.
            _ => &[End::Reply, End::Reply],
        },
    }
}

/// The finding that a leak must have led to.
fn expected(leak: Leak, found: &BTreeSet<String>) -> Option<String> {
    let (kind, encoding, place) = expectation(leak);
    let kind = format!("{kind:?} ");
    let is_it =
        |line: &&String| line.starts_with(&kind) && line.contains(encoding) && line.contains(place);
    let line = found.iter().find(is_it);
    if line.is_none() {
        let some: Vec<_> = found.iter().take(3).collect();
        eprintln!("{leak:?}: not as expected, but {some:#?}");
    }
    line.map(|line| format!("{} findings, such as: {line}", found.len()))
}

#[test]
fn every_planted_leak_is_found_and_none_without() {
    let mut missed = Vec::new();
    for (seed, leak) in (7_000..).zip(Leak::ALL) {
        // Some words are hidden in Base64, as chance will have it: another round has others.
        let mut rounds = (seed..).step_by(1_000).take(ROUNDS).map(|seed| found(*leak, seed));
        match rounds.find_map(|found| expected(*leak, &found)) {
            Some(line) => eprintln!("{leak:?}: {line}"),
            None => missed.push(leak),
        }
    }
    assert!(missed.is_empty(), "planted and not found: {missed:#?}");
    let round = Round { intent: IntentLevel::Len, ..Round::new(6_999, CALLS) };
    let found = run(&round).expect("the suite's own machinery").verdict.leaks;
    assert!(found.is_empty(), "found although nothing is planted: {found:#?}");
    let round = of_wrapper(Leak::Uri, 6_998);
    let found = whole::round::run(&round).expect("the suite's own machinery").verdict.leaks;
    assert!(found.is_empty(), "found although nothing is planted: {found:#?}");
}
