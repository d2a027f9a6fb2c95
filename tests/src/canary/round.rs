//! One round: a watch with all its sinks, a server with generated and typed tools, calls that end
//! in every way, and the search of what came out.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toolwatch::testing::{Received, Receiver, Reply};
use toolwatch::{HashMode, IntentLevel, Watch, WatchBuilder};

use super::acts::Act;
use super::calls::{self, Generated, Prepared};
use super::link::Link;
use super::needle::{Kind, Needles};
use super::otlp::OtlpSink;
use super::sinks::{self, Sinks};
use super::tools::Server;
use super::verdict::{self, Verdict};
use super::{logs, panics};
use crate::sdk::Sdk;

/// How long a step may take that takes milliseconds when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many calls go to one generated tool, about.
const CALLS_PER_TOOL: usize = 12;

/// How many calls go over one connection.
const CALLS_PER_LINK: usize = 40;

/// What a round does.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Where the needles and choices start.
    pub seed: u64,
    /// How many calls are made.
    pub calls: usize,
    /// How much of the intent may leave.
    pub intent: IntentLevel,
    /// How arguments are hashed.
    pub hash: HashMode,
    /// Whether spans and metrics go over gRPC.
    pub is_grpc: bool,
}

impl Round {
    /// A round at default settings; every other one sends over gRPC.
    pub fn new(seed: u64, calls: usize) -> Self {
        let (intent, hash) = (IntentLevel::default(), HashMode::default());
        Self { seed, calls, intent, hash, is_grpc: seed.is_multiple_of(2) }
    }
}

/// What came of a round.
pub struct Outcome {
    /// What the search says.
    pub verdict: Verdict,
    /// How many events the receiver got, by their outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// The same by whether their arguments fit the schema.
    pub schema_valid: BTreeMap<String, usize>,
    /// Which sinks held anything at all.
    pub sinks: BTreeSet<String>,
    /// How many events there were by the watch's own account.
    pub taken: u64,
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
    // Rounds share the process's log and panic hook.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    logs::collect();
    logs::take();
    let mut needles = Needles::new(round.seed);
    let mut sinks = Sinks::default();
    let directory = tempfile::tempdir()?;
    let (receiver, collector) = (Receiver::start()?, OtlpSink::start(round.is_grpc)?);
    collector.misbehave(&mut needles);
    misbehave(&receiver, &mut needles);
    let told = Arc::new(Mutex::new(String::new()));
    let builder = builder(round, &receiver, directory.path(), &told, &mut needles);
    let builder = builder.otlp(collector.otlp());
    let sdk = Sdk::default();
    let builder = builder.otel(sdk.otel());
    sinks.add_debug("WatchBuilder", &builder);
    let watch = builder.build()?;
    needles.secret(
        Kind::InstallKey,
        "the install key",
        &std::fs::read(directory.path().join("key"))?,
    );
    feed(&watch, round.calls, &mut needles)?;
    sinks.add_directory("spool before delivery", directory.path())?;
    let delivery = watch.flush(PATIENCE);
    for (name, value) in [("Watch", &watch as &dyn std::fmt::Debug), ("Stats", &watch.stats())] {
        sinks.add_debug(name, value);
    }
    sinks.add_debug("Delivery", &delivery);
    sinks.add_debug("Quota", &watch.quota_status());
    sinks.add_metrics(&watch);
    watch.shutdown(PATIENCE);
    sinks.add_directory("spool after delivery", directory.path())?;
    sinks.add_requests(&receiver.requests());
    sinks.add_otlp(&collector);
    sinks.add_otel(&sdk);
    sinks.add("tracing", logs::take());
    sinks
        .add("arguments of callbacks", told.lock().unwrap_or_else(PoisonError::into_inner).clone());
    Ok(Outcome {
        verdict: verdict::judge(&needles, &sinks),
        outcomes: counts(&receiver.requests(), "/attributes/outcome"),
        schema_valid: counts(&receiver.requests(), "/request_params/schema_valid"),
        sinks: sinks
            .0
            .iter()
            .filter(|sink| !sink.bytes.is_empty())
            .map(|it| it.name.clone())
            .collect(),
        taken: captured(&watch),
        needles: needles.len(),
        bytes: sinks.len(),
    })
}

/// The watch under test: default settings but for the intent's level, all sinks open.
fn builder(
    round: &Round,
    receiver: &Receiver,
    directory: &std::path::Path,
    told: &Arc<Mutex<String>>,
    needles: &mut Needles,
) -> WatchBuilder {
    let (errors, quotas) = (Arc::clone(told), Arc::clone(told));
    let add = |told: &Mutex<String>, text: String| {
        told.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
    };
    Watch::builder()
        .begin_records(true)
        .server("canary", "1.0.0")
        .api_key(needles.word_within(Kind::ApiKey, "the API key", "tw_live_", ""))
        .endpoint(receiver.endpoint())
        .directory(directory.to_owned())
        .local()
        .intent(round.intent)
        .hash_mode(round.hash)
        .log(toolwatch::LogTarget::Tracing)
        .audit(sinks::audit(directory))
        .flush_interval(Duration::from_millis(20))
        .environment(|_| None)
        .on_error(move |error| add(&errors, sinks::describe(error)))
        .on_quota_warning(move |quota| add(&quotas, format!("{quota:?}")))
}

