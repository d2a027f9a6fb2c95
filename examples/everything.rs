//! A watched server with every destination and every reader on, as a deployment would have them.
//!
//! `cargo run -p toolwatch-examples --example everything -- DIRECTORY` serves over stdio, and with an
//! address behind it, such as `127.0.0.1:8080`, over HTTP: `/mcp`, and `/metrics` for Prometheus.
//! Events go to the ingest endpoint of `TOOLWATCH_ENDPOINT`, to the collector of `TOOLWATCH_OTLP=1`
//! and the `OTEL_*` variables, and to AgentCat by `TOOLWATCH_AGENTCAT=1`; lines to stderr, records to
//! the audit log and the local record in DIRECTORY. With `--demo` it starts receivers of its own,
//! calls its tools and prints what each of them saw. `docs/guides/deployment.md` tells the rest.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolRequestParams, ReadResourceRequestParams};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpService, stdio};
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::audit::{Audit, Policy, Verifier, keygen};
use toolwatch::destination::AgentCat;
use toolwatch::prometheus::Exporter;
use toolwatch::testing::Receiver;
use toolwatch::{LogTarget, Otlp, ServerLogger, Shape, Watch, WatchBuilder, watched_tool};

#[derive(Clone)]
struct Payments;

#[derive(Deserialize, JsonSchema, Shape)]
struct Pay {
    account: String,
    cents: u32,
}

#[tool_router(server_handler)]
impl Payments {
    /// Pay an amount to an account.
    #[watched_tool(args(account = hash))]
    #[tool]
    async fn pay(
        &self,
        logger: ServerLogger,
        Parameters(pay): Parameters<Pay>,
    ) -> Result<String, String> {
        logger.info("a payment was asked for").await;
        match pay.cents {
            0 => Err(format!("nothing to pay to {}", pay.account)),
            cents => Ok(format!("{cents} cents paid")),
        }
    }
}

/// What this process keeps for itself: the local record, the audit log, metrics, the log.
fn builder(directory: &Path) -> Result<WatchBuilder, Box<dyn Error>> {
    let audit = Audit::builder(directory.join("audit"))
        .server("payments", env!("CARGO_PKG_VERSION"))
        .policy(Policy::Refuse)
        .checkpoint_file(directory.join("checkpoints"))
        .build()?;
    Ok(Watch::builder()
        .server("payments", env!("CARGO_PKG_VERSION"))
        .directory(directory.join("spool"))
        .local()
        .begin_records(true)
        .audit(audit)
        .log(LogTarget::Stderr)
        .metrics_resource(true))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        Some(argument) if argument == "--demo" => demo().await,
        Some(directory) => {
            let watch = start(Path::new(&directory))?;
            match std::env::args().nth(2) {
                Some(address) => serve_http(&watch, &address).await,
                None => serve_stdio(&watch).await,
            }
        }
        None => Err("give a directory, or --demo".into()),
    }
}

fn start(directory: &Path) -> Result<Watch, Box<dyn Error>> {
    if !directory.join("audit").exists() {
        // An operator takes the verification key to another machine.
        std::fs::create_dir_all(directory)?;
        let key = keygen(&directory.join("audit"))?;
        std::fs::write(directory.join("payments.verification"), key.to_text())?;
    }
    Ok(builder(directory)?.build()?)
}

async fn serve_stdio(watch: &Watch) -> Result<(), Box<dyn Error>> {
    let server = watch.wrap_with_router(Payments, Payments::tool_router());
    server.serve(stdio()).await?.waiting().await?;
    Ok(())
}

async fn serve_http(watch: &Watch, address: &str) -> Result<(), Box<dyn Error>> {
    // One router of tools for all sessions.
    let (tools, watched) = (Arc::new(Payments::tool_router()), watch.clone());
    let service = StreamableHttpService::new(
        move || Ok(watched.wrap_with_router(Payments, tools.clone())),
        LocalSessionManager::default().into(),
        Default::default(),
    );
    let router = axum::Router::new()
        .nest_service("/mcp", service)
        .route_service("/metrics", Exporter::new(watch).service());
    let listener = tokio::net::TcpListener::bind(address).await?;
    eprintln!("serving on http://{}/mcp", listener.local_addr()?);
    axum::serve(listener, router).with_graceful_shutdown(asked_to_stop()).await?;
    watch.shutdown(Duration::from_secs(5));
    Ok(())
}

