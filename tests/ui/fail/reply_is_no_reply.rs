//! A return type that rmcp cannot make a reply of.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self) -> std::time::Instant {
        std::time::Instant::now()
    }
}

fn main() {
    Server::tool_router();
}
