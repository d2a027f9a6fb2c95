//! `deny_unlisted` without rules.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(deny_unlisted)]
    #[tool]
    fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
