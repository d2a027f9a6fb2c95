//! The order of arguments does not matter.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
struct Search {
    query: String,
    exact: bool,
    area: Option<Area>,
}

#[derive(serde::Deserialize, schemars::JsonSchema, toolwatch::Shape)]
struct Area {
    city: String,
    near: bool,
}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(deny_unlisted, intent = off, args(area = omit, query = len, exact = kind))]
    #[tool]
    async fn search(&self, Parameters(search): Parameters<Search>) -> String {
        let Search { query, exact, area } = search;
        let area = area.map(|area| (area.city, area.near));
        format!("{query} {exact} {area:?}")
    }
}

fn main() {
    Server::tool_router();
}
