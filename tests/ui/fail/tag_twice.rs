//! The second of two equal tags.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(tags(team = "a", team = "b"))]
    #[tool]
    fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
