//! Every argument at once.

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
    #[watched_tool(args(query = len), intent(required, text = "Why this tool?", max_chars = 2000), name = "docs.search-1", tags(team = "search", cost.center = "a b", "x-y" = "Ünïcode"), crate = ::toolwatch)]
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
