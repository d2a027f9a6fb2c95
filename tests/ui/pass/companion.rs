//! The body can be called under its own name.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self) -> String {
        String::new()
    }

    #[watched_tool]
    #[tool]
    async fn calls_it(&self) -> String {
        self.search_unwatched().await
    }
}

fn main() {
    Server::tool_router();
}
