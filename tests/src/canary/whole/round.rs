//! One round with a wrapped server in this process: a watch with every hook and every sink, sessions
//! over a pipe or over HTTP, and the search of what came out.

use std::collections::BTreeSet;
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use toolwatch::destination::{AgentCat, IngestClient, IngestFormat};
use toolwatch::local::{Reader, Record, Summary};
use toolwatch::testing::{Received, Receiver, Reply};
use toolwatch::{IdentityLevel, IntentLevel, IntentScope, LogTarget, Watch, WatchBuilder};

use super::author::{self, Told};
use super::drive::{Drive, Inside};
use super::fixed::Fixed;
use super::operations::REPORT;
use super::script::End;
use super::server::Whole;
use super::tools::{DYNAMIC, wrap};
use super::wire::Wire;
use crate::canary::needle::{Kind, Needles};
use crate::canary::otlp::OtlpSink;
use crate::canary::schema::Schema;
use crate::canary::sinks::{self, Sinks};
use crate::canary::verdict::{self, Verdict};
use crate::canary::{logs, panics};
use crate::posts;
use crate::sdk::Sdk;
use crate::wrapped::Era;

/// How long a step may take that takes milliseconds when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a round does.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Where the needles and choices start.
    pub seed: u64,
    /// Which protocol.
    pub era: Era,
    /// Whether it goes over HTTP.
    pub is_http: bool,
    /// Whether the router is handed over.
    pub is_routed: bool,
    /// How much of the intent may leave.
    pub intent: IntentLevel,
    /// How much of an identity may leave.
    pub identity: IdentityLevel,
    /// How handlers end.
    pub ends: &'static [End],
}

/// What came of a round.
pub struct Outcome {
    /// What the search says.
    pub verdict: Verdict,
    /// Every kind of event with every outcome that it had.
    pub outcomes: BTreeSet<(String, String)>,
    /// Which sinks held anything at all.
    pub sinks: BTreeSet<String>,
    /// How many needles there were.
    pub needles: usize,
    /// How many bytes were searched.
    pub bytes: usize,
}

/// Runs a round.
///
/// # Errors
///
/// When the suite's own machinery fails; never because of a leak.
pub fn run(round: &Round) -> Result<Outcome, Box<dyn Error>> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    logs::collect();
    logs::take();
    panics::keep_quiet();
    let (mut needles, mut sinks) = (Needles::new(round.seed), Sinks::default());
    let (directory, receiver) = (tempfile::tempdir()?, Receiver::start()?);
    let (collector, cat) = (OtlpSink::start(round.is_http)?, Receiver::start()?);
    collector.misbehave(&mut needles);
    misbehave(&receiver, &mut needles);
    let (fixed, schema) = Fixed::plant(&mut needles);
    let told = Told::default();
    let builder = builder(round, &mut needles, &receiver, directory.path(), &told);
    let builder = author::plug(builder, &told, &fixed);
    let builder = builder.otlp(collector.otlp());
    let sdk = Sdk::default();
    let builder = builder.otel(sdk.otel());
    let builder = builder.destination(AgentCat::new(&cat.endpoint(), "proj_canary")?);
    sinks.add_debug("WatchBuilder", &builder);
    let watch = builder.build()?;
    let key = std::fs::read(directory.path().join("key"))?;
    needles.secret(Kind::InstallKey, "the install key", &key);
    let server = Whole::new(&watch, fixed, &told);
    quietly(|| feed(round, &server, &schema, directory.path(), (&mut needles, &mut sinks)))??;
    sinks.add_directory("spool before delivery", directory.path())?;
    let delivery = watch.flush(PATIENCE);
    quietly(|| add_debugs(&mut sinks, &watch, &server, round.is_routed))?;
    sinks.add_debug("Delivery", &delivery);
    watch.shutdown(PATIENCE);
    sinks.add_directory("spool after delivery", directory.path())?;
    add_local(&mut sinks, directory.path())?;
    sinks.add_requests(&receiver.requests());
    sinks.add_requests(&cat.requests());
    sinks.add_requests(&as_mcpwatch(&receiver.requests())?);
    sinks.add_otlp(&collector);
    sinks.add_otel(&sdk);
    sinks.add("tracing", logs::take());
    sinks.add("what callbacks, hooks and handlers print", told.text());
    Ok(Outcome {
        verdict: verdict::judge(&needles, &sinks),
        outcomes: outcomes(&receiver.requests()),
        sinks: names(&sinks),
        needles: needles.len(),
        bytes: sinks.len(),
    })
}

/// Works on a thread whose panics are on purpose: hooks are asked wherever a server is wrapped.
fn quietly<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let thread = std::thread::Builder::new().name(panics::QUIET.to_owned());
    std::thread::scope(|scope| {
        let joined = thread.spawn_scoped(scope, work)?.join();
        joined.map_err(|_| io::Error::other("the suite has panicked"))
    })
}

/// The watch: default settings but for what a round varies, all sinks open.
fn builder(
    round: &Round,
    needles: &mut Needles,
    receiver: &Receiver,
    directory: &Path,
    told: &Told,
) -> WatchBuilder {
    let (errors, quotas) = (told.clone(), told.clone());
    Watch::builder()
        .begin_records(true)
        .server("canary-whole", "1.0.0")
        .api_key(needles.word_within(Kind::ApiKey, "the API key", "tw_live_", ""))
        .endpoint(receiver.endpoint())
        .directory(directory.to_owned())
        .local()
        .intent(round.intent)
        .intent_scope(IntentScope::All)
        .identity_level(round.identity)
        .missing_tool_report(REPORT)
        .skip_tools(["nobody"])
        .log(LogTarget::Tracing)
        .audit(sinks::audit(directory))
        .metrics_resource(true)
        .flush_interval(Duration::from_millis(20))
        .environment(|_| None)
        .on_error(move |error| errors.add(sinks::describe(error)))
        .on_quota_warning(move |quota| quotas.add_debug(quota))
}

