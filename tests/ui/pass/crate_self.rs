//! A path that starts at the crate.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

use toolwatch as reexported;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(crate = crate::reexported, tags(a = "b"))]
    #[tool]
    async fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
