//! The server of everything, for clients of other makers: `everything plain|watched|routed stdio|http`.
//!
//! `watched` asks no tool for the intent, so that a client sees no difference at all. `routed` hands
//! its router over, and asks every tool for the intent. Over HTTP the server binds a free port and
//! says on stderr where it is; it ends when its stdin does, so that it never outlives its test.

use std::sync::Arc;

use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, stdio};
use rmcp::{ServerHandler, ServiceExt};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;
use toolwatch::{IntentScope, Watch};
use toolwatch_tests::everything::Everything;

type Fault = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [mode, transport] = arguments[..] else {
        return Err("everything plain|watched|routed stdio|http".into());
    };
    let scope = match mode {
        "plain" => return serve(handlers(), transport).await,
        "watched" => IntentScope::None,
        _ => IntentScope::All,
    };
    let watch = Watch::builder().server("everything", "1.0.0").intent_scope(scope).build()?;
    let make = handlers();
    if mode == "watched" {
        let watch = watch.clone();
        return serve(move || watch.wrap(make()), transport).await;
    }
    let (router, inner) = (Arc::new(Everything::router()), watch.clone());
    serve(move || inner.wrap_with_router(make(), Arc::clone(&router)), transport).await
}

/// Makes a handler for each session; all of them are one server.
fn handlers() -> impl Fn() -> Everything + Send + Sync + 'static {
    let server = Everything::default();
    move || server.clone()
}

async fn serve<H: ServerHandler>(
    make: impl Fn() -> H + Send + Sync + 'static,
    transport: &str,
) -> Result<(), Fault> {
    if transport == "http" {
        return serve_http(make).await;
    }
    make().serve(stdio()).await?.waiting().await?;
    Ok(())
}

async fn serve_http<H: ServerHandler>(
    make: impl Fn() -> H + Send + Sync + 'static,
) -> Result<(), Fault> {
    let end = CancellationToken::new();
    let config = StreamableHttpServerConfig::default().with_cancellation_token(end.child_token());
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(make()), sessions, config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on http://{}/mcp", listener.local_addr()?);
    let app = axum::Router::new().nest_service("/mcp", service);
    let stop = end.clone();
    tokio::spawn(async move {
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
        stop.cancel();
    });
    axum::serve(listener, app).with_graceful_shutdown(end.cancelled_owned()).await?;
    Ok(())
}