/// A receiver that complains with needles, and refuses the events of one tool for good.
fn misbehave(receiver: &Receiver, needles: &mut Needles) {
    let complaint =
        needles.text(Kind::Error, "what the endpoint answers").replace(['\r', '\n'], "");
    let quota = json!({ "limit": 10, "remaining": 1, "status": "warning", "reset": complaint });
    let partly = json!({ "accepted": 1, "rejected": 1, "errors": [complaint], "quota": quota });
    receiver.script([Reply::status(202).body(partly.to_string())]);
    let is_poison = |event: &Value| event["event_name"] == DYNAMIC;
    receiver.decide(move |request: &Received| match request.events() {
        events if events.iter().any(is_poison) => Reply::status(400).body(complaint.clone()),
        _ => Reply::status(202),
    });
}

/// Drives sessions, on a runtime of its own.
fn feed(
    round: &Round,
    server: &Whole,
    schema: &Schema,
    directory: &Path,
    (needles, sinks): (&mut Needles, &mut Sinks),
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(panics::QUIET)
        .enable_all()
        .build()?;
    let inside = Inside { watch: server.watch.clone(), server: server.clone() };
    let mut drive = Drive {
        era: round.era,
        needles,
        schema,
        inside: Some(inside),
        spool: directory.to_owned(),
        turn: 0,
        is_http: round.is_http,
        is_routed: round.is_routed,
        sinks,
    };
    runtime.block_on(sessions(round, server, &mut drive))?;
    runtime.shutdown_timeout(PATIENCE);
    Ok(())
}

/// What is sent of these events to an endpoint that wants the form of MCPWatch.
fn as_mcpwatch(requests: &[Received]) -> Result<Vec<Received>, Box<dyn Error>> {
    let receiver = Receiver::start()?;
    let client = IngestClient::builder(receiver.endpoint(), "key");
    let client = client.format(IngestFormat::McpWatch).build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for request in requests {
        let body = serde_json::from_slice::<Value>(&request.body()).unwrap_or_default();
        if let Some(events) = body["events"].as_array() {
            runtime.block_on(client.send_batch(events))?;
        }
    }
    Ok(receiver.requests())
}

async fn sessions(round: &Round, server: &Whole, drive: &mut Drive<'_>) -> io::Result<()> {
    let (make, is_routed) = (server.clone(), round.is_routed);
    let address = posts::serve(move || wrap(&make, is_routed)).await;
    let connect = || match round.is_http {
        true => Wire::http(address, round.era),
        false => {
            let pipe = crate::wrapped::spawn(wrap(server, is_routed));
            let (reader, writer) = tokio::io::split(pipe);
            Wire::pipe(reader, writer)
        }
    };
    if round.era == Era::Session {
        for end in [End::Refuse, End::Panic, End::Early] {
            drive.fail_to_open(&mut connect(), end).await?;
        }
    }
    let mut wire = connect();
    drive.open(&mut wire).await?;
    drive.run(&mut wire, round.ends).await?;
    wire.close(drive.needles).await
}

/// What public types print, and what the watch says of itself.
fn add_debugs(sinks: &mut Sinks, watch: &Watch, server: &Whole, is_routed: bool) {
    let watched = wrap(server, is_routed);
    let manifest = watch.manifest();
    let (check, own_check) = (watched.self_check(), watch.self_check(&server.router()));
    sinks.add_debug("Watch", watch);
    sinks.add_debug("Stats", &watch.stats());
    sinks.add_debug("Metrics", &watch.metrics());
    sinks.add_debug("Quota", &watch.quota_status());
    sinks.add_metrics(watch);
    sinks.add_debug("Watched", &watched);
    sinks.add_debug("Manifest", &manifest);
    sinks.add_debug("SelfCheck", &check);
    sinks.add_debug("SelfCheck of a router", &own_check);
    sinks.add("manifest as text", manifest.to_string());
    sinks.add("manifest as JSON", json!(manifest).to_string());
    sinks.add("self-check as text", format!("{check}\n{own_check}"));
    sinks.add("self-check as JSON", json!([check, own_check]).to_string());
}

/// What the readers of the local record show.
fn add_local(sinks: &mut Sinks, directory: &Path) -> Result<(), Box<dyn Error>> {
    let reader = Reader::open(directory)?;
    sinks.add_debug("Reader", &reader);
    let records: Vec<Record> = reader.into_iter().collect();
    sinks.add_shown("records as JSON", serde_json::to_string(&records)?);
    sinks.add_shown("Debug of records", format!("{records:?}"));
    let summary = Summary::of(records);
    sinks.add_shown("summary as text", summary.to_string());
    sinks.add_shown("summary as JSON", serde_json::to_string(&summary)?);
    sinks.add_shown("Debug of Summary", format!("{summary:?}"));
    Ok(())
}

fn names(sinks: &Sinks) -> BTreeSet<String> {
    let full = sinks.0.iter().filter(|sink| !sink.bytes.is_empty());
    full.map(|sink| sink.name.clone()).collect()
}

/// The types of events and their outcomes.
fn outcomes(requests: &[Received]) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let events = requests.iter().flat_map(Received::events);
    events
        .map(|event| (text(&event["event_type"]), text(&event["attributes"]["outcome"])))
        .collect()
}
