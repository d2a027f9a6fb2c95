//! Debian's Prometheus scrapes a running server over stdio, and its answers are the numbers of the
//! calls that were made.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::debian::{Tools, tools};
use crate::exposition::{Labels, parse};
use crate::names::{docs, queries};
use crate::{get, start_listening, text, wait_for};
use toolwatch_tests::ports;

/// A running Prometheus. It ends with the test.
struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    /// Scrapes `target` every second and evaluates the alert rules.
    fn start(tools: &Tools, directory: &Path, target: SocketAddr) -> Self {
        // One that finds its port taken ends: another one looks for another.
        let started = (0..10).find_map(|_| Self::try_start(tools, directory, target));
        started.expect("Prometheus listens")
    }

    /// `None` when it has ended before it was ready.
    fn try_start(tools: &Tools, directory: &Path, target: SocketAddr) -> Option<Self> {
        let config = json!({
            "global": { "scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s" },
            "rule_files": [docs().join("alerts.yml")],
            "scrape_configs": [
                { "job_name": "docs", "static_configs": [{ "targets": [target.to_string()] }] }
            ],
        });
        let file = directory.join("prometheus.yml");
        std::fs::write(&file, config.to_string()).expect("the settings");
        // It cannot say which free port it got, so one is looked for beforehand.
        let address = ports::quiet().expect("a port");
        let log = std::fs::File::create(directory.join("log")).expect("a log");
        let mut command = Command::new(&tools.prometheus);
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.tsdb.path={}", directory.join("data").display()));
        command.arg(format!("--web.listen-address={address}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("Prometheus starts");
        let mut this = Self { child, address };
        let is_ready = wait_for("Prometheus", || {
            if this.child.try_wait().expect("its status").is_some() {
                return Some(false);
            }
            let (head, _) = get(address, "/-/ready").ok()?;
            head.contains(" 200 ").then_some(true)
        });
        is_ready.then_some(this)
    }

    fn api(&self, path: &str) -> Value {
        let (_, body) = get(self.address, path).expect("an answer");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }

    /// The values of a query by their labels.
    #[track_caller]
    fn query(&self, query: &str) -> BTreeMap<Labels, f64> {
        let encode = |byte: u8| format!("%{byte:02x}");
        let encoded: String = query.bytes().map(encode).collect();
        let answer = self.api(&format!("/api/v1/query?query={encoded}"));
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        let result = answer["data"]["result"].as_array().expect("a vector");
        let sample = |sample: &Value| {
            let labels = serde_json::from_value(sample["metric"].clone()).expect("labels");
            (labels, sample["value"][1].as_str().expect("a value").parse().expect("a number"))
        };
        result.iter().map(sample).collect()
    }

    /// The one value of a query; `None` when there is none yet.
    #[track_caller]
    fn number(&self, query: &str) -> Option<f64> {
        let values = self.query(query);
        assert!(values.len() <= 1, "{query}: {values:?}");
        values.into_values().next()
    }
}

#[test]
fn prometheus_scrapes_a_running_server_and_answers_with_the_calls_that_were_made() {
    let Some(tools) = tools() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let record = directory.path().join("record");
    let record = record.to_string_lossy();
    let variables = [("TOOLWATCH_LOCAL", "1"), ("TOOLWATCH_DIR", &*record)];
    let (mut server, target) = start_listening(&variables);
    let prometheus = Prometheus::start(tools, directory.path(), target);
    server.initialize().expect("the handshake");
    server.call("echo", text("first")).expect("a reply");
    let first = "mcp_tool_calls_total{tool=\"echo\",status=\"ok\"}";
    wait_for("the first call", || prometheus.number(first).filter(|calls| *calls == 1.0));

    let rounds = 20 * toolwatch_tests::scale();
    for n in 0..rounds {
        server.call("echo", text(&format!("call {n}"))).expect("a reply");
        server.call("answer", text(["refuse", "yes", "yes", "yes"][n % 4])).expect("a reply");
        server.call("echo", json!({ "text": n })).expect("a reply");
        server.call("no_such_tool", json!({})).expect("a reply");
    }
    let rounds = rounds as f64;
    let all = "sum(mcp_tool_calls_total)";
    let calls = 4.0 * rounds + 1.0;
    wait_for("every call", || prometheus.number(all).filter(|count| *count == calls));

    for (query, expected) in [
        ("up{job=\"docs\"}", 1.0),
        (first, rounds + 1.0),
        ("sum(mcp_tool_calls_total{status=\"invalid_arguments\"})", rounds),
        (
            "sum(mcp_tool_calls_total{tool=\"answer\",status!~\"ok|input_required|task\"})",
            rounds / 4.0,
        ),
        (
            "mcp_tool_arguments_invalid_total{tool=\"echo\"} / mcp_tool_arguments_checked_total > 0",
            rounds / (2.0 * rounds + 1.0),
        ),
        ("mcp_tool_calls_total{tool=\"_unknown\",status=\"unknown_tool\"}", rounds),
        ("sum(mcp_server_operation_duration_seconds_count{mcp_method_name=\"tools/call\"})", calls),
        ("sum(mcp_tool_duration_seconds_bucket{le=\"+Inf\"})", calls),
        ("sum(toolwatch_events_captured_total) - sum(toolwatch_events_spooled)", 0.0),
        ("count(toolwatch_build_info)", 1.0),
    ] {
        // A scrape that a busy machine has answered too late leaves a gap.
        wait_for(query, || prometheus.number(query).filter(|number| *number == expected));
    }
    let p95 = "histogram_quantile(0.95, sum by (le) (mcp_tool_duration_seconds_bucket))";
    wait_for(p95, || prometheus.number(p95).filter(|p95| *p95 > 0.0 && *p95 < 300.0));

    let count = check_samples(&prometheus, target);
    println!("{count} samples of {calls} calls are the same in Prometheus");
    queries().iter().for_each(|query| drop(prometheus.query(query)));
    check_rules(&prometheus);
    assert!(server.end().expect("the end").0.success());
    wait_for("the end to be seen", || prometheus.number("up").filter(|up| *up == 0.0));
}

/// Checks that, sample by sample, what is stored is what is shown, and says how many there are.
fn check_samples(prometheus: &Prometheus, target: SocketAddr) -> usize {
    let (_, shown) = get(target, "/metrics").expect("an answer");
    let is_steady = |name: &str| name != "toolwatch_uptime_seconds";
    let shown: BTreeMap<(String, Labels), f64> = parse(&shown)
        .expect("a text")
        .samples()
        .into_iter()
        .filter(|(key, _)| is_steady(&key.0))
        .collect();
    wait_for("what is shown to be stored", || {
        let stored = prometheus.query("{job=\"docs\",__name__=~\"(mcp|toolwatch)_.*\"}");
        let mut stored: BTreeMap<(String, Labels), f64> = stored.into_iter().map(by_name).collect();
        stored.retain(|key, _| is_steady(&key.0));
        if stored == shown {
            return Some(shown.len());
        }
        let missed = shown.iter().find(|(key, value)| stored.get(*key) != Some(*value));
        println!("{} samples are stored and {} shown: {missed:?}", stored.len(), shown.len());
        None
    })
}

/// The rules were loaded, and evaluate without a fault; the errors above have fired one of them.
fn check_rules(prometheus: &Prometheus) {
    let firing = "ALERTS{alertname=\"McpToolErrorRateHigh\",alertstate=\"firing\",tool=\"echo\"}";
    wait_for("the alert", || prometheus.number(firing));
    let rules = prometheus.api("/api/v1/rules");
    let groups = rules["data"]["groups"].as_array().expect("groups");
    let rules: Vec<&Value> =
        groups.iter().filter_map(|of| of["rules"].as_array()).flatten().collect();
    assert_eq!(rules.len(), 7);
    assert!(rules.iter().all(|rule| rule["health"] != "err"), "{rules:#?}");
}

/// Takes the name out of the labels, and those that Prometheus has added.
fn by_name((mut labels, value): (Labels, f64)) -> ((String, Labels), f64) {
    let name = labels.remove("__name__").unwrap_or_default();
    labels.remove("job");
    labels.remove("instance");
    ((name, labels), value)
}
