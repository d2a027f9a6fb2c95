//! A key that exporters could not carry.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(tags(Team = "search"))]
    #[tool]
    fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
