//! The server of everything, for clients of other makers: `everything plain|watched|routed stdio|http`.
//!
//! `routed` is watched as well, and hands its router over. Over HTTP the server binds a free port and
//! says on stderr where it is; it ends when its stdin does, so that it never outlives its test.

use std::sync::Arc;

use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, stdio};
use rmcp::{ServerHandler, ServiceExt};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;
use toolwatch::Watch;
use toolwatch_tests::everything::Everything;

type Fault = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [mode, transport] = arguments[..] else {
        return Err("everything plain|watched|routed stdio|http".into());
    };
    let server = Everything::default();
    if mode == "plain" {
        return serve(move || server.clone(), transport).await;
    }
    let watch = Watch::builder().server("everything", "1.0.0").build()?;
    if mode == "watched" {
        let watch = watch.clone();
        return serve(move || watch.wrap(server.clone()), transport).await;
    }
    let router = Arc::new(Everything::router());
    let inner = watch.clone();
    serve(move || inner.wrap_with_router(server.clone(), Arc::clone(&router)), transport).await
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
