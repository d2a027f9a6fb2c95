//! The parameters of a skipped tool have no schema, which rmcp would refuse as well.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

#[derive(serde::Deserialize)]
struct Search {
    query: String,
}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(skip)]
    #[tool]
    fn search(&self, Parameters(search): Parameters<Search>) -> String {
        search.query
    }
}

fn main() {
    Server::tool_router();
}
