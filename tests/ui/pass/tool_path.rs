//! `#[tool]` by its path.

use rmcp::tool_router;
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[rmcp::tool]
    async fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
