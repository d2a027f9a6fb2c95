//! A parameter that rmcp cannot extract.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self, when: std::time::Instant) -> String {
        format!("{when:?}")
    }
}

fn main() {
    Server::tool_router();
}
