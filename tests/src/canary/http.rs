//! Requests over streamable HTTP with needles in their headers and in the id of the session.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use toolwatch::testing::{Received, Receiver};
use toolwatch::{Stats, Watch};

use super::acts::Act;
use super::calls::{self, Generated};
use super::needle::{Kind, Needles};
use super::sinks::Sinks;
use super::tools::{Server, Stage};
use super::verdict::{self, Verdict};

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many calls are made in the session.
const CALLS: usize = 12;

/// Runs a session.
///
/// # Errors
///
/// When the suite's own machinery fails; never because of a leak.
pub fn run(seed: u64) -> Result<(Verdict, Stats), Box<dyn Error>> {
    let mut needles = Needles::new(seed);
    let directory = tempfile::tempdir()?;
    let receiver = Receiver::start()?;
    let watch = Watch::builder()
        .server("canary-http", "1.0.0")
        .api_key(needles.word(Kind::ApiKey, "the API key"))
        .endpoint(receiver.endpoint())
        .directory(directory.path().to_owned())
        .local()
        .environment(|_| None)
        .build()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut tools = vec![Generated::new("over_http".to_owned(), &mut needles)];
    let schema = tools[0].schema.to_json(&mut needles);
    let server = Server::new(&watch, vec![("over_http".to_owned(), schema)]);
    let address = runtime.block_on(serve(server.clone()))?;
    session(address, &server, &mut tools, &mut needles)?;
    let mut sinks = Sinks::default();
    watch.flush(PATIENCE);
    let events: Vec<Value> = receiver.requests().iter().flat_map(Received::events).collect();
    let is_over_http = |event: &Value| {
        event["transport_type"] == "streamable-http"
            && event["attributes"]["session"]["key"].is_string()
    };
    if events.is_empty() || !events.iter().all(is_over_http) {
        return Err("the calls are not recorded as calls over HTTP in a session".into());
    }
    let stats = watch.stats();
    watch.shutdown(PATIENCE);
    sinks.add_directory("spool", directory.path())?;
    sinks.add_requests(&receiver.requests());
    runtime.shutdown_background();
    Ok((verdict::judge(&needles, &sinks), stats))
}

async fn serve(server: Server) -> io::Result<SocketAddr> {
    let sessions = Arc::new(LocalSessionManager::default());
    let config = StreamableHttpServerConfig::default();
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = axum::Router::new().nest_service("/mcp", service);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

fn session(
    address: SocketAddr,
    server: &Server,
    tools: &mut [Generated],
    needles: &mut Needles,
) -> Result<(), Box<dyn Error>> {
    let client = json!({ "name": needles.text(Kind::Label, "clientInfo name"), "version": "1" });
    let hello =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    let reply = post(address, None, needles, &request(0, "initialize", hello))?;
    let id = session_id(&reply).ok_or("the server opened no session")?;
    needles.secret_id(Kind::Context, "the id of the session", &id);
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    post(address, Some(&id), needles, &ready)?;
    for number in 0..CALLS {
        let call = calls::prepare(number, tools, server, needles);
        let is_answered = call.act.is_answered();
        let act = if is_answered { call.act } else { Act::Text };
        *server.stage() = Stage { act, words: call.words, is_running: false };
        post(address, Some(&id), needles, &request(number + 1, "tools/call", call.params))?;
    }
    Ok(())
}

fn request(id: usize, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// Posts a message over a connection of its own and returns the raw reply.
fn post(
    address: SocketAddr,
    session: Option<&str>,
    needles: &mut Needles,
    message: &Value,
) -> io::Result<String> {
    let mut plant = |header: &str| needles.word(Kind::Context, &format!("the header {header}"));
    let mut head = format!("POST /mcp?token={} HTTP/1.1\r\nhost: {address}\r\n", plant("query"));
    for header in
        ["user-agent", "x-api-key", "referer", "x-forwarded-for", "traceparent", "baggage"]
    {
        head.push_str(&format!("{header}: {}\r\n", plant(header)));
    }
    head.push_str(&format!("authorization: Bearer {}\r\n", plant("authorization")));
    head.push_str(&format!("cookie: id={}; other={}\r\n", plant("cookie"), plant("cookie")));
    if let Some(session) = session {
        head.push_str(&format!(
            "mcp-session-id: {session}\r\nmcp-protocol-version: 2025-11-25\r\n"
        ));
    }
    let body = message.to_string();
    let length = body.len();
    head.push_str(
        "content-type: application/json\r\naccept: application/json, text/event-stream\r\n",
    );
    head.push_str(&format!("connection: close\r\ncontent-length: {length}\r\n\r\n"));
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

fn session_id(reply: &str) -> Option<String> {
    let line = reply.lines().find_map(|line| line.strip_prefix("mcp-session-id:"))?;
    Some(line.trim().to_owned())
}
