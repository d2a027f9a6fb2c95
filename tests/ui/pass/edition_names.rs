//! Fields and tools whose names are keywords.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
struct Search {
    r#type: bool,
    r#match: Inner,
}

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
struct Inner {
    r#in: bool,
}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(args(r#type = value, r#match.r#in = value), deny_unlisted)]
    #[tool]
    fn r#yield(&self, Parameters(search): Parameters<Search>) -> String {
        format!("{} {}", search.r#type, search.r#match.r#in)
    }
}

fn main() {
    Server::tool_router();
}
