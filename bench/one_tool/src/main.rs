//! A stdio server with one tool. Its features choose whether toolwatch watches it.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

/// What to look for.
#[derive(Deserialize, JsonSchema)]
struct Search {
    query: String,
    limit: Option<u32>,
}

struct Docs;

#[tool_router(server_handler)]
impl Docs {
    /// Search the documentation.
    #[cfg_attr(feature = "watched", toolwatch::watched_tool)]
    #[tool]
    async fn search(&self, Parameters(search): Parameters<Search>) -> String {
        format!("{} hits for {}", search.limit.unwrap_or(0), search.query)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "watched")]
    let _watch = toolwatch::Watch::from_env()?.install()?;
    Docs.serve(rmcp::transport::stdio()).await?.waiting().await?;
    Ok(())
}
