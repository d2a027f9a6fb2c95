//! The bound itself is bounded.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(intent(max_chars = 0))]
    #[tool]
    fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
