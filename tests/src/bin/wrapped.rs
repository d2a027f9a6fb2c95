//! A wrapped server as a child process: `wrapped watched|plain stdio|http`, by whether its tools
//! have the attribute. Its tool `nothing` is switched off.
//!
//! One thread: a request has begun when the reply to a later one is there. Over HTTP it says on stderr where it is, and ends when its stdin does.

use std::sync::Arc;

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::transport::stdio;
use rmcp::{ServerHandler, ServiceExt};
use tokio::io::AsyncReadExt;
use toolwatch::Watch;
use toolwatch_tests::posts;
use toolwatch_tests::server::{plain, watched};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_http = arguments.get(1).is_some_and(|transport| transport == "http");
    let watch = Watch::builder().server("wrapped", "1.2.3").build()?;
    match arguments.first().map(String::as_str) {
        Some("plain") => {
            serve(&watch, plain::Server, plain::Server::tool_router(), is_http).await?;
        }
        _ => serve(&watch, watched::Server, watched::Server::tool_router(), is_http).await?,
    }
    Ok(())
}

async fn serve<S: ServerHandler + Clone>(
    watch: &Watch,
    server: S,
    router: ToolRouter<S>,
    is_http: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let router = Arc::new(router.with_disabled("nothing"));
    if is_http {
        let watch = watch.clone();
        let address =
            posts::serve(move || watch.wrap_with_router(server.clone(), Arc::clone(&router))).await;
        eprintln!("{address}");
        tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    } else {
        watch.wrap_with_router(server, router).serve(stdio()).await?.waiting().await?;
    }
    Ok(())
}
