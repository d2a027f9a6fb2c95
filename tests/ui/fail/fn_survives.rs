//! A mistake in the arguments does not take the fn away.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(skp)]
    #[tool]
    fn search(&self) -> String {
        String::new()
    }

    #[tool]
    fn other(&self) -> String {
        self.search()
    }
}

fn main() {
    Server::tool_router();
}
