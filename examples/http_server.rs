//! A watched server over streamable HTTP, for many clients at once: each session has its own events,
//! callers are told apart by a hook, and an error says whose fault it is.
//!
//! `cargo run -p toolwatch-examples --example http_server` serves on a free port of 127.0.0.1 until
//! Ctrl-C. With `--demo` it calls itself once over HTTP and prints what was recorded.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpService};
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use toolwatch::local::{Reader, Summary};
use toolwatch::{Blamed, RequestInfo, Shape, Watch, watched_tool};

#[derive(Clone)]
struct Calculator;

#[derive(Deserialize, JsonSchema, Shape)]
struct Divide {
    dividend: i64,
    divisor: i64,
}

#[tool_router(server_handler)]
impl Calculator {
    /// Divide one whole number by another.
    #[watched_tool(tags(team = "numbers"))]
    #[tool]
    fn divide(&self, Parameters(divide): Parameters<Divide>) -> Result<String, Blamed<String>> {
        let quotient = divide.dividend.checked_div(divide.divisor);
        let by_zero = || Blamed::caller("division by zero".to_owned());
        quotient.map(|quotient| quotient.to_string()).ok_or_else(by_zero)
    }
}

/// Who calls: what a proxy in front of the server has found out. It is recorded as a keyed hash.
async fn caller(user: Option<String>) -> Result<Option<String>, Infallible> {
    Ok(user)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let is_demo = std::env::args().nth(1).as_deref() == Some("--demo");
    let directory = std::env::temp_dir().join(format!("toolwatch-http-{}", std::process::id()));
    let watch = Watch::builder()
        .server("calculator", "1.0.0")
        .local()
        .directory(directory.clone())
        .identify(|request: &RequestInfo<'_>| {
            let user = request.headers().and_then(|headers| headers.get("x-user"));
            caller(user.and_then(|user| user.to_str().ok()).map(str::to_owned))
        })
        .build()?;

    // One router for all sessions; each session has a handler of its own.
    let (tools, watched) = (Arc::new(Calculator::tool_router()), watch.clone());
    let service = StreamableHttpService::new(
        move || Ok(watched.wrap_with_router(Calculator, tools.clone())),
        LocalSessionManager::default().into(),
        Default::default(),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    eprintln!("serving on {url}, recording to {}", directory.display());

    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let router = axum::Router::new().nest_service("/mcp", service);
    let server = tokio::spawn(async move {
        axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned()).await
    });
    if is_demo {
        call_once(url).await?;
    } else {
        tokio::signal::ctrl_c().await?;
    }
    stop.cancel();
    server.await??;
    watch.shutdown(Duration::from_secs(1));
    if is_demo {
        println!("{}", Summary::of(Reader::open(&directory)?));
        std::fs::remove_dir_all(directory)?;
    }
    Ok(())
}

async fn call_once(url: String) -> Result<(), Box<dyn Error>> {
    let client = ().serve(StreamableHttpClientTransport::from_uri(url)).await?;
    for divisor in [4, 0] {
        let arguments = serde_json::json!({ "dividend": 42, "divisor": divisor });
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        client.call_tool(CallToolRequestParams::new("divide").with_arguments(arguments)).await?;
    }
    client.cancel().await?;
    Ok(())
}