/// A service manager asks with SIGTERM, a terminal with Ctrl-C.
async fn asked_to_stop() {
    #[cfg(unix)]
    if let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = tokio::signal::ctrl_c() => return,
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

async fn demo() -> Result<(), Box<dyn Error>> {
    let directory =
        std::env::temp_dir().join(format!("toolwatch-everything-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory)?;
    let (ingest, collector, agentcat) =
        (Receiver::start()?, Receiver::start()?, Receiver::start()?);
    let key = keygen(&directory.join("audit"))?;
    let watch = builder(&directory)?
        .prometheus_listen(SocketAddr::from(([127, 0, 0, 1], 0)))
        .endpoint(ingest.endpoint())
        .api_key("a key")
        .otlp(Otlp::new().endpoint(collector.endpoint()))
        .destination(AgentCat::new(&agentcat.endpoint(), "proj_demo")?)
        .build()?;
    let numbers = call(&watch).await?;
    watch.flush(Duration::from_secs(10));

    println!(
        "ingest: {} events",
        ingest.requests().iter().map(|of| of.events().len()).sum::<usize>()
    );
    let spans =
        collector.requests().iter().filter(|of| of.target().ends_with("/v1/traces")).count();
    println!("otlp: {spans} requests with spans");
    println!("agentcat: {} events", agentcat.requests().len());
    println!("metrics resource: {}", numbers["tools"]["pay"]["outcomes"]);
    if let Some(address) = watch.prometheus_address() {
        let text = scrape(address)?;
        let calls = text.lines().filter(|line| line.starts_with("mcp_tool_calls_total"));
        calls.for_each(|line| println!("prometheus: {line}"));
    }
    for (name, stats) in watch.destinations() {
        println!(
            "{name}: {} delivered, {} dropped",
            stats.own().delivered(),
            stats.own().dropped_total()
        );
    }
    watch.shutdown(Duration::from_secs(5));
    drop(watch);
    let checkpoints = directory.join("checkpoints");
    // A shutdown waits 2 s at most for the checkpoint of the end, and a busy disk may take longer.
    let is_closed = |notes: String| notes.contains("\nclosed\n");
    for _ in 0..600 {
        if std::fs::read_to_string(&checkpoints).is_ok_and(is_closed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let report = Verifier::new(&key).checkpoints(checkpoints).verify(&directory.join("audit"))?;
    println!("audit: {:?}, {} records", report.verdict(), report.records());
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

/// Calls the tool as it should be called and otherwise, and reads the server's numbers.
async fn call(watch: &Watch) -> Result<Value, Box<dyn Error>> {
    let (server_side, client_side) = tokio::io::duplex(1 << 16);
    let server = watch.wrap_with_router(Payments, Payments::tool_router());
    let serving = tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    let client = ().serve(client_side).await?;
    for arguments in [
        json!({ "account": "DE02 1203 0000 0000 2020 51", "cents": 250 }),
        json!({ "account": "DE02 1203 0000 0000 2020 51", "cents": 0 }),
        json!({ "account": "DE02 1203 0000 0000 2020 51", "cents": "many" }),
    ] {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        client.call_tool(CallToolRequestParams::new("pay").with_arguments(arguments)).await?;
    }
    let read = client.read_resource(ReadResourceRequestParams::new("metrics://server")).await?;
    client.cancel().await?;
    serving.await?;
    let contents = serde_json::to_value(&read)?;
    Ok(serde_json::from_str(contents["contents"][0]["text"].as_str().unwrap_or("null"))?)
}

fn scrape(address: SocketAddr) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
