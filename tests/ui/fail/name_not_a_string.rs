//! A name that is no string.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(name = search)]
    #[tool]
    fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
