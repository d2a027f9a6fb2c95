//! A length of a type that does not derive `Shape`.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Search {
    query: String,
    area: Area,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Area {
    city: String,
}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(args(area = len))]
    #[tool]
    async fn search(&self, Parameters(search): Parameters<Search>) -> String {
        search.query
    }
}

fn main() {
    Server::tool_router();
}
