//! A real collector prints what it got of a server over stdio that was killed after its last reply,
//! and of one over HTTP.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use toolwatch::Otlp;
use toolwatch_tests::clients::Runtime;
use toolwatch_tests::observed::offline;
use toolwatch_tests::ports;
use toolwatch_tests::posts::{self, Posts};
use toolwatch_tests::raw::RawServer;
use toolwatch_tests::server::watched;
use toolwatch_tests::wrapped::Era;

use super::collector::PATIENCE;

/// The collector as a child process. It is killed when this is dropped.
struct Rotel {
    child: Child,
    endpoint: String,
    grpc_endpoint: String,
    output: PathBuf,
}

impl Rotel {
    fn start(program: &Path, directory: &Path) -> Self {
        // One that finds a port taken ends: another one looks for others.
        let started = (0..10).find_map(|_| Self::try_start(program, directory));
        started.expect("a collector that listens")
    }

    /// A collector that listens; `None` when it has ended before.
    fn try_start(program: &Path, directory: &Path) -> Option<Self> {
        let [http, grpc] =
            [(); 2].map(|()| ports::quiet().expect("a port")).map(|address| address.to_string());
        let output = directory.join("rotel.out");
        let file = File::create(&output).expect("a file");
        let mut child = Command::new(program)
            .args(["start", "--exporter", "blackhole", "--debug-log", "traces"])
            .args(["--debug-log", "metrics", "--debug-log-verbosity", "detailed"])
            .args(["--otlp-http-endpoint", &http, "--otlp-grpc-endpoint", &grpc])
            .arg("--pid-file")
            .arg(directory.join("rotel.pid"))
            .arg("--log-file")
            .arg(directory.join("rotel.log"))
            .stdin(Stdio::null())
            .stderr(file.try_clone().expect("the same file"))
            .stdout(file)
            .spawn()
            .expect("the collector starts");
        let start = Instant::now();
        while [&http, &grpc].iter().any(|address| TcpStream::connect(address).is_err()) {
            if child.try_wait().expect("its status").is_some() {
                return None;
            }
            assert!(start.elapsed() < PATIENCE, "the collector does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let [endpoint, grpc_endpoint] = [http, grpc].map(|address| format!("http://{address}"));
        Some(Self { child, endpoint, grpc_endpoint, output })
    }

    /// What it printed, without colours.
    fn printed(&self) -> String {
        let text =
            String::from_utf8_lossy(&std::fs::read(&self.output).expect("the output")).into_owned();
        let mut plain = String::new();
        let mut is_colour = false;
        for c in text.chars() {
            match c {
                '\u{1b}' => is_colour = true,
                'm' if is_colour => is_colour = false,
                c if !is_colour => plain.push(c),
                _ => {}
            }
        }
        plain
    }

    /// Waits until it printed all of this, and returns everything.
    fn wait_for(&self, lines: &[&str]) -> String {
        self.wait_for_part(lines, |printed| printed)
    }

    /// Waits until this part of what it printed has these lines, and returns everything.
    fn wait_for_part(&self, lines: &[&str], part: impl Fn(&str) -> &str) -> String {
        let start = Instant::now();
        loop {
            let printed = self.printed();
            let missing = lines.iter().find(|line| !part(&printed).contains(**line));
            let Some(line) = missing else { return printed };
            assert!(start.elapsed() < PATIENCE, "no {line:?} in:\n{printed}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Rotel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The part of what was printed that is about the span of this name; empty when there is none.
fn span<'a>(printed: &'a str, name: &str) -> &'a str {
    let found = printed.split("\nSpan #").skip(1);
    let mut found = found.filter(|part| part.contains(&format!("Name           : {name}\n")));
    let part = found.next().unwrap_or_default();
    part.split("\nResource").next().unwrap_or(part)
}

const IN_META: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01";
const IN_HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

/// A stdio server that is killed after its last reply, and the one that starts after it.
fn kill_one(rotel: &Rotel, protocol: &str, endpoint: &str, directory: &Path) {
    let directory = directory.join("spool");
    let directory = directory.to_string_lossy();
    let start = |interval: &str, metrics_interval: &str| {
        let variables = [
            ("TOOLWATCH_OTLP", "1"),
            ("TOOLWATCH_DIR", &*directory),
            ("TOOLWATCH_FLUSH_INTERVAL_MS", interval),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_METRIC_EXPORT_INTERVAL", metrics_interval),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=suite"),
        ];
        let arguments = ["watched", "stdio"];
        let program = env!("CARGO_BIN_EXE_wrapped");
        RawServer::start(program, &arguments, &variables).expect("the server starts")
    };
    // An hour: nothing is sent before the kill.
    let mut server = start("3600000", "3600000");
    server.initialize().expect("the handshake");
    let meta = json!({ "traceparent": IN_META });
    for (tool, arguments) in [
        ("echo", json!({ "text": "hello" })),
        ("fail", json!({ "text": "hello" })),
        ("protocol_fail", json!({ "text": "hello" })),
    ] {
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        let id = server.send_request("tools/call", params).expect("a call");
        server.read_reply(id).expect("a reply");
    }
    server.kill().expect("the server dies");
    let mut next = start("20", "1000");
    next.initialize().expect("the handshake");
    next.call("answer", json!({ "text": "x" })).expect("a reply");
    // At its end it would send its own events first, and leave the others to whoever comes next.
    rotel.wait_for(&["Name           : tools/call protocol_fail\n"]);
    // Nor does its end wait for a busy machine to send its metrics.
    rotel.wait_for(&["-> Name: mcp.server.operation.duration"]);
    next.close().expect("a clean end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_collector_prints_spans_parents_links_status_buckets_and_resource() {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients");
    let Some(runtime) = Runtime::rotel(&cache).await else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let rotel = Rotel::start(runtime.program(), directory.path());
    kill_one(&rotel, "http/protobuf", &rotel.endpoint, directory.path());
    let printed = check(&rotel);
    link(&rotel).await;
    rotel.wait_for_part(&["0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"], |printed| {
        span(printed, "tools/call blocks")
    });
    let spans = printed.matches("\nSpan #").count();
    println!("rotel printed {spans} spans in {} lines", printed.lines().count());
    if let Ok(path) = std::env::var("TOOLWATCH_ROTEL_OUTPUT") {
        std::fs::write(path, rotel.printed()).expect("a copy of the output");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_collector_prints_the_same_over_grpc() {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients");
    let Some(runtime) = Runtime::rotel(&cache).await else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let rotel = Rotel::start(runtime.program(), directory.path());
    kill_one(&rotel, "grpc", &rotel.grpc_endpoint, directory.path());
    let printed = check(&rotel);
    println!("rotel printed {} lines of what came over gRPC", printed.lines().count());
}

/// Spans, resource and histogram of the servers, as the collector has understood them.
fn check(rotel: &Rotel) -> String {
    let echo = [
        "Trace ID       : 4bf92f3577b34da6a3ce929d0e0e4736",
        "Parent ID      : b7ad6b7169203331",
        "Kind           : SPAN_KIND_SERVER",
        "-> mcp.method.name: Str(tools/call)",
        "-> gen_ai.tool.name: Str(echo)",
        "-> gen_ai.operation.name: Str(execute_tool)",
        "-> mcp.tool.args.text.length: Int(5)",
        "-> mcp.tool.args.schema_valid: Bool(true)",
        "-> network.transport: Str(pipe)",
    ];
    rotel.wait_for_part(&echo, |printed| span(printed, "tools/call echo"));
    let failed = ["STATUS_CODE_ERROR", "-> error.type: Str(tool_error)"];
    rotel.wait_for_part(&failed, |printed| span(printed, "tools/call fail"));
    let internal = ["STATUS_CODE_ERROR", "-> rpc.response.status_code: Str(-32603)"];
    let printed = rotel.wait_for_part(&internal, |of| span(of, "tools/call protocol_fail"));
    assert!(!span(&printed, "tools/call echo").contains("STATUS_CODE_ERROR"));
    let resource = [
        "-> service.name: Str(wrapped)",
        "-> service.version: Str(1.2.3)",
        "-> service.instance.id: Str(",
        "-> mcp.server.name: Str(wrapped)",
        "-> deployment.environment.name: Str(suite)",
        "-> telemetry.sdk.name: Str(toolwatch)",
        "InstrumentationScope toolwatch ",
    ];
    rotel.wait_for(&resource);
    let buckets = [
        "-> Name: mcp.server.operation.duration",
        "-> DataType: Histogram",
        "-> AggregationTemporality: AGGREGATION_TEMPORALITY_CUMULATIVE",
        "ExplicitBounds #5: 0.01",
        "ExplicitBounds #18: 300",
        "Buckets #19, Count: 0",
    ];
    rotel.wait_for(&buckets)
}

/// A call over HTTP with one trace in its header and another in `_meta`.
async fn link(rotel: &Rotel) {
    let directory = tempfile::tempdir().expect("a directory");
    let otlp = Otlp::new().endpoint(&rotel.endpoint).metrics(false);
    let watch = offline().directory(directory.path()).otlp(otlp).build().expect("a watch");
    let wrapper = watch.clone();
    let address = posts::serve(move || wrapper.wrap(watched::Server)).await;
    let client = Posts::start(address, Era::Session, "links").await.expect("a client");
    let mut client = client.with_header("traceparent", IN_HEADER);
    let meta = json!({ "traceparent": IN_META });
    let params = json!({ "name": "blocks", "arguments": { "text": "x" }, "_meta": meta });
    client.request("tools/call", params).await.expect("a reply");
    watch.flush(PATIENCE);
}
