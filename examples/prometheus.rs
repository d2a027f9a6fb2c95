//! A watched server over streamable HTTP that shows Prometheus metrics beside its tools.
//!
//! `cargo run -p toolwatch-examples --example prometheus` serves `/mcp` and `/metrics` on a free port
//! of 127.0.0.1 until Ctrl-C. With `--demo` it calls its tools and prints what a scrape then sees.
//! A server over stdio needs no code for this: see docs/guides/prometheus.md.

use std::error::Error;
use std::sync::Arc;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpService};
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use toolwatch::prometheus::Exporter;
use toolwatch::{Shape, Watch, watched_tool};

#[derive(Clone)]
struct Library;

#[derive(Deserialize, JsonSchema, Shape)]
struct Find {
    title: String,
}

#[tool_router(server_handler)]
impl Library {
    /// Find a book by its title.
    #[watched_tool]
    #[tool]
    async fn find(&self, Parameters(find): Parameters<Find>) -> Result<String, String> {
        match find.title.as_str() {
            "Moby-Dick" => Ok("shelf 7".to_owned()),
            _ => Err("there is no such book".to_owned()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let is_demo = std::env::args().nth(1).as_deref() == Some("--demo");
    // `metrics()` keeps the watch on without any destination, file or thread. Destinations and a
    // local record may stand beside it.
    let watch = Watch::builder().server("library", "1.0.0").metrics().build()?;

    let (tools, watched) = (Arc::new(Library::tool_router()), watch.clone());
    let service = StreamableHttpService::new(
        move || Ok(watched.wrap_with_router(Library, tools.clone())),
        LocalSessionManager::default().into(),
        Default::default(),
    );
    let router = axum::Router::new()
        .nest_service("/mcp", service)
        .route_service("/metrics", Exporter::new(&watch).service());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    eprintln!("serving on http://{address}/mcp, metrics on http://{address}/metrics");

    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let server = tokio::spawn(async move {
        axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned()).await
    });
    if is_demo {
        call(format!("http://{address}/mcp")).await?;
        println!("{}", scrape(&address.to_string()).await?);
    } else {
        tokio::signal::ctrl_c().await?;
    }
    stop.cancel();
    server.await??;
    Ok(())
}

/// Finds a book, misses two, and forgets what it looks for.
async fn call(url: String) -> Result<(), Box<dyn Error>> {
    let client = ().serve(StreamableHttpClientTransport::from_uri(url)).await?;
    let titles = [json!("Moby-Dick"), json!("Moby Dick"), json!("Moby Dick"), Value::Null];
    for title in titles {
        let arguments = json!({ "title": title }).as_object().cloned().unwrap_or_default();
        client.call_tool(CallToolRequestParams::new("find").with_arguments(arguments)).await?;
    }
    client.cancel().await?;
    Ok(())
}

/// What Prometheus would get.
async fn scrape(address: &str) -> Result<String, Box<dyn Error>> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    Ok(body.unwrap_or_default())
}
