//! A module that is named as a crate.

use rmcp::{tool, tool_router};
use ::toolwatch::watched_tool;

mod core {}
mod toolwatch {}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
