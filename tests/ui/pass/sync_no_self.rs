//! A sync fn without a receiver.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    fn search() -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
