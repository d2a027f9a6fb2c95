//! `#[tool]` has already boxed the body.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[tool]
    #[watched_tool]
    async fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
