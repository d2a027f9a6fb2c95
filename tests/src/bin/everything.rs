//! The server of everything, for clients of other makers: `everything watched|plain stdio|http`.
//!
//! Over HTTP it binds a free port and says on stderr where it is; it ends when its stdin does, so
//! that it never outlives the test that started it.

use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, stdio};
use rmcp::{ServerHandler, ServiceExt};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;
use toolwatch_tests::everything::Everything;

type Fault = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let transport = arguments.get(1).map(String::as_str);
    match arguments.first().map(String::as_str) {
        Some("plain") => serve(Everything::default(), transport).await,
        Some("watched") => {
            let watch = toolwatch::Watch::builder().server("everything", "1.0.0").build()?;
            serve(watched(&watch), transport).await
        }
        _ => Err("everything watched|plain stdio|http".into()),
    }
}

fn watched(watch: &toolwatch::Watch) -> impl ServerHandler + Clone {
    toolwatch_tests::observed::Observed::new(Everything::default(), watch)
}

async fn serve(server: impl ServerHandler + Clone, transport: Option<&str>) -> Result<(), Fault> {
    match transport {
        Some("http") => serve_http(server).await,
        _ => {
            server.serve(stdio()).await?.waiting().await?;
            Ok(())
        }
    }
}

async fn serve_http(server: impl ServerHandler + Clone) -> Result<(), Fault> {
    let end = CancellationToken::new();
    let config = StreamableHttpServerConfig::default().with_cancellation_token(end.child_token());
    let sessions = std::sync::Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
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
