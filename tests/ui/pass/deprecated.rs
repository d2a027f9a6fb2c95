//! A deprecated tool warns where it warned before.

#![deny(warnings)]
#![allow(deprecated)]

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[deprecated = "use another"]
    #[tool]
    async fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
