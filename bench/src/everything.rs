//! Watches with one destination or reader, and with all of them, as `examples/everything.rs` has it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use toolwatch::audit::{Audit, Policy, keygen};
use toolwatch::destination::AgentCat;
use toolwatch::{LogTarget, Otel, Otlp, Watch, WatchBuilder};

use crate::otel;
use crate::receiver::Receiver;

/// What is measured, by its name. The first two have no watch.
pub const SUBJECTS: [&str; 16] = [
    "unwatched", "A/A control", "spool only", "+ log", "+ prometheus", "+ metrics resource", "+ ingest", "+ otlp", "+ agentcat",
    "+ audit", "+ otel spans", "all readers", "all destinations", "all on", "spool only, begin records", "all on, begin records, refuse",
];

/// Where destinations send to.
pub struct Endpoints {
    /// The ingest service, the collector and AgentCat.
    pub urls: [String; 3],
    _receivers: Vec<Receiver>,
}

impl Endpoints {
    /// Receivers in this process, whose threads are all named `receiver`.
    pub fn start() -> Self {
        let receivers: Vec<_> = ["{}", "", "{}"].into_iter().map(|reply| Receiver::start(reply).expect("a receiver")).collect();
        let url = |at: usize| receivers[at].url().to_owned();
        Self { urls: [url(0), url(1), url(2)], _receivers: receivers }
    }

    /// Receivers of another process.
    pub fn of(urls: &str) -> Self {
        let mut urls = urls.split(',').map(str::to_owned);
        Self { urls: std::array::from_fn(|_| urls.next().expect("three addresses")), _receivers: Vec::new() }
    }
}

/// The watch of a subject; off for one that is not watched. Events are kept as a local record by
/// every one that is on.
pub fn build(subject: &str, directory: &Path, endpoints: &Endpoints) -> Watch {
    let builder = Watch::builder().server("bench", "1.0.0").directory(directory.join("spool")).local();
    let [ingest, collector, agentcat] = &endpoints.urls;
    let builder = match subject {
        "unwatched" | "A/A control" => return Watch::disabled(),
        "spool only" => builder,
        "spool only, begin records" => builder.begin_records(true),
        "+ log" => builder.log(LogTarget::Stderr),
        "+ prometheus" => builder.prometheus_listen(SocketAddr::from(([127, 0, 0, 1], 0))),
        "+ metrics resource" => builder.metrics_resource(true),
        "+ ingest" => builder.endpoint(ingest).api_key("bench-key-of-no-account"),
        "+ otlp" => builder.otlp(Otlp::new().endpoint(collector)),
        "+ agentcat" => builder.destination(AgentCat::new(agentcat, "proj_bench").expect("a destination")),
        "+ otel spans" => builder.otel(Otel::new().tracer_provider(otel::provider()).metrics(false)),
        "+ audit" => builder.audit(audit(directory, Policy::Degrade)),
        "all readers" => readers(builder, directory, Policy::Degrade),
        "all destinations" => destinations(builder, endpoints),
        "all on" => readers(destinations(builder, endpoints), directory, Policy::Degrade),
        "all on, begin records, refuse" => readers(destinations(builder, endpoints), directory, Policy::Refuse).begin_records(true),
        other => panic!("there is no subject {other}"),
    };
    let watch = builder.build().expect("a watch");
    assert!(watch.is_enabled(), "the environment turns the watch off");
    watch
}

fn destinations(builder: WatchBuilder, endpoints: &Endpoints) -> WatchBuilder {
    let [ingest, collector, agentcat] = &endpoints.urls;
    let agentcat = AgentCat::new(agentcat, "proj_bench").expect("a destination");
    builder.endpoint(ingest).api_key("bench-key-of-no-account").otlp(Otlp::new().endpoint(collector)).destination(agentcat)
}

fn readers(builder: WatchBuilder, directory: &Path, policy: Policy) -> WatchBuilder {
    let prometheus = SocketAddr::from(([127, 0, 0, 1], 0));
    builder.audit(audit(directory, policy)).log(LogTarget::Stderr).metrics_resource(true).prometheus_listen(prometheus)
}

fn audit(directory: &Path, policy: Policy) -> Audit {
    let log = directory.join("audit");
    keygen(&log).expect("keys");
    let builder = Audit::builder(log).server("bench", "1.0.0").policy(policy);
    builder.checkpoint_file(directory.join("checkpoints")).build().expect("an audit log")
}

/// Sees to it that everything recorded has left the process, and that Prometheus has looked once.
pub fn settle(watch: &Watch) {
    if let Some(address) = watch.prometheus_address() {
        scrape(address);
    }
    watch.flush(Duration::from_secs(30));
    for (name, stats) in watch.destinations() {
        assert_eq!(stats.memory_fallbacks, 0, "{name} has no disk");
        // A local record without a destination keeps all, and the oldest give way.
        let own = stats.own();
        assert!(name == "none" || own.delivered() == own.captured(), "{name} does not keep up: {own:?}");
    }
}

/// One request for the metrics; returns the bytes of the answer.
pub fn scrape(address: SocketAddr) -> usize {
    let mut stream = TcpStream::connect(address).expect("the listener");
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n").expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    answer.len()
}