/// A receiver that fails in every way first, and refuses the events of one tool for good.
fn misbehave(receiver: &Receiver, needles: &mut Needles) {
    let complaint =
        needles.text(Kind::Error, "what the endpoint answers").replace(['\r', '\n'], "");
    let header = needles.word(Kind::Error, "a header that the endpoint answers with");
    let quota = json!({ "limit": 10, "remaining": 1, "status": "warning", "reset": complaint });
    let partly =
        json!({ "accepted": 1, "rejected": 1, "errors": [complaint], "quota": quota }).to_string();
    receiver.script([
        Reply::status(503).header("retry-after", "0").body(complaint.clone()),
        Reply::reset(),
        Reply::status(429).header("retry-after", "0").header("x-reason", &header),
        Reply::status(202).body(partly),
    ]);
    let is_poison = |event: &Value| event["event_name"] == "generated_0";
    receiver.decide(move |request: &Received| match request.events() {
        events if events.iter().any(is_poison) => Reply::status(400).body(complaint.clone()),
        _ => Reply::status(202),
    });
}

/// Makes calls to a server with generated and typed tools, and says how many events there were.
///
/// # Errors
///
/// When a call is not recorded.
pub fn feed(watch: &Watch, calls: usize, needles: &mut Needles) -> io::Result<u64> {
    panics::keep_quiet();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(panics::QUIET)
        .enable_all()
        .build()?;
    runtime.block_on(drive(calls, watch, needles))?;
    runtime.shutdown_timeout(PATIENCE);
    Ok(captured(watch))
}

async fn drive(calls: usize, watch: &Watch, needles: &mut Needles) -> io::Result<()> {
    let count = calls.div_ceil(CALLS_PER_TOOL).max(2);
    let mut tools: Vec<Generated> =
        (0..count).map(|at| Generated::new(format!("generated_{at}"), needles)).collect();
    let schemas =
        tools.iter().map(|tool| (tool.name.clone(), tool.schema.to_json(needles))).collect();
    let server = Server::new(watch, schemas);
    let mut link = open(&server, needles).await?;
    for number in 0..calls {
        let call = calls::prepare(number, &mut tools, &server, needles);
        let before = captured(watch);
        let what = format!("call {number} of {}, {:?}", call.tool, call.act);
        let lost = |error| io::Error::other(format!("{what}: {error}"));
        if number > 0 && number % CALLS_PER_LINK == 0 {
            link = open(&server, needles).await?;
        }
        make(call, &mut link, &server, needles).await.map_err(lost)?;
        recorded(watch, before).await.map_err(lost)?;
    }
    Ok(())
}

async fn open(server: &Server, needles: &mut Needles) -> io::Result<Link> {
    let mut plant = |kind, place| needles.text(kind, place);
    let client = json!({
        "name": plant(Kind::Label, "clientInfo name"),
        "version": plant(Kind::Label, "clientInfo version"),
        "title": plant(Kind::Context, "clientInfo title"),
        "websiteUrl": plant(Kind::Context, "clientInfo websiteUrl"),
    });
    Link::open(server, &client).await
}

/// Makes a call and sees it to its end.
async fn make(
    call: Prepared,
    link: &mut Link,
    server: &Server,
    needles: &mut Needles,
) -> io::Result<()> {
    *server.stage() = super::tools::Stage { act: call.act, words: call.words, is_running: false };
    let is_typed = call.tool.ends_with("order");
    let id = link.request("tools/call", call.params).await?;
    if is_typed && call.act != Act::PanicString {
        link.reply(id).await?;
        return Ok(());
    }
    match call.act {
        Act::Cancelled => {
            until(|| server.stage().is_running).await?;
            let reason = needles.text(Kind::Error, "the reason of a cancellation");
            let cancel = json!({ "requestId": id, "reason": reason });
            link.notify("notifications/cancelled", cancel).await?;
        }
        act if act.is_answered() => drop(link.reply(id).await?),
        _ => {}
    }
    Ok(())
}

/// Waits until one more event was captured.
async fn recorded(watch: &Watch, before: u64) -> io::Result<()> {
    until(|| captured(watch) > before).await
}

/// How many events the last destination has: by then those before it have them too.
pub(super) fn captured(watch: &Watch) -> u64 {
    watch.destinations().last().map_or(0, |(_, stats)| stats.own().captured())
}

pub(super) async fn until(condition: impl Fn() -> bool) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        if Instant::now() > deadline {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the call was never recorded"));
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    Ok(())
}

/// How many different events came, by what they have in this place.
fn counts(requests: &[Received], place: &str) -> BTreeMap<String, usize> {
    let events = requests.iter().flat_map(Received::events);
    let by_id: BTreeMap<String, String> = events
        .map(|event| {
            let found = event.pointer(place).cloned().unwrap_or_default();
            let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            (event["event_id"].to_string(), found)
        })
        .collect();
    let mut counts = BTreeMap::new();
    for found in by_id.into_values() {
        *counts.entry(found).or_insert(0) += 1;
    }
    counts
}
