//! An argument that is a text cannot become a tag.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::{CurrentCall, watched_tool};

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
struct Search {
    query: String,
}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self, current: CurrentCall, Parameters(search): Parameters<Search>) -> String {
        current.tag_revealed("query", &search.query);
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
