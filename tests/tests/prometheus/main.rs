//! Prometheus: the text, the service, the listener, the text file, the rules and the dashboard, and
//! Debian's Prometheus that scrapes a running server.
//!
//! promtool and prometheus are Debian's package, unpacked below `target` ([`debian`]); where it
//! cannot be had, one line that begins with `SKIPPED` says so.

mod debian;
mod exposition;
mod hostile;
mod listener;
mod names;
mod numbers;
mod outlets;
mod promtool;
mod scrape;
mod textfile;

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use serde_json::{Value, json};
use toolwatch::event::Transport;
use toolwatch::{Watch, WatchBuilder};
use toolwatch_tests::raw::RawServer;
use toolwatch_tests::server::watched;
use toolwatch_tests::wrapped::connect;

const WRAPPED: &str = env!("CARGO_BIN_EXE_wrapped");

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watch for readers in the process alone, that no variable of the suite's own reaches.
fn builder() -> WatchBuilder {
    // What is one session is known of stdio alone.
    let builder = Watch::builder().environment(|_| None).transport(Transport::Stdio);
    builder.server("docs", "1.2.3")
}

/// A session with the watched fixture server.
async fn session(watch: &Watch) -> RunningService<RoleClient, ()> {
    connect(watch.wrap_with_router(watched::Server, watched::Server::tool_router())).await
}

/// Calls a tool, however that ends.
async fn call(client: &RunningService<RoleClient, ()>, tool: &'static str, arguments: Value) {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let request = CallToolRequestParams::new(tool).with_arguments(arguments);
    let _ = client.call_tool(request).await;
}

/// A wrapped server over stdio that shows its metrics, and where.
fn start_listening(variables: &[(&str, &str)]) -> (RawServer, SocketAddr) {
    let mut all = vec![("TOOLWATCH_PROMETHEUS_LISTEN", "127.0.0.1:0"), ("TOOLWATCH_DEBUG", "1")];
    all.extend_from_slice(variables);
    let mut server = RawServer::start(WRAPPED, &["watched", "stdio"], &all).expect("the server");
    let lines = server.error_lines();
    let line = lines.recv_timeout(PATIENCE).expect("the server says where it shows metrics");
    let address = line.split("http://").nth(1).and_then(|rest| rest.strip_suffix("/metrics"));
    (server, address.unwrap_or_else(|| panic!("no address in {line}")).parse().expect("an address"))
}

/// The head and the body of what is at this path.
fn get(address: SocketAddr, path: &str) -> io::Result<(String, String)> {
    send(address, &format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n"))
}

/// What is answered to these bytes.
fn send(address: SocketAddr, request: &str) -> io::Result<(String, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let parts = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

/// Asks again and again until there is an answer.
#[track_caller]
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Arguments of the fixture's tools.
fn text(text: &str) -> Value {
    json!({ "text": text })
}
