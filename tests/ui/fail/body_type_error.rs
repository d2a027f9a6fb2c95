//! A type error in the body stands where it was made.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self) -> String {
        7
    }
}

fn main() {
    Server::tool_router();
}
