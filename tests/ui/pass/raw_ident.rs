//! A raw identifier as the name.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn r#match(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
