//! A level that is no word.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
struct Search {
    query: String,
    limit: Option<u32>,
    exact: bool,
    token: Secret,
    area: Option<Area>,
    tags: Vec<Area>,
}

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
struct Area {
    city: String,
    near: bool,
}

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
#[shape(ceiling = kind)]
struct Secret(String);

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(args(query = "len"))]
    #[tool]
    async fn search(&self, Parameters(search): Parameters<Search>) -> String {
        search.query
    }
}

fn main() {
    Server::tool_router();
}
